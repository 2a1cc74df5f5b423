//! What a person says of a photo, checked once on its way in.

use contracts::photo::PhotoVisibility;
use serde::{Deserialize, Serialize};
use serving::{Problem, Result};
use utoipa::ToSchema;

use crate::license::License;
use crate::text::{self, ALT, CREDIT, TITLE};

/// All that is said, and acceptable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) visibility: PhotoVisibility,
    pub(crate) title: String,
    pub(crate) alt: String,
    pub(crate) tags: Vec<String>,
    pub(crate) license: License,
    pub(crate) credit: String,
}

/// What is said now; the rest stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AboutPhoto)]
pub(crate) struct Said {
    /// `public` or `private`.
    pub(crate) visibility: Option<PhotoVisibility>,
    /// At most 200 characters.
    pub(crate) title: Option<String>,
    /// What it shows, in words; at most 2000 characters.
    pub(crate) alt: Option<String>,
    /// At most 20, each of letters, digits, `_` and `-`.
    pub(crate) tags: Option<Vec<String>>,
    /// What others may do with it.
    pub(crate) license: Option<License>,
    /// Whom to name; at most 200 characters.
    pub(crate) credit: Option<String>,
}

impl Default for About {
    /// What is not said to be for everybody is not.
    fn default() -> Self {
        let (visibility, license) = (PhotoVisibility::Private, License::default());
        Self { visibility, title: String::new(), alt: String::new(), tags: Vec::new(), license, credit: String::new() }
    }
}

impl About {
    /// The same, but for what is said now.
    pub(crate) fn with(self, said: Said) -> Result<Self> {
        let Said { visibility, title, alt, tags, license, credit } = said;
        let now_or_before = |field: &str, now: Option<String>, before: String, most: usize| match now {
            Some(now) => text::text(field, &now, most),
            None => Ok(before),
        };
        Ok(Self {
            visibility: visibility.unwrap_or(self.visibility),
            title: now_or_before("title", title, self.title, TITLE)?,
            alt: now_or_before("alt", alt, self.alt, ALT)?,
            tags: match tags {
                Some(tags) => text::tags(tags.iter().map(String::as_str))?,
                None => self.tags,
            },
            license: license.unwrap_or(self.license),
            credit: now_or_before("credit", credit, self.credit, CREDIT)?,
        })
    }

    /// As a search compares it.
    pub(crate) fn words(&self) -> Vec<String> {
        text::words([self.title.as_str(), self.alt.as_str()].into_iter().chain(self.tags.iter().map(String::as_str)))
    }
}

impl Said {
    /// The names that [`set`](Self::set) takes, for a sentence to a person.
    pub(crate) const NAMES: &'static str = "visibility, title, alt, tags, license and credit";

    /// Sets one field by its name, from text, as in a form. `false` if there is none of that name.
    pub(crate) fn set(&mut self, name: &str, value: String) -> Result<bool> {
        let again = match name {
            "visibility" => self.visibility.replace(visibility(&value)?).is_some(),
            "title" => self.title.replace(value).is_some(),
            "alt" => self.alt.replace(value).is_some(),
            "tags" => self.tags.replace(value.split(',').map(str::to_owned).collect()).is_some(),
            "license" => self.license.replace(license(&value)?).is_some(),
            "credit" => self.credit.replace(value).is_some(),
            _ => return Ok(false),
        };
        match again {
            true => Err(Problem::invalid(name, "once")),
            false => Ok(true),
        }
    }
}

fn visibility(text: &str) -> Result<PhotoVisibility> {
    match text.trim() {
        "public" => Ok(PhotoVisibility::Public),
        "private" => Ok(PhotoVisibility::Private),
        _ => Err(Problem::invalid("visibility", "public or private")),
    }
}

fn license(text: &str) -> Result<License> {
    License::find(text.trim()).ok_or_else(|| {
        let known = License::ALL.map(License::id).join(", ");
        Problem::invalid("license", format!("one of {known}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_stays() {
        let before = About { title: "Pier".to_owned(), license: License::CcBy, ..About::default() };
        let after = before.clone().with(Said { alt: Some("A pier".to_owned()), ..Said::default() }).unwrap();
        assert_eq!(after, About { alt: "A pier".to_owned(), ..before });
    }

    #[test]
    fn a_form_says_each_thing_once() {
        let mut said = Said::default();
        assert!(said.set("tags", "a, b".to_owned()).unwrap());
        assert!(said.set("license", "CC-BY-4.0".to_owned()).unwrap());
        assert!(!said.set("owner", "account:1".to_owned()).unwrap());
        assert!(said.set("visibility", "friends".to_owned()).is_err());
        let about = About::default().with(said).unwrap();
        assert_eq!((about.tags.as_slice(), about.license), (["a".to_owned(), "b".to_owned()].as_slice(), License::CcBy));
        let mut twice = Said::default();
        assert!(twice.set("tags", "a".to_owned()).unwrap());
        assert!(twice.set("tags", "b".to_owned()).is_err());
    }
}
