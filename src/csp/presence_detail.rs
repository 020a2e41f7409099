//! The values of presence attributes that have parts.

use compact_str::CompactString;

use crate::csp::{
    field::{Build, FieldError, Fields, Shape},
    leaf::Word,
};

/// `ClientType`: the kind of device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// A mobile phone.
    MobilePhone,
    /// A computer.
    Computer,
    /// A hand-held computer.
    Pda,
    /// A command line.
    Cli,
    /// Another word, `OTHER` included.
    Other(CompactString),
}

impl Word for ClientType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("MOBILE_PHONE", Self::MobilePhone),
        ("COMPUTER", Self::Computer),
        ("PDA", Self::Pda),
        ("CLI", Self::Cli),
    ];

    fn other(word: &str) -> Option<Self> {
        Some(Self::Other(word.into()))
    }

    fn as_other(&self) -> &str {
        if let Self::Other(word) = self { word } else { "" }
    }
}

/// `ClientInfo`: what the user's device and software are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// The kind of device, which phones draw as an icon.
    pub client_type: Option<ClientType>,
    /// Who made the device.
    pub manufacturer: Option<CompactString>,
    /// Who made the software.
    pub producer: Option<CompactString>,
    /// The device.
    pub model: Option<CompactString>,
    /// The version of the software.
    pub version: Option<CompactString>,
    /// The language, as in ISO 639-2.
    pub language: Option<CompactString>,
}

impl Shape for ClientInfo {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            client_type: from.hint("ClientType"),
            manufacturer: from.optional("DevManufacturer")?,
            producer: from.optional("ClientProducer")?,
            model: from.optional("Model")?,
            version: from.optional("ClientVersion")?,
            language: from.optional("Language")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("ClientType", self.client_type.as_ref())
            .maybe("DevManufacturer", self.manufacturer.as_ref())
            .maybe("ClientProducer", self.producer.as_ref())
            .maybe("Model", self.model.as_ref())
            .maybe("ClientVersion", self.version.as_ref())
            .maybe("Language", self.language.as_ref())
    }
}

/// `TimeZone`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeZone {
    /// Hours from UTC with a sign, as in `+02`.
    pub zone: CompactString,
}

impl Shape for TimeZone {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { zone: from.optional("Zone")?.unwrap_or_default() })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Zone", &self.zone)
    }
}

/// `GeoLocation`: a place on the globe, in the words of the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeoLocation {
    /// As in `35 24 15.652W`.
    pub longitude: Option<CompactString>,
    /// As in `12 36 22.5N`.
    pub latitude: Option<CompactString>,
    /// Metres.
    pub altitude: Option<CompactString>,
    /// Metres.
    pub accuracy: Option<CompactString>,
}

impl Shape for GeoLocation {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            longitude: from.optional("Longitude")?,
            latitude: from.optional("Latitude")?,
            altitude: from.optional("Altitude")?,
            accuracy: from.optional("Accuracy")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("Longitude", self.longitude.as_ref())
            .maybe("Latitude", self.latitude.as_ref())
            .maybe("Altitude", self.altitude.as_ref())
            .maybe("Accuracy", self.accuracy.as_ref())
    }
}

/// `Address`: a place in a town.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CivicAddress {
    /// The country.
    pub country: Option<CompactString>,
    /// The city.
    pub city: Option<CompactString>,
    /// The street.
    pub street: Option<CompactString>,
    /// A street that crosses it.
    pub crossing1: Option<CompactString>,
    /// Another street that crosses it.
    pub crossing2: Option<CompactString>,
    /// The building.
    pub building: Option<CompactString>,
    /// The quarter, park or the like.
    pub named_area: Option<CompactString>,
}

impl Shape for CivicAddress {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            country: from.optional("Country")?,
            city: from.optional("City")?,
            street: from.optional("Street")?,
            crossing1: from.optional("Crossing1")?,
            crossing2: from.optional("Crossing2")?,
            building: from.optional("Building")?,
            named_area: from.optional("NamedArea")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("Country", self.country.as_ref())
            .maybe("City", self.city.as_ref())
            .maybe("Street", self.street.as_ref())
            .maybe("Crossing1", self.crossing1.as_ref())
            .maybe("Crossing2", self.crossing2.as_ref())
            .maybe("Building", self.building.as_ref())
            .maybe("NamedArea", self.named_area.as_ref())
    }
}

/// Where content of an attribute is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Here: base64 of a picture, or the text of a card.
    Direct(CompactString),
    /// At a URL.
    Referred(CompactString),
}

