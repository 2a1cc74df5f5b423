use std::borrow::Cow;

use serving::Problem;

/// One emoji in the one form in which it is stored: two ways of writing it are one reaction. It is one of Unicode, or a custom
/// one by its name, such as `:party_cat:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Emoji(Cow<'static, str>);

impl Emoji {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        if let Some(custom) = text.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).and_then(Self::custom) {
            return Ok(custom);
        }
        let unqualified = text.replace('\u{fe0f}', "");
        let known = emojis::get(text).or_else(|| emojis::get(&unqualified));
        let wrong = || Problem::unprocessable("A reaction is exactly one emoji, such as 👍, or the name of a custom one, such as :cat:.");
        known.map(|emoji| Self(Cow::Borrowed(emoji.as_str()))).ok_or_else(wrong)
    }

    /// The custom emoji of this name, which stands without its colons; nothing if it can be no name.
    pub(crate) fn custom(name: &str) -> Option<Self> {
        let fits = (2..=30).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        fits.then(|| Self(Cow::Owned(format!(":{}:", name.to_ascii_lowercase()))))
    }

    /// Is it one that an administrator has made? Whether there is such a one is another question.
    pub(crate) fn is_custom(&self) -> bool {
        self.0.starts_with(':')
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_of_writing_an_emoji_are_one() {
        assert_eq!(Emoji::parse("❤").unwrap(), Emoji::parse("❤\u{fe0f}").unwrap());
        assert_eq!(Emoji::parse("👍🏽").unwrap().as_str(), "👍🏽");
        assert_eq!(Emoji::parse(":Party_Cat:").unwrap(), Emoji::custom("party_cat").unwrap());
    }

    #[test]
    fn what_is_not_one_emoji_is_refused() {
        let long = format!(":{}:", "a".repeat(31));
        for text in ["", "a", "👍👍", "<b>", ":)", "1", ":", "::", ":a:", ":a b:", ":cat", "cat:", ":c\u{e4}t:", ":cat::cat:", &long] {
            assert!(Emoji::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_custom_emoji_is_told_from_one_of_unicode() {
        assert!(Emoji::parse(":cat:").unwrap().is_custom() && !Emoji::parse("👍").unwrap().is_custom());
    }
}
