//! How often somebody else has changed what is the operator's, so that a fight over an object is seen.
//!
//! Counted are objects that were put right though the wish was the same as before. What is made anew in the place of a deleted
//! object is not among them: it cannot be told from a new one.

use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;

static CORRECTIONS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    telemetry::meter()
        .u64_counter("socialplatform.operator.drift.corrections")
        .with_description("Objects that somebody else had changed, and that were put right, by kind.")
        .build()
});

/// An object was put right, or so many were; zero makes the kind known. Once the meters are set up.
pub fn corrected(kind: &str, times: u64) {
    CORRECTIONS.add(times, &[KeyValue::new("kind", kind.to_owned())]);
}

/// Was an object put right that carried the hash `applied`, if any, when it became one of this hash? Another hash is another wish.
pub fn is_correction(applied: Option<&str>, hash: &str) -> bool {
    applied == Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_wish_is_no_correction_and_neither_is_what_nobody_applied() {
        assert!(is_correction(Some("1"), "1"));
        assert!(!is_correction(Some("1"), "2"));
        assert!(!is_correction(None, "1"));
    }
}
