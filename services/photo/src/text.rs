//! What people write beside a photo, checked once on its way in.

use std::collections::BTreeSet;

use serving::{Problem, Result};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Most characters of a title.
pub(crate) const TITLE: usize = 200;
/// Most characters of an alternative text.
pub(crate) const ALT: usize = 2000;
/// Most characters of a credit line.
pub(crate) const CREDIT: usize = 200;
/// Most tags of a photo.
const TAGS: usize = 20;
/// Most characters of a tag.
const TAG: usize = 50;
/// Most words of a search; the rest is ignored.
const ASKED: usize = 16;
/// Most words of a photo that a search finds it by.
const WORDS: usize = 400;
/// Most characters of a word; the rest is cut off, in what is kept and in what is asked.
const WORD: usize = 40;
/// Letters of a word that is too short to be told by its trigrams once there is an error in it, and still long enough that most
/// other words are further from it than that.
const SHORT: std::ops::RangeInclusive<usize> = 4..=6;
/// Most short words of a search that are looked at letter by letter.
const LOOKED_AT: usize = 4;
/// Most words that stand for one.
const STAND_INS: usize = 4;

/// A text of at most `most` characters, without control characters, trimmed.
pub(crate) fn text(field: &str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(Problem::invalid(field, format!("at most {most} characters")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Problem::invalid(field, "no control characters"));
    }
    Ok(text.to_owned())
}

/// Tags in lower case, each once, in the order given. Empty ones are left out, as in `a, b,`.
pub(crate) fn tags<'a>(given: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>> {
    let mut tags = Vec::new();
    for given in given.into_iter().map(str::trim).filter(|given| !given.is_empty()) {
        let tag = tag(given)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > TAGS {
        return Err(Problem::invalid("tags", format!("at most {TAGS} tags")));
    }
    Ok(tags)
}

/// One tag in lower case, with or without the `#` before it.
pub(crate) fn tag(given: &str) -> Result<String> {
    let tag = given.trim().trim_start_matches('#').to_lowercase();
    let fits = (1..=TAG).contains(&tag.chars().count());
    if fits && tag.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
        return Ok(tag);
    }
    Err(Problem::invalid("tags", format!("a tag is 1 to {TAG} letters, digits, `_` or `-`")))
}

/// The words of some texts as a search compares them, each once.
pub(crate) fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let words: BTreeSet<String> = texts.into_iter().flat_map(folded).take(WORDS).collect();
    words.into_iter().collect()
}

/// The words of a search, in the order typed. `None` if there is no word.
pub(crate) fn asked(typed: &str) -> Option<Vec<String>> {
    let words: Vec<String> = folded(typed).take(ASKED).collect();
    (!words.is_empty()).then_some(words)
}

/// The text of a `tsquery` that finds what holds each of `words`, or something that begins with it, or one of the words that
/// resemble it. All are folded, which is letters and digits only: nothing that was typed can act as an operator.
pub(crate) fn query(words: &[String], resembling: &[(String, String)]) -> String {
    let each = words.iter().map(|word| {
        let similar = resembling.iter().filter(|(asked, _)| asked == word).map(|(_, similar)| format!(" | '{similar}'"));
        format!("('{word}':*{})", similar.collect::<String>())
    });
    each.collect::<Vec<_>>().join(" & ")
}

/// Those of `words` in which one error of typing is looked for letter by letter: short ones, of letters only.
pub(crate) fn short(words: &[String]) -> Vec<String> {
    let is_short = |word: &&String| SHORT.contains(&word.chars().count()) && word.chars().all(char::is_alphabetic);
    words.iter().filter(is_short).take(LOOKED_AT).cloned().collect()
}

/// Of pairs of a word that was asked and one that there is, in the order of preference, those that one error of typing tells apart: at
/// most four for each that was asked.
pub(crate) fn mistyped(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (asked, there) in pairs {
        let before = found.iter().filter(|(word, _)| *word == asked).count();
        if before < STAND_INS && is_one_error(&asked, &there) {
            found.push((asked, there));
        }
    }
    found
}

