//! What is said of a statement by its text. A program has some hundred texts and runs them without end, and to find the table in
//! one is to read most of it: so each is read once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use foldhash::fast::RandomState;

use crate::query_text::summary;

/// More texts than a program has. If one should put texts together as it runs, those that come later are read each time.
const MOST: usize = 4_096;

/// By text. Hashed by what is quick for a kilobyte: nobody outside chooses them.
type Texts = HashMap<Arc<str>, Arc<Described>, RandomState>;

static READ: LazyLock<RwLock<Texts>> = LazyLock::new(RwLock::default);

/// A text, and what it says. Each of its spans shares them.
pub(crate) struct Described {
    pub(crate) text: Arc<str>,
    /// The name of its spans, and a label: the operation and the table (`db.query.summary`).
    pub(crate) summary: Arc<str>,
}

/// What a text says, which is read if it has not been.
pub(crate) fn described(text: &str) -> Arc<Described> {
    // Whoever panics with them leaves them whole.
    let known = READ.read().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
    known.unwrap_or_else(|| {
        let described = Arc::new(Described { text: text.into(), summary: summary(text).into() });
        let mut read = READ.write().unwrap_or_else(PoisonError::into_inner);
        if read.len() < MOST {
            read.insert(described.text.clone(), described.clone());
        }
        described
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_and_no_more_of_them_are_kept_than_a_program_has() {
        let text = "select id from posts where id = $1";
        let first = described(text);
        assert_eq!((&*first.summary, &*first.text), ("SELECT posts", text));
        assert!(Arc::ptr_eq(&first, &described(text)), "the same, and not one like it");
        for number in 0..=MOST {
            assert_eq!(&*described(&format!("select {number}")).summary, "SELECT");
        }
        assert_eq!(READ.read().expect("nobody panics").len(), MOST);
    }
}
