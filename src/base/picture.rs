//! Pictures: read within hard bounds, drawn small.
//!
//! What a stranger calls a picture may be anything, so every step here has a bound, and whoever
//! calls it does so on a thread that may take its time.

use std::io::Cursor;

use image::{
    DynamicImage, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops::FilterType,
};

/// The most octets of a picture that are looked at: what the base64 of a stanza may hold.
pub const MAX_OCTETS: usize = 384 * 1024;

/// The longest side that is read, in pixels.
const MAX_SIDE: u32 = 2048;

/// The most memory that a decoder may take, in octets: a picture of the longest sides with room
/// for the decoder's own.
const MAX_ALLOC: u64 = 64 * 1024 * 1024;

/// The qualities that are tried, best first, until the octets fit.
const QUALITIES: [u8; 4] = [85, 70, 50, 30];

/// How often a picture that does not fit at any quality is drawn at half the size.
const MAX_HALVINGS: u32 = 4;

/// Why something is not taken for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// More octets than are looked at.
    #[error("picture of more than 384 KiB")]
    TooBig,
    /// Longer sides than are read, or a decoder that wanted more memory than it may have.
    #[error("picture of more than 2048 by 2048 pixels")]
    TooLarge,
    /// Not a JPEG, PNG, GIF or WebP.
    #[error("not a picture")]
    NotAPicture,
}

/// What a picture may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// The greatest width in pixels.
    pub width: u32,
    /// The greatest height in pixels.
    pub height: u32,
    /// The most octets.
    pub bytes: usize,
}

/// A picture, its first frame if it moves.
#[derive(Clone, Debug)]
pub struct Picture {
    pixels: DynamicImage,
    format: ImageFormat,
}

/// A picture as octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The octets.
    pub octets: Vec<u8>,
    /// What kind they are.
    pub media_type: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Picture {
    /// Reads a picture; what it is, its octets say, whatever its name was.
    ///
    /// # Errors
    ///
    /// It is none, or beyond a bound.
    pub fn read(octets: &[u8]) -> Result<Self, Unfit> {
        if octets.len() > MAX_OCTETS {
            return Err(Unfit::TooBig);
        }
        let reader = || ImageReader::new(Cursor::new(octets)).with_guessed_format();
        let unsized_reader = reader().map_err(|_| Unfit::NotAPicture)?;
        let format = unsized_reader.format().ok_or(Unfit::NotAPicture)?;
        // Before anything is allocated, for not every decoder keeps to its limits.
        let (width, height) = unsized_reader.into_dimensions().map_err(|_| Unfit::NotAPicture)?;
        if width > MAX_SIDE || height > MAX_SIDE {
            return Err(Unfit::TooLarge);
        }
        let mut reader = reader().map_err(|_| Unfit::NotAPicture)?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        limits.max_alloc = Some(MAX_ALLOC);
        reader.limits(limits);
        let pixels = reader.decode().map_err(|error| match error {
            image::ImageError::Limits(_) => Unfit::TooLarge,
            _ => Unfit::NotAPicture,
        })?;
        Ok(Self { pixels, format })
    }

    /// Returns the kind of the octets it was read from.
    pub fn media_type(&self) -> &'static str {
        self.format.to_mime_type()
    }

    /// Returns width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.pixels.width(), self.pixels.height())
    }

    /// Draws it as a JPEG within a frame, on white where it is transparent; none if no picture
    /// of so few octets can be drawn.
    pub fn to_jpeg(&self, frame: &Frame) -> Option<Encoded> {
        for halvings in 0..=MAX_HALVINGS {
            let pixels = self.within(frame.width >> halvings, frame.height >> halvings)?;
            let pixels = on_white(&pixels);
            for quality in QUALITIES {
                let mut octets = Vec::new();
                pixels
                    .write_with_encoder(JpegEncoder::new_with_quality(&mut octets, quality))
                    .ok()?;
                if octets.len() <= frame.bytes {
                    let (width, height) = pixels.dimensions();
                    return Some(Encoded { octets, media_type: "image/jpeg", width, height });
                }
            }
        }
        None
    }

    /// Draws it as a PNG of at most so many pixels on its longer side.
    pub fn to_png(&self, side: u32) -> Option<Encoded> {
        // Eight bits suffice for the eye, and bound the octets.
        let pixels = DynamicImage::ImageRgba8(self.within(side, side)?.into_rgba8());
        let mut octets = Vec::new();
        pixels.write_with_encoder(PngEncoder::new(&mut octets)).ok()?;
        let (width, height) = (pixels.width(), pixels.height());
        Some(Encoded { octets, media_type: "image/png", width, height })
    }

    /// Returns the picture, smaller if it is larger than this; none if nothing would be left.
    fn within(&self, width: u32, height: u32) -> Option<DynamicImage> {
        if width == 0 || height == 0 {
            return None;
        }
        let (own_width, own_height) = self.size();
        if own_width <= width && own_height <= height {
            return Some(self.pixels.clone());
        }
        Some(self.pixels.resize(width, height, FilterType::Triangle))
    }
}