/// Whether two words differ by one letter too many, one too few, a wrong one, or two neighbors that changed places.
fn is_one_error(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let alike = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[alike..], &other[alike..]);
    let alike = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - alike], &other[..other.len() - alike]) {
        ([_], [_]) | ([_], []) | ([], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// Words of letters and digits, in small letters and without accents.
fn folded(text: &str) -> impl Iterator<Item = String> {
    let letters = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).flat_map(|c| {
        // What looks like a letter with an accent and is none to Unicode.
        let (one, two) = match c {
            'ß' => ('s', Some('s')),
            'æ' => ('a', Some('e')),
            'œ' => ('o', Some('e')),
            'ø' => ('o', None),
            'ł' => ('l', None),
            'đ' => ('d', None),
            'ı' => ('i', None),
            c => (c, None),
        };
        [Some(one), two].into_iter().flatten()
    });
    let folded: String = letters.collect();
    let words: Vec<String> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(WORD).collect())
        .collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_lower_case_and_counted_once() {
        assert_eq!(tags("Sea, #sunset,sea,, Größe ".split(',')).unwrap(), ["sea", "sunset", "größe"]);
        assert!(tags(["two words"]).is_err());
        assert!(tags(["#"]).is_err());
        assert!(tags(["x".repeat(51).as_str()]).is_err());
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert!(tags(many.iter().map(String::as_str)).is_err());
    }

    #[test]
    fn a_text_has_no_control_characters() {
        assert_eq!(text("alt", " two\nlines ", 20).unwrap(), "two\nlines");
        assert!(text("alt", "nul\0", 20).is_err());
        assert!(text("alt", "éééé", 3).is_err());
    }

    #[test]
    fn words_are_compared_without_case_and_accents() {
        assert_eq!(words(["Größe, CAFÉ", "a-b_c café"]), ["a", "b", "c", "cafe", "grosse"]);
        assert_eq!(asked("Éclair ½ 東京").unwrap(), ["eclair", "1", "2", "東京"]);
        assert_eq!(asked("x".repeat(99).as_str()).unwrap(), ["x".repeat(40)]);
        assert_eq!(asked(" !&| "), None);
    }

    #[test]
    fn no_operator_comes_through_a_search() {
        let query = |typed: &str| query(&asked(typed).unwrap(), &[]);
        assert_eq!(query("Sun set"), "('sun':*) & ('set':*)");
        assert_eq!(query("!a | (b):c'\\"), "('a':*) & ('b':*) & ('c':*)");
    }

    #[test]
    fn one_error_of_typing_is_one_whatever_it_is() {
        for (typed, meant) in [
            ("huose", "house"),
            ("baech", "beach"),
            ("piar", "pier"),
            ("piers", "pier"),
            ("per", "pier"),
            ("boot", "boott"),
            ("größe", "größen"),
            ("ab", "ba"),
        ] {
            assert!(is_one_error(typed, meant) && is_one_error(meant, typed), "{typed} {meant}");
        }
        for (typed, meant) in [("pier", "pier"), ("hoosa", "house"), ("abc", "cba"), ("abcd", "badc"), ("", "ab"), ("peir", "piers")] {
            assert!(!is_one_error(typed, meant) && !is_one_error(meant, typed), "{typed} {meant}");
        }
    }

    #[test]
    fn only_short_words_of_letters_are_looked_at_and_few_stand_for_one() {
        let words = ["pie", "pier", "1843", "beach", "sunset", "evening", "train", "house"].map(str::to_owned);
        assert_eq!(short(&words), ["pier", "beach", "sunset", "train"]);
        let there = ["bier", "tier", "piers", "pier", "pie", "peer", "pies", "pied"];
        let pairs = there.map(|there| ("pier".to_owned(), there.to_owned())).to_vec();
        let found: Vec<String> = mistyped(pairs).into_iter().map(|(_, there)| there).collect();
        assert_eq!(found, ["bier", "tier", "piers", "pie"]);
    }

    #[test]
    fn a_word_may_stand_for_those_that_resemble_it() {
        let resembling = [("sunzet", "sunset"), ("sunzet", "sunlit")].map(|(asked, similar)| (asked.to_owned(), similar.to_owned()));
        assert_eq!(query(&asked("sunzet sea").unwrap(), &resembling), "('sunzet':* | 'sunset' | 'sunlit') & ('sea':*)");
    }
}
