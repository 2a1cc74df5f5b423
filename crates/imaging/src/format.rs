use image::ImageFormat;

use crate::{Error, Result};

/// The formats that are read. All but GIF are written, too.
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
}

impl Format {
    /// The formats that are read, for a sentence to a person.
    pub const READ: &'static str = "JPEG, PNG, WebP and GIF";

    /// The format that the first bytes show. What the sender calls the file plays no part.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for an image of another format, [`Error::NotAnImage`] for everything else.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        // Phones send these; `image` does not know their name.
        if matches!(bytes.get(4..12), Some(b"ftypheic" | b"ftypheix" | b"ftyphevc" | b"ftypmif1")) {
            return Err(Error::Unsupported("HEIC".to_owned()));
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

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
        }
    }

    /// The media type of RFC 2046, as in `Content-Type`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}
