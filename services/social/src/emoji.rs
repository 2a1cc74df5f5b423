use serving::Problem;

/// One emoji of Unicode, in the one form in which it is stored: two ways of writing it are one reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Emoji(&'static str);

impl Emoji {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let unqualified = text.replace('\u{fe0f}', "");
        let known = emojis::get(text).or_else(|| emojis::get(&unqualified));
        known.map(|emoji| Self(emoji.as_str())).ok_or_else(|| Problem::unprocessable("A reaction is exactly one emoji, such as 👍."))
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_of_writing_an_emoji_are_one() {
        assert_eq!(Emoji::parse("❤").unwrap(), Emoji::parse("❤\u{fe0f}").unwrap());
        assert_eq!(Emoji::parse("👍🏽").unwrap().as_str(), "👍🏽");
    }

    #[test]
    fn what_is_not_one_emoji_is_refused() {
        for text in ["", "a", "👍👍", "<b>", ":)", "1"] {
            assert!(Emoji::parse(text).is_err(), "{text:?}");
        }
    }
}
