use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::Block;

/// What is done with the memory of a hash.
pub(super) type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// Jobs that run, so many at once, and those that wait. A thread that has done one does the next: to wake another for each would
/// leave a core without work meanwhile, and to get memory from the system page by page costs a good part of a hash. When none
/// waits, thread and memory go back. There is never more memory than jobs run at once.
pub(super) struct Line {
    at_once: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    waiting: VecDeque<Job>,
}

impl Line {
    pub(super) fn new(at_once: usize) -> Self {
        Self { at_once, state: Mutex::default() }
    }

    /// Does it as soon as all before it have begun.
    pub(super) fn join(self: &Arc<Self>, job: Job) {
        let mut state = self.state();
        if state.running == self.at_once {
            state.waiting.push_back(job);
            return;
        }
        state.running += 1;
        drop(state);
        let line = self.clone();
        tokio::task::spawn_blocking(move || line.work(job));
    }

    fn work(&self, first: Job) {
        let (mut memory, mut next) = (Vec::new(), Some(first));
        while let Some(job) = next {
            // One that panics drops what it would have answered with, and holds up nobody.
            let _ = catch_unwind(AssertUnwindSafe(|| job(&mut memory)));
            next = self.next();
        }
    }

    /// The next one for a thread that is done; if there is none, the thread is none of ours any more.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.running -= 1;
        }
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    /// Joins with a job that says how much memory it has found, and leaves a block more.
    fn join(line: &Arc<Line>) -> oneshot::Receiver<usize> {
        let (tell, told) = oneshot::channel();
        line.join(Box::new(move |memory| {
            let found = memory.len();
            memory.push(Block::new());
            let _ = tell.send(found);
        }));
        told
    }

    #[tokio::test]
    async fn whoever_waits_gets_the_memory_of_the_one_before_and_whoever_does_not_gets_new_memory() {
        let line = Arc::new(Line::new(1));
        let (hold, held) = std::sync::mpsc::channel::<()>();
        line.join(Box::new(move |memory| {
            memory.push(Block::new());
            let _ = held.recv();
        }));
        let (second, third) = (join(&line), join(&line));
        drop(hold);
        assert_eq!((second.await.unwrap(), third.await.unwrap()), (1, 2));
        while line.state().running > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(join(&line).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn one_that_panics_holds_up_nobody() {
        let line = Arc::new(Line::new(1));
        line.join(Box::new(|_| panic!("this is what is tested")));
        assert!(join(&line).await.is_ok());
    }
}
