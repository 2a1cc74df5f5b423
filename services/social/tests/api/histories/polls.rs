//! Whoever polls a list is told what has come to it since, and nothing that is not in it.

use std::collections::{BTreeMap, BTreeSet};

use super::World;
use super::reads::{self, Expected, ReadPath};
use super::shown;

/// By path, viewer and subject.
#[derive(Default)]
pub struct Polls(BTreeMap<(&'static str, Option<usize>, usize), Poll>);

struct Poll {
    prev: String,
    /// Posts that there were then.
    posts: usize,
}

impl World {
    /// Polls a list, if that has begun, and else begins with what was just read of it.
    pub async fn poll(
        &mut self,
        path: &'static ReadPath,
        viewer: Option<usize>,
        subject: usize,
        list: &Expected,
        begun: Option<String>,
    ) -> Result<(), String> {
        let (key, posts) = ((path.name, viewer, subject), self.model.posts.len());
        let Some(Poll { prev, posts: known }) = self.polls.0.remove(&key) else {
            self.polls.0.extend(begun.map(|prev| (key, Poll { prev, posts })));
            return Ok(());
        };
        let (told, next) = reads::poll(&self.social, path, prev.clone(), viewer.map(|viewer| &self.people[viewer])).await;
        self.polls.0.insert(key, Poll { prev: next, posts });
        let new: BTreeSet<&str> = self.model.posts[known..].iter().map(|post| post.id.as_str()).collect();
        let must = list.must.iter().filter(|words| new.contains(shown::post_id(words))).cloned().collect();
        let expected = Expected { must, may: list.may.clone() };
        match expected.differs(&told) {
            None => Ok(()),
            Some(difference) => Err(format!("{}, polled by {viewer:?} at {prev}: {difference}", path.name)),
        }
    }
}
