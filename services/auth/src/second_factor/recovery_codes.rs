//! Codes to write down, for whoever has lost the other factors: 80 random bits each, so that a fast hash of them leaves
//! nothing to guess.

use aws_lc_rs::rand;
use serving::{Problem, Result};

use crate::told_once;

/// How many somebody has at a time.
const CODES: usize = 10;
/// Characters of one; each has five bits.
const LENGTH: usize = 16;
/// Crockford's base 32: none of these is taken for another one.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// New codes, in groups of four characters.
pub(crate) fn make() -> Result<Vec<String>> {
    (0..CODES).map(|_| one()).collect()
}

fn one() -> Result<String> {
    let mut bytes = [0; LENGTH];
    rand::fill(&mut bytes).map_err(|error| Problem::internal(error.to_string()))?;
    let characters: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// What is stored of a code, however it was typed.
pub(crate) fn hash(code: &str) -> Vec<u8> {
    let typed = code.chars().filter(|character| !character.is_whitespace() && *character != '-');
    let plain: String = typed
        .map(|character| match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    told_once::hash(&plain)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ten_different_codes_are_made_in_groups() {
        let codes = make().unwrap();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), CODES);
        for code in codes {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4], "{code}");
        }
    }

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        for typed in ["01ab-cdef-ghjk-mnpq", "01ABCDEFGHJKMNPQ", " oLab cdef ghjk mnpq\n", "Oiab-cdef-ghjk-mnpq"] {
            assert_eq!(hash(typed), hash("01abcdefghjkmnpq"), "{typed}");
        }
        assert_ne!(hash("01ab-cdef-ghjk-mnpr"), hash("01ab-cdef-ghjk-mnpq"));
    }
}
