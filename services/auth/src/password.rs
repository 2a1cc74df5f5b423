//! Passwords that people type and choose.

use std::fmt;

use serde::Deserialize;
use serving::Problem;

use crate::common_passwords;

/// More would only make us hash longer.
pub(crate) const MOST_BYTES: usize = 1024;

/// A password someone typed; never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// The text itself, for what must depend on it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// May it be chosen? There are no rules of composition. `names` are those that everybody would try for this person:
    /// they may be in it, and do not count.
    pub(crate) fn check_new(&self, second_factor: bool, names: &[&str]) -> Result<(), Problem> {
        let fewest = minimum_length(second_factor);
        if self.0.chars().count() < fewest {
            return Err(Problem::invalid("password", format!("choose {fewest} characters or more; a few words are easy to keep in mind")));
        }
        if self.0.len() > MOST_BYTES {
            return Err(Problem::invalid("password", format!("a password has at most {MOST_BYTES} bytes")));
        }
        if common_passwords::contains(&self.0) {
            return Err(Problem::invalid("password", "this one is among those that are guessed first; choose another one"));
        }
        if without(&self.0, names).chars().count() < fewest {
            return Err(Problem::invalid(
                "password",
                format!(
                    "your handle and the name of this platform are guessed first: without them, {fewest} characters or more must be left"
                ),
            ));
        }
        Ok(())
    }
}

/// The fewest characters of a password (NIST SP 800-63B-4): more where it is all that protects.
pub(crate) fn minimum_length(second_factor: bool) -> usize {
    if second_factor { 8 } else { 15 }
}

/// The text without these names, whatever their case.
fn without(text: &str, names: &[&str]) -> String {
    let mut left = text.to_lowercase();
    for name in names.iter().filter(|name| !name.is_empty()) {
        left = left.replace(&name.to_lowercase(), "");
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password(text.to_owned())
    }

    fn allowed(text: &str, second_factor: bool) -> bool {
        password(text).check_new(second_factor, &["ada_lovelace", "social.example.org"]).is_ok()
    }

    #[test]
    fn a_new_password_has_fifteen_characters_and_no_rule_of_composition() {
        let long = "a few words, ".repeat(80);
        for (text, may_be) in [
            ("fourteen-chars", false),
            ("ünïcödé-äöü-ßße", true),
            ("\0 in the middle\0", true),
            ("🦀🐘🦊🐙🦉🐝🦋🐢🐍🦎🐬🐳🦈🐊🦓", true),
            (&long[..64], true),
            (&long[..128], true),
            (&long[..1024], true),
            (&long[..1025], false),
        ] {
            assert_eq!(allowed(text, false), may_be, "{text:?}");
        }
    }

    #[test]
    fn with_a_second_factor_eight_are_enough() {
        assert_eq!((minimum_length(false), minimum_length(true)), (15, 8));
        assert!(allowed("kjw7 pqz", true) && !allowed("kjw7 pq", true));
    }

    #[test]
    fn what_everybody_would_try_is_refused() {
        for text in ["qwertyuiopasdfghjkl", "Passwordpassword", "1234567890123456", "aaaaaaaaaaaaaaaaaaaa"] {
            assert!(!allowed(text, false), "{text}");
        }
        assert!(!allowed("sunshine", true));
    }

    #[test]
    fn names_do_not_count() {
        assert!(!allowed("Ada_Lovelace1815", false) && !allowed("social.example.org", false));
        assert!(!allowed("ada_lovelaceADA_LOVELACEada_lovelace", false));
        assert!(allowed("ada_lovelace wrote programs", false));
    }
}
