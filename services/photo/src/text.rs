//! What people write beside a photo, checked once on its way in.

use serving::{Problem, Result};

/// Most characters of a title.
pub(crate) const TITLE: usize = 200;
/// Most characters of an alternative text.
pub(crate) const ALT: usize = 2000;
/// Most tags of a photo.
const TAGS: usize = 20;
/// Most characters of a tag.
const TAG: usize = 50;
/// Most words of a search; the rest is ignored.
const WORDS: usize = 16;

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

/// The words of a search as the text of a `tsquery` that finds what holds each of them, or begins with it. `None` if there
/// is no word. Only letters and digits get through, so nothing that was typed can act as an operator.
pub(crate) fn prefixes(typed: &str) -> Option<String> {
    let words = typed.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let prefixes: Vec<String> = words.take(WORDS).map(|word| format!("{word}:*")).collect();
    (!prefixes.is_empty()).then(|| prefixes.join(" & "))
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
    fn no_operator_comes_through_a_search() {
        assert_eq!(prefixes("Sun set").unwrap(), "Sun:* & set:*");
        assert_eq!(prefixes("!a | (b):c'").unwrap(), "a:* & b:* & c:*");
        assert_eq!(prefixes(" !&| "), None);
    }
}
