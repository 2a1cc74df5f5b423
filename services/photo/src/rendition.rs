//! The files that there are of each photo.

use std::fmt;

use imaging::Format;

use crate::variant::Variant;

/// Each smaller picture is kept as both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// For whoever says that it reads it.
    WebP,
    /// For everybody else. Pictures that were kept before 0042_jpegs.sql have none.
    Jpeg,
}

impl Coding {
    /// As in `Content-Type`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::WebP => Format::WebP.media_type(),
            Self::Jpeg => Format::Jpeg.media_type(),
        }
    }
}

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendition {
    /// One file, whatever its format.
    Original,
    /// At most 1600 pixels a side.
    Large(Coding),
    /// At most 800 pixels a side.
    Small(Coding),
    /// At most 400 pixels a side.
    Thumb(Coding),
}

impl Rendition {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::Original,
        Self::Large(Coding::WebP),
        Self::Large(Coding::Jpeg),
        Self::Small(Coding::WebP),
        Self::Small(Coding::Jpeg),
        Self::Thumb(Coding::WebP),
        Self::Thumb(Coding::Jpeg),
    ];

    /// The file of a variant for whoever wants it coded like this. Of the original there is one for all.
    pub fn of(variant: Variant, coding: Coding) -> Self {
        match variant {
            Variant::Original => Self::Original,
            Variant::Large => Self::Large(coding),
            Variant::Small => Self::Small(coding),
            Variant::Thumb => Self::Thumb(coding),
        }
    }

    /// Which picture it is of, and how it is coded; the original is as it is.
    fn parts(self) -> (Variant, Option<Coding>) {
        match self {
            Self::Original => (Variant::Original, None),
            Self::Large(coding) => (Variant::Large, Some(coding)),
            Self::Small(coding) => (Variant::Small, Some(coding)),
            Self::Thumb(coding) => (Variant::Thumb, Some(coding)),
        }
    }
}

/// As the names of objects end. Those of WebP are as they were before there was anything else.
impl fmt::Display for Rendition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (variant, Some(Coding::Jpeg)) => write!(f, "{variant}-jpeg"),
            (variant, _) => write!(f, "{variant}"),
        }
    }
}
