use crate::{Error, Header, Result};

/// What a picture may measure. The defaults are 10,000 pixels a side and 40 megapixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels of one side.
    pub max_side: u32,
    /// The most pixels in all.
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_side: 10_000, max_pixels: 40_000_000 }
    }
}

impl Limits {
    /// # Errors
    ///
    /// [`Error::TooLarge`] if the header promises more than is allowed.
    pub fn check(&self, header: &Header) -> Result<()> {
        let Header { width, height, .. } = *header;
        let pixels = u64::from(width) * u64::from(height);
        if width > self.max_side || height > self.max_side || pixels > self.max_pixels {
            let Self { max_side, max_pixels } = *self;
            return Err(Error::TooLarge { width, height, max_side, max_pixels });
        }
        Ok(())
    }
}
