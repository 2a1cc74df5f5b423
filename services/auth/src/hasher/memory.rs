use std::sync::Mutex;

use argon2::Block;

/// The memory of hashes. To get it from the system page by page costs a good part of a hash, so it goes on to the next one
/// while hashes wait, and back to the system when none does. There is never more than hashes run at once.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    pub(super) fn take(&self) -> Vec<Block> {
        self.0.lock().expect("no holder panics").pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, memory: Vec<Block>, is_wanted: bool) {
        let mut free = self.0.lock().expect("no holder panics");
        match is_wanted {
            true => free.push(memory),
            false => free.clear(),
        }
    }

    /// How many there are that no hash has.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}
