//! Small pictures that were shown lately, in memory: a page of them need not ask the store for each again, and while the store
//! cannot answer they are still there. The name of an object is never used twice, so what is here is never of yesterday. It is
//! nobody's either: whether somebody may see a picture is asked of the database each time.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use lru::LruCache;
use tokio::sync::Semaphore;

use crate::objects::{self, Objects};

/// A larger picture, in bytes, is left to the store.
const LARGEST: usize = 512 * 1024;
/// What a picture takes beside its bytes: its name, and its places in the list and in the map.
const OVERHEAD: usize = 256;
/// Pictures that are fetched whole at once; the others are passed on as they come.
const FETCHED: usize = 16;

/// As many of them as fit.
pub(crate) struct Recent {
    /// Bytes of all pictures together, at the most, with what they take beside.
    most: usize,
    held: Mutex<Held>,
    fetched: Semaphore,
}

struct Held {
    /// By the names of their objects.
    pictures: LruCache<String, Bytes>,
    bytes: usize,
}

impl Recent {
    /// With room for `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        let held = Held { pictures: LruCache::unbounded(), bytes: 0 };
        Self { most, held: Mutex::new(held), fetched: Semaphore::new(FETCHED) }
    }

    /// A picture of `size` bytes, from memory or else from the store, and then kept. `None` if it is to be passed on as it
    /// comes from the store.
    pub(crate) async fn picture(&self, objects: &Objects, object: &str, size: usize) -> objects::Result<Option<Bytes>> {
        if let Some(picture) = self.find(object) {
            return Ok(Some(picture));
        }
        if size > LARGEST.min(self.most) {
            return Ok(None);
        }
        let Ok(_turn) = self.fetched.try_acquire() else { return Ok(None) };
        let mut picture = Vec::with_capacity(size);
        if !objects.read(object, size, &mut picture).await? {
            return Ok(None);
        }
        let picture = Bytes::from(picture);
        self.keep(object, picture.clone());
        Ok(Some(picture))
    }

    fn find(&self, object: &str) -> Option<Bytes> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).pictures.get(object).cloned()
    }

    fn keep(&self, object: &str, picture: Bytes) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += weight(&picture);
        if let Some(before) = held.pictures.put(object.to_owned(), picture) {
            held.bytes -= weight(&before);
        }
        while held.bytes > self.most {
            let Some((_, oldest)) = held.pictures.pop_lru() else { break };
            held.bytes -= weight(&oldest);
        }
    }
}

/// Bytes of memory that it takes to keep a picture.
fn weight(picture: &Bytes) -> usize {
    picture.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_shown_for_the_longest_time_makes_room() {
        let recent = Recent::new(2 * (40 + OVERHEAD));
        for name in ["a", "b"] {
            recent.keep(name, Bytes::from(vec![0; 40]));
        }
        assert!(recent.find("a").is_some());
        recent.keep("c", Bytes::from(vec![0; 40]));
        assert_eq!(["a", "b", "c"].map(|name| recent.find(name).is_some()), [true, false, true]);
        // The same again takes no more room.
        recent.keep("c", Bytes::from(vec![0; 40]));
        assert!(recent.find("a").is_some());
        recent.keep("d", Bytes::from(vec![0; 100]));
        assert_eq!(["a", "c", "d"].map(|name| recent.find(name).is_some()), [false, false, true]);
    }

    #[test]
    fn pictures_without_bytes_make_room_too() {
        let recent = Recent::new(OVERHEAD);
        for name in ["a", "b"] {
            recent.keep(name, Bytes::new());
        }
        assert_eq!(["a", "b"].map(|name| recent.find(name).is_some()), [false, true]);
    }
}
