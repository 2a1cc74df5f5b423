//! Passwords that are guessed first.

use std::collections::HashSet;
use std::sync::LazyLock;

static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect());

/// Units that are guessed however often they are repeated, such as `abc` and `1234`.
const SHORT: usize = 4;

/// Is it one of those that are guessed first, whatever its case, or one of them said several times over?
pub(crate) fn contains(password: &str) -> bool {
    let text = password.to_lowercase();
    let unit = unit(&text);
    COMMON.contains(text.as_str()) || (unit.len() < text.len() && (unit.chars().count() <= SHORT || COMMON.contains(unit)))
}

/// The shortest text that gives `text` when it is repeated; its last repetition may be cut short.
fn unit(text: &str) -> &str {
    let bytes = text.as_bytes();
    let repeats = |length: &usize| text.is_char_boundary(*length) && bytes[*length..].iter().zip(bytes).all(|(one, other)| one == other);
    // More than half of the text said once is no repetition.
    (1..=bytes.len() / 2).find(repeats).map_or(text, |length| &text[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_is_common() {
        for password in [
            "password",
            "PassWord1",
            "qwertyuiop",
            "1qaz2wsx3edc4rfv",
            "123456789012345",
            "abcdefghijklmnop",
            "passwordpassword",
            "iloveyouiloveyouiloveyou",
            "aaaaaaaaaaaaaaa",
            "abcabcabcabcabc",
            "ääääääääääääääää",
            "12341234123412341234",
        ] {
            assert!(contains(password), "{password}");
        }
    }

    #[test]
    fn what_nobody_guesses_first_is_not() {
        for password in ["correct horse battery staple", "a few words are easy", "fourteen-chars", "tomorrow tomorrow and tomorrow", ""] {
            assert!(!contains(password), "{password}");
        }
    }

    #[test]
    fn the_list_holds_a_few_thousand_of_a_length_that_somebody_could_choose() {
        assert!(COMMON.len() > 3000, "{}", COMMON.len());
        assert!(COMMON.iter().all(|password| password.chars().count() >= 8 && password.to_lowercase() == *password));
    }
}
