//! Pixels: what an uploaded file is, and the clean pictures made of it.
//!
//! ```text
//! bytes ── inspect ──► Header ── limits ──► decode ── sRGB, upright ──► original ──► large ──► small ──► thumb ──► thumbhash
//!          (no pixel, no allocation)                                                                         └──► color
//! ```
//!
//! Every picture that leaves is encoded from pixels alone, so no EXIF, GPS, XMP or IPTC block can come through. Colors that a
//! profile describes are turned into sRGB, and the profile goes with the rest of the metadata. The original of an animation
//! stays one, as animated WebP; the smaller pictures are stills of its first frame.
//!
//! The original is one file, in the format that suits it. Each smaller picture is there twice, as WebP and as JPEG: whoever does
//! not read WebP has a picture of everything, and of an original that is WebP the `large` one.

mod color;
mod decode;
mod encode;
mod error;
mod format;
mod header;
mod limits;
mod resize;
mod white;

use image::DynamicImage;

pub use color::{Color, Hue};
pub use encode::{Encoded, Preview};
pub use error::{Error, Result};
pub use format::Format;
pub use header::{Header, inspect};
pub use limits::Limits;

/// The longest side of the `large` picture, in pixels.
pub const LARGE_SIDE: u32 = 1600;
/// The longest side of the `small` picture, in pixels.
pub const SMALL_SIDE: u32 = 800;
/// The longest side of the `thumb` picture, in pixels.
pub const THUMB_SIDE: u32 = 400;

/// The pictures made of one uploaded file.
#[derive(Clone, Debug)]
pub struct Processed {
    /// All the pixels that came, upright. JPEG, PNG or WebP, see [`Encoded::format`].
    pub original: Encoded,
    /// At most [`LARGE_SIDE`] pixels a side.
    pub large: Preview,
    /// At most [`SMALL_SIDE`] pixels a side.
    pub small: Preview,
    /// At most [`THUMB_SIDE`] pixels a side.
    pub thumb: Preview,
    /// A placeholder of some 25 bytes in base64, see <https://evanw.github.io/thumbhash/>.
    pub thumbhash: String,
    /// What it is mostly of.
    pub color: Color,
    /// Width of the original in pixels, after turning it upright.
    pub width: u32,
    /// Height of the original in pixels, after turning it upright.
    pub height: u32,
    /// The original moves.
    pub animated: bool,
}

impl Processed {
    /// Each picture, the original first; of the others WebP before JPEG.
    pub fn all(&self) -> [&Encoded; 7] {
        let Self { original, large, small, thumb, .. } = self;
        [original, &large.webp, &large.jpeg, &small.webp, &small.jpeg, &thumb.webp, &thumb.jpeg]
    }
}

/// Decodes an uploaded file under `limits` and encodes the pictures that may be kept of it.
///
/// Takes seconds of CPU for tens of megapixels, and up to twelve bytes of memory per pixel of every frame: call it on a
/// blocking thread and bound how many run at once.
///
/// # Errors
///
/// [`Error`] says whether the file is no image, of a format that is not read here, larger than `limits`, or damaged.
pub fn process(bytes: &[u8], limits: &Limits) -> Result<Processed> {
    let header = inspect(bytes)?;
    limits.check(&header)?;
    if header.frames > 1 {
        return animation(bytes, &header);
    }
    let upright = step("decode", || decode::decode(bytes, &header))?;
    let original = step("encode original", || encode::original(&upright, header.format))?;
    pictures(&upright, original, false)
}

fn animation(bytes: &[u8], header: &Header) -> Result<Processed> {
    let frames = step("decode", || decode::frames(bytes, header))?;
    let original = step("encode original", || encode::animation(&frames))?;
    let first = frames.into_iter().next().ok_or_else(|| Error::Damaged("there is no frame".to_owned()))?;
    // Frames that are alike are merged: of such an animation a still is left.
    let animated = inspect(&original.bytes).is_ok_and(|header| header.frames > 1);
    pictures(&decode::eight_bits(DynamicImage::ImageRgba8(first.picture)), original, animated)
}

fn pictures(upright: &DynamicImage, original: Encoded, animated: bool) -> Result<Processed> {
    // Each size comes from the one before it: a third of the work of starting over from the original.
    let large = resize::within(upright, LARGE_SIDE)?;
    let small = resize::within(&large, SMALL_SIDE)?;
    let thumb = resize::within(&small, THUMB_SIDE)?;
    let tiny = encode::tiny(&thumb)?;
    Ok(Processed {
        original,
        large: step("encode large", || encode::preview(&large))?,
        small: step("encode small", || encode::preview(&small))?,
        thumb: step("encode thumb", || encode::preview(&thumb))?,
        thumbhash: encode::thumbhash(&tiny),
        color: color::dominant(&tiny),
        width: upright.width(),
        height: upright.height(),
        animated,
    })
}

/// A part of the work, in a span below that of whoever asked for the whole.
fn step<T>(name: &'static str, work: impl FnOnce() -> T) -> T {
    tracing::info_span!("imaging", otel.name = name).in_scope(work)
}
