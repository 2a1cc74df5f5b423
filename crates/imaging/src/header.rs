//! What a file says of itself, read from its first bytes.
//!
//! The decoders of `image` allocate before they tell the size, and one of them takes a file that ends early for whole.
//! So the few bytes that matter are read here, without an allocation, and compared later with what the decoder finds.

use crate::{Error, Format, Result};

pub(crate) mod avif;
pub(crate) mod gif;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod webp;

/// The size and kind of an image, as its header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is, by its content.
    pub format: Format,
    /// Pixels, before turning it upright.
    pub width: u32,
    /// Pixels, before turning it upright.
    pub height: u32,
    /// One, or as many as an animation has.
    pub frames: u32,
}

impl Header {
    /// Pixels of all frames together: what decoding takes memory for.
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * u64::from(self.frames)
    }
}

/// Reads the header. Decodes nothing and allocates nothing, whatever size the header claims.
///
/// # Errors
///
/// [`Error::NotAnImage`], [`Error::Unsupported`] (animated AVIF included), or [`Error::Damaged`] if the header makes no sense.
pub fn inspect(bytes: &[u8]) -> Result<Header> {
    let format = Format::of(bytes)?;
    let (dimensions, frames) = match format {
        Format::Jpeg => (jpeg::dimensions(bytes), 1),
        Format::Png => (png::dimensions(bytes), png::frames(bytes)),
        Format::WebP if webp::is_animated(bytes) => (webp::dimensions(bytes), webp::frames(bytes)),
        Format::WebP => (webp::dimensions(bytes), 1),
        Format::Gif => (gif::dimensions(bytes), gif::frames(bytes)),
        Format::Avif => (avif::dimensions(bytes)?, 1),
    };
    let frames = u32::try_from(frames).unwrap_or(u32::MAX);
    match dimensions {
        Some((width, height)) if width > 0 && height > 0 && frames > 0 => Ok(Header { format, width, height, frames }),
        Some((width, height)) if width > 0 && height > 0 => Err(Error::Damaged("there is no frame".to_owned())),
        _ => Err(Error::Damaged("the header tells no size".to_owned())),
    }
}

/// Whether the file goes on to the end that its format marks.
pub(crate) fn is_whole(bytes: &[u8], format: Format) -> bool {
    match format {
        Format::Jpeg => jpeg::is_whole(bytes),
        Format::Png => png::is_whole(bytes),
        Format::WebP => webp::is_whole(bytes),
        Format::Gif => gif::is_whole(bytes),
        // It says where each picture ends: what is not there is missed when that is read.
        Format::Avif => true,
    }
}
