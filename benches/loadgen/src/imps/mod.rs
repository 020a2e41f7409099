//! IMPS (Wireless Village) as phones speak it: WBXML over POST, woken by datagrams.
//!
//! A phone has one connection and one request under way on it. It sends at once; what is for it
//! it fetches when a datagram wakes it (or an answer says `Poll`), and confirms each message, by
//! which it may be given the next.

pub mod answer;
pub mod requests;
pub mod wakes;

use std::{io, net::SocketAddr, sync::Arc};

use crate::{
    http::{Client, Endpoint},
    hub::Hub,
    imps::{
        answer::{Answer, Push},
        requests::Requests,
        wakes::Wakes,
    },
    session::{Outbox, Protocol, Session},
    wire::Meter,
};

/// A kind of phone, by what the server knows it.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Handset {
    S60,
    Android,
    Unknown,
}

/// What all phones of an experiment have in common.
pub struct Imps {
    endpoint: Arc<Endpoint>,
    domain: String,
    /// The domain of those to whom is written.
    to: String,
    password: String,
    handset: Handset,
    requests: Requests,
    wakes: Arc<Wakes>,
}

/// What makes one experiment with phones unlike another.
pub struct Terms<'a> {
    pub version: &'a str,
    pub handset: Handset,
    pub text_len: usize,
    /// The domain of those to whom is written.
    pub to: &'a str,
}

impl Imps {
    /// Readies users 0 to `users` - 1.
    pub fn new(
        endpoint: Endpoint,
        (domain, password): (&str, &str),
        users: usize,
        terms: &Terms<'_>,
    ) -> io::Result<Self> {
        let (wakes, port): (_, SocketAddr) = Wakes::open(users)?;
        Ok(Self {
            endpoint: Arc::new(endpoint),
            domain: domain.to_owned(),
            to: terms.to.to_owned(),
            password: password.to_owned(),
            handset: terms.handset,
            requests: Requests::new(terms.version, port.port(), terms.text_len)?,
            wakes,
        })
    }

    pub fn wakes(&self) -> &Arc<Wakes> {
        &self.wakes
    }

    pub fn client(&self, meter: Arc<Meter>) -> Client {
        Client::new(self.endpoint.clone(), meter)
    }

    /// Logs a user in over a connection; returns the session.
    pub async fn log_in(&self, user: usize, client: &mut Client) -> io::Result<String> {
        let (brand, cookie) = match self.handset {
            Handset::S60 => ("nokia", format!("wv:nokia.{user}")),
            Handset::Android => ("jimmy", format!("127.{user}")),
            Handset::Unknown => ("load", format!("load.{user}")),
        };
        let (id, name) = (format!("{brand}{user}"), format!("wv:u{user}@{}", self.domain));
        let mut body = Vec::new();
        self.requests.login.fill(&["1", &name, &id, &self.password, &cookie], &mut body);
        let answer = exchange(client, &body).await?;
        let Some(session) = answer.session.filter(|_| answer.code == 200) else {
            return Err(io::Error::other(format!("login was answered {}", answer.code)));
        };
        self.requests.capability.fill(&[&session, "2"], &mut body);
        exchange(client, &body).await?;
        self.requests.service.fill(&[&session, "3"], &mut body);
        exchange(client, &body).await?;
        Ok(session)
    }

    /// Tells the server that a session lives.
    pub async fn keep_alive(&self, session: &str, client: &mut Client) -> io::Result<()> {
        let mut body = Vec::new();
        self.requests.keep_alive.fill(&[session, "4"], &mut body);
        match exchange(client, &body).await?.code {
            200 => Ok(()),
            code => Err(io::Error::other(format!("keep-alive was answered {code}"))),
        }
    }

    /// Asks whether something waits.
    pub async fn poll(&self, session: &str, client: &mut Client) -> io::Result<()> {
        let mut body = Vec::new();
        self.requests.poll.fill(&[session], &mut body);
        match exchange(client, &body).await?.code {
            0 => Ok(()),
            code => Err(io::Error::other(format!("a poll was answered {code}"))),
        }
    }
}

async fn exchange(client: &mut Client, body: &[u8]) -> io::Result<Answer> {
    client.post(body).await?;
    let body = client.response().await?;
    Answer::read(&body).ok_or_else(|| io::Error::other(format!("odd answer {body:02x?}")))
}

impl Protocol for Imps {
    type Session = Phone;

    async fn login(self: Arc<Self>, user: usize, meter: Arc<Meter>) -> io::Result<Phone> {
        let mut client = self.client(meter);
        let session = self.log_in(user, &mut client).await?;
        Ok(Phone { imps: self, user, session, client, number: 3, body: Vec::new() })
    }
}

/// A phone that is logged in.
pub struct Phone {
    imps: Arc<Imps>,
    user: usize,
    session: String,
    client: Client,
    /// The last transaction.
    number: u64,
    body: Vec<u8>,
}

impl Phone {
    async fn post(&mut self) -> io::Result<Answer> {
        exchange(&mut self.client, &self.body).await
    }

    fn next_number(&mut self) -> String {
        self.number += 1;
        self.number.to_string()
    }

    async fn send(&mut self, to: usize, text: &str) -> io::Result<Answer> {
        let number = self.next_number();
        let to = format!("wv:u{to}@{}", self.imps.to);
        self.imps.requests.send.fill(&[&self.session, &number, &to, text], &mut self.body);
        let answer = self.post().await?;
        if answer.code != 200 {
            return Err(io::Error::other(format!("a message was answered {}", answer.code)));
        }
        Ok(answer)
    }

    async fn poll(&mut self) -> io::Result<Answer> {
        self.imps.wakes.settle(self.user);
        self.imps.requests.poll.fill(&[&self.session], &mut self.body);
        self.post().await
    }

    /// Takes note of what was pushed, and confirms it.
    async fn confirm(&mut self, push: &Push, hub: &Hub) -> io::Result<Answer> {
        let requests = &self.imps.requests;
        match &push.message {
            Some(message) => {
                hub.deliver(&push.text);
                let values = [&self.session, &push.transaction, message].map(String::as_str);
                requests.delivered.fill(&values, &mut self.body);
            }
            None => {
                let values = [&self.session, &push.transaction].map(String::as_str);
                requests.status.fill(&values, &mut self.body);
            }
        }
        self.post().await
    }
}

impl Session for Phone {
    async fn run(mut self, mut outbox: Outbox, hub: Arc<Hub>) -> io::Result<()> {
        let wakes = self.imps.wakes.clone();
        let (mut pushes, mut must_poll, mut may_send) = (Vec::<Push>::new(), false, true);
        loop {
            // What its user writes and what it is given take turns.
            let message = if may_send { outbox.try_recv().ok() } else { None };
            may_send = true;
            let answer = if let Some(message) = message {
                may_send = false;
                self.send(message.to, &message.text).await?
            } else if let Some(push) = pushes.pop() {
                self.confirm(&push, &hub).await?
            } else if must_poll {
                self.poll().await?
            } else {
                tokio::select! {
                    () = wakes.woken(self.user) => self.poll().await?,
                    message = outbox.recv() => match message {
                        Some(message) => self.send(message.to, &message.text).await?,
                        None => break,
                    },
                }
            };
            pushes.extend(answer.pushes);
            must_poll = answer.poll;
        }
        let number = self.next_number();
        self.imps.requests.logout.fill(&[&self.session, &number], &mut self.body);
        self.post().await.map(drop)
    }
}
