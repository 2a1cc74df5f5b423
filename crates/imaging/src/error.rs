use crate::Format;

/// Why no pictures can be made of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first bytes are no image format's.
    #[error("the file is not an image")]
    NotAnImage,
    /// An image, of a kind that is not read here. Names the kind, such as `HEIC` or `animated AVIF`.
    #[error("{0} images are not supported")]
    Unsupported(String),
    /// More pixels than allowed; found in the header, before anything was decoded.
    #[error("the image measures {width} × {height} pixels; at most {max_side} a side and {max_pixels} in all are allowed")]
    TooLarge {
        /// Pixels, as the header says.
        width: u32,
        /// Pixels, as the header says.
        height: u32,
        /// The most that a side may have.
        max_side: u32,
        /// The most that both sides multiplied may have.
        max_pixels: u64,
    },
    /// An animation that is longer than allowed; found without decoding.
    #[error(
        "the animation has {frames} frames of {width} × {height} pixels; at most {max_frames} frames, and {max_pixels} pixels in all \
         of them, are allowed"
    )]
    TooLong {
        /// How many there are.
        frames: u32,
        /// Pixels, as the header says.
        width: u32,
        /// Pixels, as the header says.
        height: u32,
        /// The most frames.
        max_frames: u32,
        /// The most that both sides and the frames multiplied may have.
        max_pixels: u64,
    },
    /// It ends early, contradicts itself or cannot be decoded. The text is for the log.
    #[error("the image is damaged: {0}")]
    Damaged(String),
    /// An encoder failed on pixels that it should take.
    #[error("failed to encode a picture: {0}")]
    Encoding(String),
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What a decoder says about data whose header was fine.
    pub(crate) fn from_decoder(error: image::ImageError, format: Format) -> Self {
        match error {
            // A legal but rare kind, such as an arithmetic-coded JPEG.
            image::ImageError::Unsupported(_) => Self::Unsupported(format!("such {}", format.name())),
            error => Self::Damaged(error.to_string()),
        }
    }

    /// What an encoder says.
    pub(crate) fn from_encoder(error: impl std::fmt::Debug) -> Self {
        Self::Encoding(format!("{error:?}"))
    }
}
