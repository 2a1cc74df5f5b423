//! Tags as they are compared: two ways of writing one are one.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest tag, in Unicode scalar values, as written and as compared.
pub(super) const LONGEST: usize = 100;

/// A tag without its `#`, in the one form in which it is stored (NFKC, without case), or `None` for what is no tag.
pub(crate) fn normalized(tag: &str) -> Option<String> {
    let mut tag = folded(tag.chars().take(LONGEST + 1));
    // Folding can make new pairs to compose and the other way round; a few rounds settle what a tag can hold.
    for _ in 0..8 {
        let again = folded(tag.chars());
        if again == tag {
            let fits = tag.chars().count() <= LONGEST && tag.chars().all(is_part) && tag.chars().any(char::is_alphabetic);
            return fits.then_some(tag);
        }
        tag = again;
    }
    None
}

/// May stand in a tag, or before one to make it none.
pub(super) fn is_part(c: char) -> bool {
    // Selectors of variants are marks too, and cannot be seen.
    c.is_alphanumeric() || c == '_' || (is_combining_mark(c) && !('\u{fe00}'..='\u{fe0f}').contains(&c))
}

/// Up and down again: so `ß` meets `SS`, and `ς` meets `σ`, which going down alone would not do.
fn folded(tag: impl Iterator<Item = char>) -> String {
    tag.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_ways_of_writing_a_tag_are_one() {
        for (one, other) in
            [("Straße", "STRASSE"), ("ΌΣΟΣ", "όσος"), ("cafe\u{301}", "Café"), ("ＲＵＳＴ", "rust"), ("ﬁsh", "FISH"), ("हिन्दी", "हिन्दी")]
        {
            assert_eq!(normalized(one), normalized(other), "{one}");
            assert!(normalized(one).is_some(), "{one}");
        }
        assert_ne!(normalized("resume"), normalized("résumé"));
    }

    #[test]
    fn what_is_no_tag_is_none() {
        // The last grows from 100 to 1800 under normalization, with spaces in it.
        for wrong in ["", "2026", "_", "two words", "a-b", "a\0b", &"a".repeat(101), &"\u{fdfa}".repeat(100)] {
            assert_eq!(normalized(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn a_normalized_tag_stays_as_it_is(tag in "[\\p{L}\\p{N}\\p{M}_]{1,20}") {
            if let Some(once) = normalized(&tag) {
                prop_assert_eq!(normalized(&once), Some(once.clone()));
                prop_assert!(once.len() <= 4 * LONGEST);
            }
        }
    }
}
