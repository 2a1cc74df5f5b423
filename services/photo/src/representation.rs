//! Ranges and validators of RFC 9110, as pure functions.

use http::HeaderMap;
use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What of a representation is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it: no range, several, one that cannot be read, or one of another version.
    Whole,
    /// From the first to the last byte, both included.
    Range {
        /// Counted from zero.
        first: u64,
        /// Below the size.
        last: u64,
    },
    /// Nothing that is there.
    Unsatisfiable,
}

/// Whether the caller holds this version already (section 13.1.2).
pub(crate) fn is_held(headers: &HeaderMap, etag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).any(|held| held == "*" || held.trim_start_matches("W/") == etag)
}

/// The part of `size` bytes that `Range` asks for, unless `If-Range` names another version (section 14.2).
pub(crate) fn part(headers: &HeaderMap, etag: &str, size: u64) -> Part {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // A date is never ours, as no `Last-Modified` is sent.
    if headers.contains_key(IF_RANGE) && text(IF_RANGE) != Some(etag) {
        return Part::Whole;
    }
    text(RANGE).and_then(|range| one_range(range, size)).unwrap_or(Part::Whole)
}

fn one_range(range: &str, size: u64) -> Option<Part> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse::<u64>().ok(),
        false => None,
    };
    let end = size.checked_sub(1)?;
    let (first, last) = match (first.trim(), last.trim()) {
        ("", length) => match number(length)? {
            0 => return Some(Part::Unsatisfiable),
            length => (size.saturating_sub(length), end),
        },
        (first, "") => (number(first)?, end),
        (first, last) => match (number(first)?, number(last)?) {
            (first, last) if last < first => return None,
            range => range,
        },
    };
    if first > end {
        return Some(Part::Unsatisfiable);
    }
    Some(Part::Range { first, last: last.min(end) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: &str = "\"abc\"";

    fn headers(lines: &[(http::HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    fn asked(range: &str) -> Part {
        part(&headers(&[(RANGE, range)]), ETAG, 100)
    }

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        assert_eq!(asked("bytes=0-9"), Part::Range { first: 0, last: 9 });
        assert_eq!(asked("bytes=90-"), Part::Range { first: 90, last: 99 });
        assert_eq!(asked("bytes=90-500"), Part::Range { first: 90, last: 99 });
        assert_eq!(asked("bytes=-10"), Part::Range { first: 90, last: 99 });
        assert_eq!(asked("bytes=-500"), Part::Range { first: 0, last: 99 });
        assert_eq!(asked("bytes=99-99"), Part::Range { first: 99, last: 99 });
    }

    #[test]
    fn a_range_beyond_the_end_cannot_be_satisfied() {
        for range in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(asked(range), Part::Unsatisfiable, "{range}");
        }
    }

    #[test]
    fn what_is_no_single_range_is_ignored() {
        let long = format!("bytes={}-", "9".repeat(30));
        for range in ["bytes=", "bytes=a-b", "bytes=9-0", "bytes=0-1,5-6", "items=0-1", "bytes=+1-2", &long] {
            assert_eq!(asked(range), Part::Whole, "{range}");
        }
        assert_eq!(part(&HeaderMap::new(), ETAG, 100), Part::Whole);
    }

    #[test]
    fn a_range_of_another_version_gives_the_whole() {
        let range = (RANGE, "bytes=0-9");
        assert_eq!(part(&headers(&[range.clone(), (IF_RANGE, "\"old\"")]), ETAG, 100), Part::Whole);
        assert_eq!(part(&headers(&[range, (IF_RANGE, ETAG)]), ETAG, 100), Part::Range { first: 0, last: 9 });
    }

    #[test]
    fn a_held_version_is_found_among_others() {
        for held in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert!(is_held(&headers(&[(IF_NONE_MATCH, held)]), ETAG), "{held}");
        }
        assert!(!is_held(&headers(&[(IF_NONE_MATCH, "\"abcd\"")]), ETAG));
        assert!(!is_held(&HeaderMap::new(), ETAG));
    }
}
