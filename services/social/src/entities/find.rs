//! Finds entities in one pass, each bounded in length, so that no text is dear to read.

use super::tag::{LONGEST, is_part, normalized};

/// Longest address.
const LONGEST_LINK: usize = 2000;

/// A part of a text, before it is known whose a handle is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) what: What,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Without the `@`, in small letters.
    Handle(String),
    /// Without the `#`, as it is compared.
    Tag(String),
    /// As written.
    Link(String),
}

/// Everything that a text holds, in its order; nothing overlaps.
pub(crate) fn find(text: &str) -> Vec<Found> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let rest = &chars[at..];
        let here = match rest[0] {
            '@' => handle(before, rest),
            '#' | '＃' => tag(before, rest),
            'h' | 'H' => link(before, rest),
            _ => None,
        };
        match here {
            Some((length, what)) => {
                // A text has at most 100,000 bytes.
                found.push(Found { start: at as u32, end: (at + length) as u32, what });
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// `@handle`, where no word goes on before or after it: `a@b.example` and `@a@b.example` are none.
fn handle(before: Option<char>, rest: &[char]) -> Option<(usize, What)> {
    if before.is_some_and(|c| is_part(c) || "@/".contains(c)) {
        return None;
    }
    let name = |c: &&char| c.is_ascii_alphanumeric() || **c == '_';
    let length = rest[1..].iter().take(31).take_while(name).count();
    let after = rest.get(1 + length);
    if !(3..=30).contains(&length) || after.is_some_and(|c| is_part(*c) || *c == '@') {
        return None;
    }
    let handle: String = rest[1..=length].iter().map(char::to_ascii_lowercase).collect();
    Some((1 + length, What::Handle(handle)))
}

/// `#tag` of letters, marks, digits and `_`, with a letter in it.
fn tag(before: Option<char>, rest: &[char]) -> Option<(usize, What)> {
    if before.is_some_and(|c| is_part(c) || "#&".contains(c)) {
        return None;
    }
    let length = rest[1..].iter().take(LONGEST + 1).take_while(|c| is_part(**c)).count();
    let written: String = rest[1..=length].iter().collect();
    normalized(&written).map(|tag| (1 + length, What::Tag(tag)))
}

/// `http://…` or `https://…` up to white space, without the punctuation of the sentence around it.
fn link(before: Option<char>, rest: &[char]) -> Option<(usize, What)> {
    if before.is_some_and(is_part) {
        return None;
    }
    let begins = |scheme: &&str| scheme.chars().enumerate().all(|(at, c)| rest.get(at).is_some_and(|r| r.to_ascii_lowercase() == c));
    let scheme = ["https://", "http://"].into_iter().find(|scheme| begins(scheme))?.len();
    if !rest.get(scheme)?.is_alphanumeric() {
        return None;
    }
    let ends = |c: &char| c.is_whitespace() || c.is_control() || "<>\"`".contains(*c);
    let mut end = rest.iter().take(LONGEST_LINK + 1).position(ends).unwrap_or(rest.len().min(LONGEST_LINK + 1));
    if end > LONGEST_LINK {
        return None;
    }
    let count = |bracket: char| rest[..end].iter().filter(|c| **c == bracket).count();
    let (opened, mut closed) = (count('('), count(')'));
    while end > scheme + 1 {
        match rest[end - 1] {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '…' | ']' | '}' => {}
            // `(https://example.org/a_(b))` holds one bracket of the address and one of the sentence.
            ')' if closed > opened => closed -= 1,
            _ => break,
        }
        end -= 1;
    }
    Some((end, What::Link(rest[..end].iter().collect())))
}

#[cfg(test)]
mod tests;