impl Source {
    fn read(
        from: Fields<'_>,
        direct: &'static str,
        referred: &'static str,
    ) -> Result<Option<Self>, FieldError> {
        match from.optional(direct)? {
            Some(content) => Ok(Some(Self::Direct(content))),
            None => Ok(from.optional(referred)?.map(Self::Referred)),
        }
    }

    fn write(source: Option<&Self>, to: Build, direct: &str, referred: &str) -> Build {
        match source {
            Some(Self::Direct(content)) => to.put(direct, content),
            Some(Self::Referred(url)) => to.put(referred, url),
            None => to,
        }
    }
}

/// `StatusContent`: the picture of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusContent {
    /// The picture, base64 if it is here.
    pub source: Option<Source>,
    /// Its media type.
    pub content_type: Option<CompactString>,
}

impl Shape for StatusContent {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            source: Source::read(from, "DirectContent", "ReferredContent")?,
            content_type: from.optional("ContentType")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        Source::write(self.source.as_ref(), to, "DirectContent", "ReferredContent")
            .maybe("ContentType", self.content_type.as_ref())
    }
}

/// `ContactInfo`: the card of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactInfo {
    /// A vCard.
    pub source: Option<Source>,
}

impl Shape for ContactInfo {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { source: Source::read(from, "ContainedvCard", "ReferredvCard")? })
    }

    fn write(&self, to: Build) -> Build {
        Source::write(self.source.as_ref(), to, "ContainedvCard", "ReferredvCard")
    }
}

/// `InfoLink`, since 1.2: pages that the user points to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InfoLink {
    /// In the order of the message.
    pub links: Vec<Link>,
}

impl Shape for InfoLink {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { links: from.repeated("Inf_link")? })
    }

    fn write(&self, to: Build) -> Build {
        to.each("Inf_link", &self.links)
    }
}

/// `Inf_link`: one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Where it is.
    pub url: Option<CompactString>,
    /// What it is called.
    pub text: Option<CompactString>,
    /// Its media type.
    pub content_type: Option<CompactString>,
}

impl Shape for Link {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            url: from.optional("Link")?,
            text: from.optional("Text")?,
            content_type: from.optional("ContentType")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.maybe("Link", self.url.as_ref())
            .maybe("Text", self.text.as_ref())
            .maybe("ContentType", self.content_type.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, read},
        version::Version::{V1_1, V1_2},
    };

    #[test]
    fn values_with_parts_survive() {
        assert_round_trip::<ClientInfo>(
            "<C><ClientType>MOBILE_PHONE</ClientType><DevManufacturer>ABC</DevManufacturer>\
             <ClientProducer>MOKIA</ClientProducer><Model>xyz200</Model>\
             <ClientVersion>0.1</ClientVersion><Language>fin</Language></C>",
            V1_1,
        );
        assert_round_trip::<GeoLocation>(
            "<G><Longitude>35 24 15.652W</Longitude><Latitude>12 36 22.5N</Latitude>\
             <Altitude>3</Altitude><Accuracy>200</Accuracy></G>",
            V1_1,
        );
        assert_round_trip::<CivicAddress>(
            "<A><Country>GB</Country><City>London</City><Street>Strand</Street>\
             <Crossing1>a</Crossing1><Crossing2>b</Crossing2><Building>1</Building>\
             <NamedArea>Soho</NamedArea></A>",
            V1_1,
        );
        assert_round_trip::<TimeZone>("<T><Zone>+02</Zone></T>", V1_1);
    }

    #[test]
    fn pictures_and_cards_are_here_or_elsewhere() {
        let here: StatusContent = assert_round_trip(
            "<S><DirectContent>R0lGODlh</DirectContent><ContentType>image/gif</ContentType></S>",
            V1_2,
        );
        assert_eq!(here.source, Some(Source::Direct("R0lGODlh".into())));
        // The official examples of 1.1 spell it so.
        let literal = "<S><PreferredContent>http://x/logo</PreferredContent></S>";
        let there: StatusContent = read(literal, V1_1).unwrap();
        assert_eq!(there.source, Some(Source::Referred("http://x/logo".into())));
        assert_round_trip::<ContactInfo>("<C><ReferredvCard>http://x</ReferredvCard></C>", V1_1);
    }

    #[test]
    fn a_link_has_address_text_and_type() {
        assert_round_trip::<InfoLink>(
            "<I><Inf_link><Link>http://x</Link><Text>mine</Text>\
             <ContentType>text/html</ContentType></Inf_link><Inf_link/></I>",
            V1_2,
        );
    }
}
