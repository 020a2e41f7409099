//! What is wrong with settings, all of it, a sentence for each.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use url::Url;

use crate::{
    app::config::{SessionSettings, Settings, network},
    services::houses,
    store::Store,
    xmpp::jid::prepare_domain,
};

impl Settings {
    /// Returns what is wrong with the values, all of it.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.faults_but_link();
        let own = self.link_faults();
        for other in &self.further {
            faults.extend(named(other, other.link_faults(), &own));
        }
        faults.extend(own);
        faults
    }

    /// Returns the same but for the links, which most commands do not need.
    pub fn faults_but_link(&self) -> Vec<String> {
        let mut own = self.name_faults("domain.name");
        own.extend(self.people_faults());
        let mut faults = Vec::new();
        for other in &self.further {
            let mut others = other.name_faults("name");
            others.extend(other.people_faults());
            if other.store.url.is_empty() {
                others.push("store.url is not set: each domain has a store of its own".into());
            }
            faults.extend(named(other, others, &own));
        }
        faults.extend(self.shared_faults());
        own.extend(self.door_faults());
        own.extend(faults);
        own
    }

    fn name_faults(&self, setting: &str) -> Vec<String> {
        let name = &self.domain.name;
        if name.is_empty() {
            return vec![format!("{setting} is not set: name the domain whose server this is")];
        }
        let is_one = !name.contains(char::is_whitespace) && prepare_domain(name).is_ok();
        if is_one { Vec::new() } else { vec![format!("{setting}: {name:?} is not a domain name")] }
    }

    fn link_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.link.secret.secret().expose().is_empty() {
            faults.push("link.secret is not set: the XMPP server expects one".into());
        }
        if self.link.host.is_empty() {
            faults.push("link.host is empty".into());
        }
        faults
    }

    fn door_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let listens = [
            ("http.listen", &self.http.listen),
            ("admin.listen", &self.admin.listen),
            ("cir.tcp.listen", &self.cir.tcp.listen),
        ];
        for (name, value) in listens {
            if value.parse::<SocketAddr>().is_err() {
                faults.push(format!("{name}: {value:?} is not an address with a port"));
            }
        }
        let networks = self.http.trusted_proxies.iter();
        for value in networks.filter(|value| network(value).is_none()) {
            faults.push(format!("http.trusted_proxies: {value:?} is no address and no network"));
        }
        if !self.cir.tcp.advertise.is_empty() && self.advertised_tcp().is_none() {
            faults
                .push(format!("cir.tcp.advertise: {:?} is not host:port", self.cir.tcp.advertise));
        }
        let SessionSettings { shortest, longest } = self.sessions;
        if shortest == 0 || shortest > longest {
            faults.push(format!(
                "sessions.shortest: {shortest} is not between 1 and sessions.longest, which is {longest}"
            ));
        }
        faults
    }

    fn people_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (matter, addresses) in self.contact.by_matter() {
            for address in addresses.iter().filter(|address| !is_uri(address)) {
                faults.push(format!(
                    "contact.{matter}: {address:?} is none as in mailto:a@b.c, xmpp:a@b.c, https://b.c"
                ));
            }
        }
        let operators = self.accounts.operators.iter();
        for value in operators.filter(|value| !self.is_elsewhere(value)) {
            faults.push(format!(
                "accounts.operators: {value:?} is no address of a person elsewhere, as kim@xmpp.example.org"
            ));
        }
        if self.registration().is_none() {
            let value = &self.accounts.registration;
            faults.push(format!("accounts.registration: {value:?} is not closed, open or auto"));
        }
        faults
    }

    /// Returns what two domains have in common and must not.
    fn shared_faults(&self) -> Vec<String> {
        let (mut names, mut stores, mut marks) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut faults = Vec::new();
        for settings in self.each() {
            let name = settings.domain.name.as_str();
            let Ok(domain) = prepare_domain(name) else { continue };
            let mark = houses::mark(&domain);
            if names.insert(domain, name).is_some() {
                faults.push(format!("[[domains]] {name}: there is a domain of that name already"));
                continue;
            }
            if let Some(other) = marks.insert(mark, name) {
                faults.push(format!(
                    "[[domains]] {name}: the ids of its sessions would end as those of {other}: \
                     one of the two needs a process of its own"
                ));
            }
            let url = &settings.store.url;
            if let Some(other) =
                Store::file_of(url).ok().and_then(|file| stores.insert(whole(&file), name))
            {
                faults.push(format!(
                    "[[domains]] {name}: store.url: {url:?} is the store of {other} already"
                ));
            }
        }
        faults
    }
}

/// Returns the faults of a domain that are not those of the first as well, with its name.
fn named<'a>(
    settings: &'a Settings,
    faults: Vec<String>,
    of_first: &'a [String],
) -> impl Iterator<Item = String> {
    let own = faults.into_iter().filter(|fault| !of_first.contains(fault));
    own.map(|fault| match settings.domain.name.as_str() {
        "" => format!("[[domains]] {fault}"),
        name => format!("[[domains]] {name}: {fault}"),
    })
}

/// Returns the same path for all spellings of a file's.
fn whole(file: &Path) -> PathBuf {
    let absolute = || std::path::absolute(file);
    file.canonicalize().or_else(|_| absolute()).unwrap_or_else(|_| file.to_owned())
}

fn is_uri(text: &str) -> bool {
    let is_plain = |letter: char| !letter.is_whitespace() && !letter.is_control();
    text.chars().all(is_plain)
        && Url::parse(text).is_ok_and(|url| url.has_host() || !url.path().is_empty())
}
