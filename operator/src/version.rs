//! Which of two releases is the older one.

use std::cmp::Ordering;

/// Would going from `running` to `wanted` be a step back? Names without an order, such as `main` or a date with words, are
/// none.
pub fn is_downgrade(running: &str, wanted: &str) -> bool {
    match (parse(running), parse(wanted)) {
        (Some(running), Some(wanted)) => compare(&wanted, &running) == Ordering::Less,
        _ => false,
    }
}

/// A version as in Semantic Versioning: up to four numbers, and what comes before the release of that number.
struct Version<'a> {
    numbers: [u64; 4],
    before: Option<&'a str>,
}

fn parse(text: &str) -> Option<Version<'_>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (release, before) = match text.split_once('-') {
        Some((release, before)) => (release, Some(before)),
        None => (text, None),
    };
    let mut numbers = [0; 4];
    for (index, number) in release.split('.').enumerate() {
        *numbers.get_mut(index)? = number.parse().ok()?;
    }
    Some(Version { numbers, before })
}

fn compare(one: &Version<'_>, other: &Version<'_>) -> Ordering {
    one.numbers.cmp(&other.numbers).then_with(|| match (one.before, other.before) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => one.split('.').map(Identifier::of).cmp(other.split('.').map(Identifier::of)),
    })
}

/// A part of what comes before a release: numbers are below words (semver.org, rule 11).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    Number(u64),
    Word(&'a str),
}

impl<'a> Identifier<'a> {
    fn of(text: &'a str) -> Self {
        text.parse().map_or(Self::Word(text), Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::is_downgrade;

    #[test]
    fn releases_are_in_the_order_of_semantic_versioning() {
        let rising =
            ["0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.0.1", "1.2", "1.10.0"];
        for (index, older) in rising.iter().enumerate() {
            for newer in &rising[index + 1..] {
                assert!(is_downgrade(newer, older), "{newer} → {older}");
                assert!(!is_downgrade(older, newer), "{older} → {newer}");
            }
        }
    }

    #[test]
    fn the_same_release_is_no_step_back() {
        for (one, other) in [("1.0.0", "1.0.0"), ("1.0", "1.0.0"), ("v1.0.0", "1.0.0")] {
            assert!(!is_downgrade(one, other) && !is_downgrade(other, one), "{one} and {other}");
        }
    }

    #[test]
    fn what_has_no_order_is_never_refused() {
        for (running, wanted) in [("main", "1.0.0"), ("1.0.0", "main"), ("2.0.0_x", "1.0.0"), ("1.2.3.4.5", "1.0.0")] {
            assert!(!is_downgrade(running, wanted), "{running} → {wanted}");
        }
    }
}
