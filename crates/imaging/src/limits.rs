use crate::{Error, Header, Result};

/// What a picture may measure. The defaults are 10,000 pixels a side, 40 megapixels, and 300 frames that have no more than
/// that together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels of one side.
    pub max_side: u32,
    /// The most pixels in all, those of every frame counted.
    pub max_pixels: u64,
    /// The most frames of an animation.
    pub max_frames: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_side: 10_000, max_pixels: 40_000_000, max_frames: 300 }
    }
}

impl Limits {
    /// # Errors
    ///
    /// [`Error::TooLarge`] or [`Error::TooLong`] if the header promises more than is allowed.
    pub fn check(&self, header: &Header) -> Result<()> {
        let Header { width, height, frames, .. } = *header;
        let Self { max_side, max_pixels, max_frames } = *self;
        let pixels = u64::from(width) * u64::from(height);
        if width > max_side || height > max_side || pixels > max_pixels {
            return Err(Error::TooLarge { width, height, max_side, max_pixels });
        }
        if frames > max_frames || header.pixels() > max_pixels {
            return Err(Error::TooLong { frames, width, height, max_frames, max_pixels });
        }
        Ok(())
    }
}
