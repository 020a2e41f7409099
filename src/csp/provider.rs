//! What the server is: who runs it, and which versions it speaks.

use compact_str::CompactString;

use crate::csp::{
    access::ClientId,
    field::{Build, FieldError, Fields, Shape},
    message::ContentEncoding,
    version::{Space, Version},
};

/// `GetSPInfo-Request`, in or out of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetSpInfoRequest {
    /// The installation.
    pub client_id: Option<ClientId>,
}

impl Shape for GetSpInfoRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { client_id: from.optional("ClientID")? })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("ClientID", self.client_id.as_ref())
    }
}

/// `GetSPInfo-Response`: who runs the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetSpInfoResponse {
    /// The installation, echoed.
    pub client_id: Option<ClientId>,
    /// The provider's name.
    pub name: Option<CompactString>,
    /// The provider's picture.
    pub logo: Option<Logo>,
    /// A text about the provider.
    pub description: Option<CompactString>,
    /// The provider's page.
    pub url: Option<CompactString>,
}

impl Shape for GetSpInfoResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            client_id: from.optional("ClientID")?,
            name: from.optional("Name")?,
            logo: from.optional("Logo")?,
            description: from.optional("Description")?,
            url: from.optional("URL")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("ClientID", self.client_id.as_ref())
            .maybe("Name", self.name.as_ref())
            .maybe("Logo", self.logo.as_ref())
            .maybe("Description", self.description.as_ref())
            .maybe("URL", self.url.as_ref())
    }
}

/// `Logo`: a small picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Its media type.
    pub content_type: Option<CompactString>,
    /// A length, as in a message never to be compared with anything.
    pub content_size: Option<u32>,
    /// How `data` is encoded.
    pub content_encoding: Option<ContentEncoding>,
    /// The picture.
    pub data: CompactString,
}

impl Shape for Logo {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            content_type: from.optional("ContentType")?,
            content_size: from.hint("ContentSize"),
            content_encoding: from.optional("ContentEncoding")?,
            data: from.required("ContentData")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("ContentType", self.content_type.as_ref())
            .maybe("ContentSize", self.content_size.as_ref())
            .maybe("ContentEncoding", self.content_encoding.as_ref())
            .put("ContentData", &self.data)
    }
}

/// `WV-CSP-VersionDiscovery-Request`: which of these versions does the server speak?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionDiscoveryRequest {
    /// The versions that the client speaks, as far as we know them.
    pub versions: Vec<Version>,
}

impl Shape for VersionDiscoveryRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { versions: read_versions(from) })
    }

    fn write(&self, to: Build) -> Build {
        write_versions(to, &self.versions)
    }
}

/// `WV-CSP-VersionDiscovery-Response`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionDiscoveryResponse {
    /// The versions that both speak.
    pub versions: Vec<Version>,
}

impl Shape for VersionDiscoveryResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { versions: read_versions(from) })
    }

    fn write(&self, to: Build) -> Build {
        write_versions(to, &self.versions)
    }
}

/// Takes the names of session name spaces wherever they stand: no message has been seen yet.
fn read_versions(from: Fields<'_>) -> Vec<Version> {
    let lists = from.each("VersionList").flat_map(|list| list.each("SessionNSName"));
    let names = from.each("SessionNSName").chain(lists).map(|name| name.text().trim());
    let mut versions: Vec<_> = names
        .filter_map(|name| Version::from_namespace(name).or(Version::from_digits(name)))
        .collect();
    versions.dedup();
    versions
}

fn write_versions(to: Build, versions: &[Version]) -> Build {
    let name = |version: &Version, space| {
        CompactString::from(version.namespace_prefix(space)) + version.digits()
    };
    versions.iter().fold(to, |to, version| {
        to.inside("VersionList", |list| {
            list.put("SessionNSName", &name(version, Space::Session))
                .put("TransactionNSName", &name(version, Space::Transaction))
                .put("PresenceAttributeNSName", &name(version, Space::Presence))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, read},
        version::Version::{V1_1, V1_2, V1_3},
    };

    #[test]
    fn the_provider_shows_name_logo_and_page() {
        assert_round_trip::<GetSpInfoRequest>("<R><ClientID><URL>x</URL></ClientID></R>", V1_1);
        let info: GetSpInfoResponse = assert_round_trip(
            "<R><ClientID><MSISDN>358</MSISDN></ClientID><Name>Chocolate Co.</Name>\
             <Logo><ContentType>image/gif</ContentType><ContentSize>8</ContentSize>\
             <ContentEncoding>BASE64</ContentEncoding>\
             <ContentData>R0lGODlh</ContentData></Logo>\
             <Description>Fake.</Description><URL>http://x</URL></R>",
            V1_2,
        );
        assert_eq!(info.logo.unwrap().content_encoding, Some(ContentEncoding::Base64));
    }

    #[test]
    fn versions_are_named_by_their_name_spaces() {
        let request = VersionDiscoveryRequest { versions: vec![V1_1, V1_3] };
        let element = request.write(Build::new("R", V1_2)).finish();
        let list = element.children_named("VersionList").last().unwrap();
        let space = "http://www.openmobilealliance.org/DTD/IMPS-TRC1.3";
        assert_eq!(list.text_of("TransactionNSName"), Some(space));
        let again = VersionDiscoveryRequest::read(Fields::of(&element, V1_2)).unwrap();
        assert_eq!(again, request);
    }

    #[test]
    fn unknown_versions_are_passed_over() {
        let literal = "<R><SessionNSName>http://www.wireless-village.org/CSP1.0</SessionNSName>\
            <SessionNSName>1.2</SessionNSName></R>";
        let response: VersionDiscoveryResponse = read(literal, V1_2).unwrap();
        assert_eq!(response.versions, [V1_2]);
    }
}
