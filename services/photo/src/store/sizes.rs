use crate::rendition::{Coding, Rendition};

/// How many bytes the files of a photo have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) original: i64,
    pub(crate) large: i64,
    pub(crate) small: i64,
    pub(crate) thumb: i64,
    pub(crate) large_jpeg: Option<i64>,
    pub(crate) small_jpeg: Option<i64>,
    pub(crate) thumb_jpeg: Option<i64>,
}

impl Sizes {
    /// Of one of them, if there is such a one.
    pub(crate) fn of(&self, rendition: Rendition) -> Option<i64> {
        match rendition {
            Rendition::Original => Some(self.original),
            Rendition::Large(Coding::WebP) => Some(self.large),
            Rendition::Small(Coding::WebP) => Some(self.small),
            Rendition::Thumb(Coding::WebP) => Some(self.thumb),
            Rendition::Large(Coding::Jpeg) => self.large_jpeg,
            Rendition::Small(Coding::Jpeg) => self.small_jpeg,
            Rendition::Thumb(Coding::Jpeg) => self.thumb_jpeg,
        }
    }
}
