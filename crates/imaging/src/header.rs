//! What a file says of itself, read from its first bytes.
//!
//! The decoders of `image` allocate before they tell the size, and one of them takes a file that ends early for whole.
//! So the few bytes that matter are read here, without an allocation, and compared later with what the decoder finds.

use crate::{Error, Format, Result};

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
}

/// Reads the header. Decodes nothing and allocates nothing, whatever size the header claims.
///
/// # Errors
///
/// [`Error::NotAnImage`], [`Error::Unsupported`] (animations included), or [`Error::Damaged`] if the header makes no sense.
pub fn inspect(bytes: &[u8]) -> Result<Header> {
    let format = Format::of(bytes)?;
    let (dimensions, animated) = match format {
        Format::Jpeg => (jpeg::dimensions(bytes), None),
        Format::Png => (png::dimensions(bytes), png::is_animated(bytes).then_some("animated PNG")),
        Format::WebP => (webp::dimensions(bytes), webp::is_animated(bytes).then_some("animated WebP")),
    };
    // A first frame passed off as the whole would surprise its owner.
    if let Some(kind) = animated {
        return Err(Error::Unsupported(kind.to_owned()));
    }
    match dimensions {
        Some((width, height)) if width > 0 && height > 0 => Ok(Header { format, width, height }),
        _ => Err(Error::Damaged("the header tells no size".to_owned())),
    }
}

/// Whether the file goes on to the end that its format marks.
pub(crate) fn is_whole(bytes: &[u8], format: Format) -> bool {
    match format {
        Format::Jpeg => jpeg::is_whole(bytes),
        Format::Png => png::is_whole(bytes),
        Format::WebP => webp::is_whole(bytes),
    }
}