fn on_white(pixels: &DynamicImage) -> RgbImage {
    let mut drawn = RgbImage::new(pixels.width(), pixels.height());
    for (under, over) in drawn.pixels_mut().zip(pixels.to_rgba8().pixels()) {
        let [red, green, blue, alpha] = over.0.map(u32::from);
        let blend = |colour: u32| ((colour * alpha + 255 * (255 - alpha)) / 255) as u8;
        under.0 = [red, green, blue].map(blend);
    }
    drawn
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    const S60: Frame = Frame { width: 100, height: 60, bytes: 3800 };

    /// A picture that hardly any compression makes smaller.
    fn noise(width: u32, height: u32) -> DynamicImage {
        let mut seed = 1_u32;
        RgbaImage::from_fn(width, height, |_, _| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [red, green, blue, _] = seed.to_be_bytes();
            Rgba([red, green, blue, 255])
        })
        .into()
    }

    fn spelt(pixels: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut octets = Cursor::new(Vec::new());
        pixels.write_to(&mut octets, format).unwrap();
        octets.into_inner()
    }

    #[test]
    fn s60_7_1_a_picture_of_each_kind_becomes_a_jpeg_of_100_by_60_and_3800_octets() {
        for (width, height) in [(300, 300), (100, 60), (1000, 20), (7, 400), (1, 1)] {
            for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
                let picture = Picture::read(&spelt(&noise(width, height), format)).unwrap();
                let small = picture.to_jpeg(&S60).unwrap();
                assert!(small.octets.len() <= S60.bytes, "{format:?} {width}x{height}");
                assert!(small.width <= 100 && small.height <= 60);
                let read = Picture::read(&small.octets).unwrap();
                assert_eq!(read.media_type(), "image/jpeg");
                assert_eq!(read.size(), (small.width, small.height));
            }
        }
        let jpeg = spelt(&DynamicImage::ImageRgb8(noise(64, 64).into_rgb8()), ImageFormat::Jpeg);
        assert!(Picture::read(&jpeg).unwrap().to_jpeg(&S60).is_some());
    }

    #[test]
    fn a_picture_keeps_its_shape_and_is_never_enlarged() {
        let picture = Picture::read(&spelt(&noise(200, 100), ImageFormat::Png)).unwrap();
        let small = picture.to_jpeg(&S60).unwrap();
        assert_eq!((small.width, small.height), (100, 50));
        let png = picture.to_png(1000).unwrap();
        assert_eq!((png.width, png.height, png.media_type), (200, 100, "image/png"));
    }

    #[test]
    fn what_is_transparent_is_white() {
        let clear = DynamicImage::ImageRgba8(RgbaImage::new(8, 8));
        let picture = Picture::read(&spelt(&clear, ImageFormat::Png)).unwrap();
        let jpeg = Picture::read(&picture.to_jpeg(&S60).unwrap().octets).unwrap();
        assert!(jpeg.pixels.to_rgb8().pixels().all(|pixel| pixel.0 == [255; 3]));
    }

    #[test]
    fn a_picture_that_cannot_be_small_enough_is_none() {
        let picture = Picture::read(&spelt(&noise(64, 64), ImageFormat::Png)).unwrap();
        assert_eq!(picture.to_jpeg(&Frame { bytes: 10, ..S60 }), None);
        assert_eq!(picture.to_jpeg(&Frame { width: 0, ..S60 }), None);
    }

    #[test]
    fn bombs_and_what_is_no_picture_are_refused() {
        assert_eq!(Picture::read(&vec![0; 10 * 1024 * 1024]).unwrap_err(), Unfit::TooBig);
        for text in ["", "<svg xmlns='http://www.w3.org/2000/svg'/>", "BM", "GIF89a", "\u{89}PNG"] {
            assert_eq!(Picture::read(text.as_bytes()).unwrap_err(), Unfit::NotAPicture, "{text}");
        }
        // Few octets, many pixels: a bomb.
        let flat = DynamicImage::new_luma8(MAX_SIDE + 1, MAX_SIDE);
        let bomb = spelt(&flat, ImageFormat::Png);
        assert!(bomb.len() < MAX_OCTETS);
        assert_eq!(Picture::read(&bomb).unwrap_err(), Unfit::TooLarge);
    }

    #[test]
    fn dimensions_that_lie_cost_nothing() {
        // The header says 65,535 by 65,535; nothing of it is there.
        let mut gif = b"GIF89a\xff\xff\xff\xff\x00\x00\x00".to_vec();
        gif.extend(b"\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00\x3b");
        assert!(Picture::read(&gif).is_err());
        let mut png = spelt(&noise(8, 8), ImageFormat::Png);
        png[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        assert!(Picture::read(&png).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_octets_panic(
            kind in 0..4_usize,
            cut in 0..2000_usize,
            at in 0..2000_usize,
            with in any::<[u8; 4]>(),
        ) {
            let formats =
                [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Jpeg];
            let pixels = DynamicImage::ImageRgb8(noise(16, 16).into_rgb8());
            let mut octets = spelt(&pixels, formats[kind]);
            for (offset, octet) in with.into_iter().enumerate() {
                let place = (at + offset) % octets.len();
                octets[place] = octet;
            }
            octets.truncate(octets.len().saturating_sub(cut % 64));
            if let Ok(picture) = Picture::read(&octets) {
                let _ = picture.to_jpeg(&S60);
                let _ = picture.to_png(64);
            }
        }
    }
}
