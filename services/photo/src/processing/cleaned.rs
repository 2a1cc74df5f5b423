use bytes::Bytes;
use imaging::Processed;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use super::shared::Taken;
use crate::rendition::{Coding, Rendition};

/// The clean pictures of an upload.
pub struct Cleaned {
    /// SHA-256 of all the pictures: what has the same is the same in every file, and takes the same place.
    pub sha256: [u8; 32],
    /// Pixels of the original.
    pub width: u32,
    /// Pixels of the original.
    pub height: u32,
    /// A placeholder, in base64.
    pub thumbhash: String,
    /// What it is mostly of, as in CSS.
    pub color: String,
    /// What people call that color.
    pub hue: &'static str,
    /// The original moves.
    pub animated: bool,
    /// The media type of the original.
    pub original_type: &'static str,
    /// All the pixels.
    pub original: Bytes,
    /// At most 1600 pixels a side.
    pub large: Preview,
    /// At most 800 pixels a side.
    pub small: Preview,
    /// At most 400 pixels a side.
    pub thumb: Preview,
    /// For the pictures take the place of the file.
    _memory: Taken,
    /// For what of them does not fit there.
    _room: Option<OwnedSemaphorePermit>,
}

/// A smaller picture, twice.
pub struct Preview {
    /// For whoever reads it.
    pub webp: Bytes,
    /// For everybody else.
    pub jpeg: Bytes,
}

impl Cleaned {
    /// The pictures in the memory that was set aside for them.
    pub(super) fn new(processed: Processed, memory: Taken, room: Option<OwnedSemaphorePermit>) -> Self {
        let sha256 = digest(&processed);
        let Processed { original, large, small, thumb, thumbhash, color, width, height, animated } = processed;
        Self {
            sha256,
            width,
            height,
            thumbhash,
            color: color.hex(),
            hue: color.hue().name(),
            animated,
            original_type: original.format.media_type(),
            original: original.bytes.into(),
            large: large.into(),
            small: small.into(),
            thumb: thumb.into(),
            _memory: memory,
            _room: room,
        }
    }

    /// Each of them.
    pub fn pictures(&self) -> [(Rendition, &Bytes); 7] {
        let Self { original, large, small, thumb, .. } = self;
        [
            (Rendition::Original, original),
            (Rendition::Large(Coding::WebP), &large.webp),
            (Rendition::Large(Coding::Jpeg), &large.jpeg),
            (Rendition::Small(Coding::WebP), &small.webp),
            (Rendition::Small(Coding::Jpeg), &small.jpeg),
            (Rendition::Thumb(Coding::WebP), &thumb.webp),
            (Rendition::Thumb(Coding::Jpeg), &thumb.jpeg),
        ]
    }

    /// Bytes of all the pictures together.
    pub fn size(&self) -> i64 {
        let bytes: usize = self.pictures().into_iter().map(|(_, picture)| picture.len()).sum();
        i64::try_from(bytes).expect("pictures fit in memory")
    }
}

impl From<imaging::Preview> for Preview {
    fn from(imaging::Preview { webp, jpeg }: imaging::Preview) -> Self {
        Self { webp: webp.bytes.into(), jpeg: jpeg.bytes.into() }
    }
}

/// With the length of each before it, so that the same bytes parted otherwise are something else.
fn digest(processed: &Processed) -> [u8; 32] {
    let mut digest = Sha256::new();
    for picture in processed.all() {
        digest.update((picture.bytes.len() as u64).to_be_bytes());
        digest.update(&picture.bytes);
    }
    digest.finalize().into()
}
