//! Where somebody is: on the globe, in a town, in words.

/// A place, as much of it as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Place {
    /// On the globe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// Metres above the sea.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altitude_metres: Option<i32>,
    /// How many metres the point may be off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_metres: Option<u32>,
    /// The country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The street.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// A street that crosses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossing1: Option<String>,
    /// Another street that crosses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossing2: Option<String>,
    /// The building.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building: Option<String>,
    /// The quarter, park or the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// In the user's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// A point on the globe, in ten-millionths of a degree: about a centimetre, fine enough for
/// thousandths of a second of arc and for what receivers tell in decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Point {
    /// North of the equator; south is negative.
    pub latitude: i32,
    /// East of Greenwich; west is negative.
    pub longitude: i32,
}

/// Ten-millionths of a degree in a degree.
pub const DEGREE: i32 = 10_000_000;

impl Point {
    /// Returns the point if there is such a one.
    pub fn new(latitude: i32, longitude: i32) -> Option<Self> {
        let is_real = latitude.abs() <= 90 * DEGREE && longitude.abs() <= 180 * DEGREE;
        is_real.then_some(Self { latitude, longitude })
    }
}

impl Place {
    /// Returns whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_beyond_the_globe_is_none() {
        assert!(Point::new(90 * DEGREE, -180 * DEGREE).is_some());
        assert_eq!(Point::new(90 * DEGREE + 1, 0), None);
        assert_eq!(Point::new(0, -180 * DEGREE - 1), None);
        assert_eq!(Point::new(i32::MAX, i32::MIN + 1), None);
    }
}
