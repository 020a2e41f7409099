//! Public profiles, since 1.3: what users tell everybody of themselves.

use crate::csp::{
    address::UserAddress,
    contact_list::Property,
    field::{Build, FieldError, Fields, Shape},
    outcome::StatusResult,
};

/// `GetPublicProfile-Request`: what do these users tell of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetPublicProfileRequest {
    /// The users; none is the one who asks.
    pub users: Vec<UserAddress>,
}

impl Shape for GetPublicProfileRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { users: UserAddress::read_all(from)? })
    }

    fn write(&self, to: Build) -> Build {
        to.each("UserID", &self.users)
    }
}

/// `PublicProfile`: what one user tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicProfile {
    /// Who.
    pub user: UserAddress,
    /// What, by names as `PP_CITY`.
    pub properties: Vec<Property>,
}

impl Shape for PublicProfile {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { user: UserAddress::read_one(from)?, properties: from.repeated("Property")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("UserID", &self.user).each("Property", &self.properties)
    }
}

/// `GetPublicProfile-Response`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetPublicProfileResponse {
    /// The outcome, with those of whom nothing is told.
    pub result: StatusResult,
    /// The others.
    pub profiles: Vec<PublicProfile>,
}

impl Shape for GetPublicProfileResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { result: from.required("Result")?, profiles: from.repeated("PublicProfile")? })
    }

    fn write(&self, to: Build) -> Build {
        to.put("Result", &self.result).each("PublicProfile", &self.profiles)
    }
}

/// `UpdatePublicProfile-Request`: what the user tells from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdatePublicProfileRequest {
    /// Whether all that was told before is taken back first.
    pub clear: bool,
    /// What is told; one without a value is taken back, those that are not named stay.
    pub properties: Vec<Property>,
}

impl Shape for UpdatePublicProfileRequest {
    /// No phone has shown whether its properties stand in a `PublicProfile`: both are read.
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let mut properties: Vec<Property> = from.repeated("Property")?;
        if let Some(profile) = from.inside("PublicProfile") {
            properties.extend(profile.repeated("Property")?);
        }
        Ok(Self { clear: from.flag("ClearPublicProfile"), properties })
    }

    fn write(&self, to: Build) -> Build {
        to.put("ClearPublicProfile", &self.clear).inside_if(
            !self.properties.is_empty(),
            "PublicProfile",
            |to| to.each("Property", &self.properties),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, read},
        version::Version::V1_3,
    };

    #[test]
    fn profiles_are_asked_for_and_told() {
        assert_round_trip::<GetPublicProfileRequest>(
            "<R><UserID>wv:grace@navy.example</UserID><UserID>wv:ada</UserID></R>",
            V1_3,
        );
        let literal = "<R><UserIDList><UserID>wv:ada</UserID></UserIDList></R>";
        let listed: GetPublicProfileRequest = read(literal, V1_3).unwrap();
        assert_eq!(listed.users, [UserAddress::parse("wv:ada")]);
        assert_round_trip::<GetPublicProfileResponse>(
            "<R><Result><Code>201</Code><DetailedResult><Code>531</Code><UserID>wv:ada</UserID>\
             </DetailedResult></Result><PublicProfile><UserID>wv:grace@navy.example</UserID>\
             <Property><Name>PP_AGE</Name><Value>85</Value></Property></PublicProfile></R>",
            V1_3,
        );
    }

    #[test]
    fn a_profile_is_changed_or_cleared() {
        let change: UpdatePublicProfileRequest = assert_round_trip(
            "<R><ClearPublicProfile>F</ClearPublicProfile><PublicProfile><Property>\
             <Name>PP_CITY</Name><Value>Turku</Value></Property></PublicProfile></R>",
            V1_3,
        );
        let literal = "<R><Property><Name>PP_CITY</Name><Value>Turku</Value></Property></R>";
        assert_eq!(read(literal, V1_3), Ok(change));
        assert_round_trip::<UpdatePublicProfileRequest>(
            "<R><ClearPublicProfile>T</ClearPublicProfile></R>",
            V1_3,
        );
    }
}
