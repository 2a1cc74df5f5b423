//! Text that people write: bounded, by what a reader counts and by bytes.

use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;

/// A cluster of marks may pile up without end; so many bytes a visible character are enough for every script.
const BYTES_PER_GRAPHEME: usize = 20;

fn check(text: &str, most: usize) -> bool {
    text.len() <= most * BYTES_PER_GRAPHEME && text.graphemes(true).count() <= most
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $most:literal, $error:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(String);

        impl $name {
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let text = text.trim().to_owned();
                // A control character cannot be seen, and PostgreSQL takes no NUL.
                let visible = !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
                if !visible || !check(&text, $most) {
                    return Err($error);
                }
                Ok(Self(text))
            }
        }
    };
}

text!(
    /// Of a post or a comment. May be empty where there are images.
    PostText, 5000, "a post has at most 5000 characters and no control characters"
);
text!(
    /// What stands before a text, so that a reader can choose not to read it. Empty for none.
    ContentWarning, 500, "a content warning has at most 500 characters and no control characters"
);
text!(
    /// Beside the handle.
    DisplayName, 50, "a display name has at most 50 characters and no control characters"
);
text!(
    /// What someone says of themselves.
    Bio, 500, "a bio has at most 500 characters and no control characters"
);
text!(
    /// How to speak of somebody.
    Pronouns, 40, "pronouns have at most 40 characters and no control characters"
);
text!(
    /// What a field of a profile is about.
    FieldName, 50, "the name of a field has at most 50 characters and no control characters"
);
text!(
    /// What a field of a profile says.
    FieldValue, 255, "the value of a field has at most 255 characters and no control characters"
);

text!(
    /// What a list of people is called.
    ListTitle, 100, "a title has at most 100 characters and no control characters"
);
text!(
    /// What somebody says of a report.
    ReportNote, 1000, "a note has at most 1000 characters and no control characters"
);

text!(
    /// Under which heading a custom emoji is offered. Empty for none.
    EmojiCategory, 50, "a category has at most 50 characters and no control characters"
);

/// The language of a text: the primary subtag of BCP 47, in lower case.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Language(String);

impl Language {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Language {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        // Longer primary subtags are reserved (RFC 5646, section 2.2.1).
        let subtag = (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !subtag {
            return Err("a language is a primary subtag of BCP 47, such as `en` or `yue`");
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_what_a_reader_counts() {
        let family = "👨‍👩‍👧‍👦";
        assert!(DisplayName::try_from(family.repeat(10)).is_ok());
        assert!(DisplayName::try_from("a".repeat(51)).is_err());
        assert!(DisplayName::try_from(format!("a{}", "\u{301}".repeat(2000))).is_err());
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        assert!(PostText::try_from("a\0b".to_owned()).is_err());
        assert!(PostText::try_from("a\u{1b}[31mb".to_owned()).is_err());
        assert_eq!(PostText::try_from(" two\nlines ".to_owned()).unwrap().as_str(), "two\nlines");
    }

    #[test]
    fn a_language_is_a_primary_subtag() {
        assert_eq!(Language::try_from("EN".to_owned()).unwrap().as_str(), "en");
        for wrong in ["", "e", "en-US", "english", "e1", "日本"] {
            assert!(Language::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
        }
    }
}
