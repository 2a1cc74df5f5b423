use image::ImageFormat;

use crate::header::avif;
use crate::{Error, Result};

/// The formats that are read. All but GIF and AVIF are written, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// ITU-T T.81.
    Jpeg,
    /// W3C Portable Network Graphics.
    Png,
    /// RFC 9649.
    WebP,
    /// Graphics Interchange Format, version 89a. Read only.
    Gif,
    /// AV1 Image File Format: a still picture. Read only.
    Avif,
}

impl Format {
    /// The formats that are read, for a sentence to a person.
    pub const READ: &'static str = "JPEG, PNG, WebP, GIF and AVIF";

    /// The format that the first bytes show. What the sender calls the file plays no part.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for an image of another format, [`Error::NotAnImage`] for everything else.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        if bytes.get(4..8).is_some_and(|kind| kind == b"ftyp") {
            return Self::of_brand(bytes);
        }
        match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => Ok(Self::Jpeg),
            Ok(ImageFormat::Png) => Ok(Self::Png),
            Ok(ImageFormat::WebP) => Ok(Self::WebP),
            Ok(ImageFormat::Gif) => Ok(Self::Gif),
            Ok(other) => Err(Error::Unsupported(format!("{other:?}").to_uppercase())),
            Err(_) => Err(Error::NotAnImage),
        }
    }

    /// Of those that have their name in a box.
    fn of_brand(bytes: &[u8]) -> Result<Self> {
        match bytes.get(8..12).unwrap_or_default() {
            b"avif" => Ok(Self::Avif),
            b"mif1" if avif::is_compatible(bytes) => Ok(Self::Avif),
            // A first frame passed off as the whole would surprise its owner.
            b"avis" => Err(Error::Unsupported("animated AVIF".to_owned())),
            // Phones send these.
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" | b"mif1" | b"msf1" => {
                Err(Error::Unsupported("HEIC".to_owned()))
            }
            _ => Err(Error::NotAnImage),
        }
    }

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Avif => "AVIF",
        }
    }

    /// The media type of RFC 2046, as in `Content-Type`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Avif => "image/avif",
        }
    }
}
