//! What a file is declared to be, held against what it is.
//!
//! Browsers declare by the name of a file, and many a picture of the web has the name of another kind of picture: which of them it is
//! says the file alone. But whoever declares a page and sends a picture, or declares a picture and sends something else, is mistaken
//! or tries something, and hears of it.

use imaging::{Error, Format};
use serving::{Problem, Result};

use crate::metrics;

/// What is declared where nothing is known.
const UNKNOWN: [&str; 2] = ["application/octet-stream", "binary/octet-stream"];
/// Most characters of a type, as in RFC 6838: twice 127, and what is between them.
const LONGEST: usize = 255;

/// A media type, without its parameters and in small letters; `None` where none was declared, or nothing that is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Declared(Option<String>);

impl Declared {
    /// From a header, from what a client of tus said, or from a member of a body.
    pub(crate) fn new(declared: Option<&str>) -> Self {
        let declared = declared.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_name = |name: &str| {
            let mut characters = name.chars();
            characters.next().is_some_and(|c| c.is_ascii_alphanumeric())
                && characters.all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
        };
        let is_type = declared.len() <= LONGEST && declared.split_once('/').is_some_and(|(of, name)| is_name(of) && is_name(name));
        Self(Some(declared).filter(|declared| is_type && !UNKNOWN.contains(&declared.as_str())))
    }

    /// As it is kept: what is made of that again is the same.
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Whether a file that is declared like this may be a picture. A drawing in SVG is a document: it may hold scripts.
    fn may_be_picture(&self) -> bool {
        self.0.as_deref().is_none_or(|declared| declared.starts_with("image/") && declared != "image/svg+xml")
    }

    /// Refuses what will be refused whatever arrives.
    ///
    /// # Errors
    ///
    /// 415.
    pub(crate) fn admit(&self) -> Result<()> {
        match &self.0 {
            Some(declared) if !self.may_be_picture() => Err(refuse(format!("The file is declared as {declared}, which is no picture."))),
            _ => Ok(()),
        }
    }

    /// Refuses a file that is a picture and declared as something else, or the other way round. Whether a picture is one that is
    /// taken is not asked here, unless it was declared as another.
    ///
    /// # Errors
    ///
    /// 415, which names what was declared and what it is.
    pub(crate) fn check(&self, file: &[u8]) -> Result<()> {
        let Some(declared) = &self.0 else { return Ok(()) };
        match Format::of(file) {
            Ok(_) if self.may_be_picture() => Ok(()),
            Ok(format) => {
                let is = format.name();
                Err(refuse(format!("The file is declared as {declared}, and is a {is} picture. Declare it as {}.", format.media_type())))
            }
            Err(Error::Unsupported(kind)) if !declared.contains(&kind.to_lowercase()) => {
                Err(refuse(format!("The file is declared as {declared}, and there is no way to keep {kind} images here.")))
            }
            Err(Error::Unsupported(_)) => Ok(()),
            Err(_) => Err(refuse(format!("The file is declared as {declared}, and is not an image."))),
        }
    }
}

fn refuse(why: String) -> Problem {
    metrics::refused("declared_otherwise");
    Problem::unsupported_media_type(format!("{why} Send one of these: {}.", Format::READ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIF: &[u8] = b"GIF89a";
    const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0";
    const PAGE: &[u8] = b"<!doctype html>";

    fn refused(declared: &str, file: &[u8]) -> Option<String> {
        Declared::new(Some(declared)).check(file).err().map(|problem| problem.detail().to_owned())
    }

    #[test]
    fn one_picture_may_be_declared_as_another() {
        for declared in ["image/gif", "image/png", "IMAGE/JPEG; charset=binary", "image/heic", "image/x-png", "image/*"] {
            assert_eq!(refused(declared, GIF), None, "{declared}");
        }
    }

    #[test]
    fn where_nothing_is_declared_nothing_is_compared() {
        for declared in ["", "application/octet-stream", "gif", "image/", "/gif", "text/html\"><script>", &"x/".repeat(200)] {
            assert_eq!(Declared::new(Some(declared)), Declared::default(), "{declared}");
            for file in [GIF, HEIC, PAGE] {
                assert_eq!(refused(declared, file), None, "{declared}");
            }
        }
        assert_eq!(Declared::new(None), Declared::default());
    }

    #[test]
    fn a_refusal_names_what_was_declared_and_what_it_is() {
        for (declared, file, is) in [
            ("text/html", GIF, "GIF"),
            ("image/svg+xml", GIF, "GIF"),
            ("application/pdf", GIF, "GIF"),
            ("image/png", PAGE, "not an image"),
            ("text/html", PAGE, "not an image"),
            ("image/jpeg", HEIC, "HEIC"),
            ("text/html", HEIC, "HEIC"),
        ] {
            let detail = refused(declared, file).unwrap_or_else(|| panic!("{declared} is taken for {is}"));
            assert!(detail.contains(declared) && detail.contains(is) && detail.contains(Format::READ), "{detail}");
        }
        // It is what it says, and refused for that elsewhere.
        assert_eq!(refused("image/heic", HEIC), None);
    }

    #[test]
    fn what_can_be_no_picture_is_refused_before_it_arrives() {
        for (declared, admitted) in [("image/png", true), ("", true), ("image/svg+xml", false), ("text/html", false), ("video/mp4", false)]
        {
            let once = Declared::new(Some(declared));
            assert_eq!(once.admit().is_ok(), admitted, "{declared}");
            assert_eq!(Declared::new(once.as_str()), once, "what was kept is what was declared");
        }
    }
}
