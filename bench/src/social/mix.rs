//! What people do: DeathStarBench's mix for its social network (60 % read their home timeline, 30 % somebody's, 10 % write).

use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::json;

use super::stage::Stage;
use crate::arguments::Arguments;
use crate::call::{Call, address};
use crate::load::Caller;
use crate::people::Person;

/// What is asked for, by name.
pub const KINDS: [&str; 3] = ["home", "person", "compose"];
/// Posts of a page.
const PAGE: u32 = 10;

/// A page of posts.
#[derive(Clone, Copy, Debug)]
pub enum Read {
    /// One's own timeline.
    Home,
    /// The posts of one person.
    Person,
}

impl Read {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Home, Self::Person];

    /// As its latency is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Home => KINDS[0],
            Self::Person => KINDS[1],
        }
    }

    /// By `viewer`; of `account`, where it matters whose.
    pub fn call(self, viewer: &Person, account: &str) -> Call {
        let path = match self {
            Self::Home => format!("/v1/timelines/home?limit={PAGE}"),
            Self::Person => format!("/v1/timelines/accounts/{account}?limit={PAGE}"),
        };
        Call::get(self.name(), path).by(&viewer.token)
    }
}

/// Whoever it is now, and whatever they do.
pub struct Mixed {
    n: usize,
    random: SmallRng,
    viewers: Arc<[Person]>,
    accounts: Arc<[String]>,
    written: u32,
}

/// One for each connection. Their choices are the same in every run.
pub fn callers(arguments: &Arguments, stage: &Stage, viewers: &[Person]) -> Vec<Mixed> {
    let (viewers, accounts): (Arc<[Person]>, Arc<[String]>) = (viewers.into(), stage.accounts.as_slice().into());
    let caller = |n: usize| {
        let random = SmallRng::seed_from_u64(n as u64);
        Mixed { n, random, viewers: viewers.clone(), accounts: accounts.clone(), written: 0 }
    };
    (0..arguments.connections()).map(caller).collect()
}

impl Caller for Mixed {
    fn next(&mut self) -> Call {
        let viewer = &self.viewers[self.random.random_range(0..self.viewers.len())];
        let account = &self.accounts[self.random.random_range(0..self.accounts.len())];
        let call = match self.random.random_range(0..10) {
            0..6 => Read::Home.call(viewer, account),
            6..9 => Read::Person.call(viewer, account),
            _ => {
                self.written += 1;
                let text = format!("Number {} of what connection {} has to say, at some length, about nothing much.", self.written, self.n);
                Call::post(KINDS[2], "/v1/posts", &json!({ "text": text, "visibility": "public" })).by(&viewer.token)
            }
        };
        call.sent_from(address(self.n))
    }
}
