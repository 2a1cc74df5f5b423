//! Who sees what, after whatever has happened: random histories through the front door, held after each step against a plain
//! model. A handful in the ordinary tests, many more with `PROVE=1`; `SEED` says where to begin.
//!
//! It must catch mistakes. Whoever changes it plants each of these, alone, and sees it fail:
//!
//! 1. `visible` in migrations/0013_visible.sql without its last line: a block does not hide comments.
//! 2. `threads::set_visibility` in src/store/threads.rs does nothing: a narrowed post leaves its comments behind.
//! 3. `entities::keep` in src/store/entities.rs deletes no mentions: a direct post stays with whom it mentioned before.
//! 4. `severed` in migrations/0071_rule_planned_once.sql without `is_hidden`: who is hidden is still seen.

mod model;
mod reads;
mod steps;

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::support::{Person, TestSocial};
use model::Model;
use reads::{READS, ReadPath, Subjects};

/// A service with its people, and what should be true of it.
pub struct World {
    pub social: TestSocial,
    pub people: Vec<Person>,
    pub model: Model,
    /// What happened, for whoever looks into a failure.
    pub past: Vec<String>,
}

impl World {
    /// Holds one read of one viewer against the model. What is too much is never right; what is missing may be on its way
    /// where the path says so.
    async fn check(&self, path: &ReadPath, viewer: Option<usize>, subject: usize) {
        let expected = (path.expected)(&self.model, viewer, subject);
        let address = (path.address)(&self.model, subject);
        let who = viewer.map(|viewer| &self.people[viewer]);
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let seen = reads::read(&self.social, &address, who).await;
            if seen == expected {
                return;
            }
            let leak = match (&seen, &expected) {
                (Some(seen), Some(expected)) => !seen.is_subset(expected),
                (Some(_), None) => true,
                (None, _) => false,
            };
            assert!(
                path.settles && !leak && Instant::now() < deadline,
                "{}, read by {viewer:?} at {address}: {seen:?} instead of {expected:?}, after\n{}",
                path.name,
                self.past.join("\n")
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Holds every path against the model for one viewer; of posts, the last one touched and a few others, or all.
    async fn check_all(&self, viewer: Option<usize>, most: usize, random: &mut StdRng) {
        // Who is hidden cannot sign in.
        if viewer.is_some_and(|viewer| self.model.hidden.contains(&viewer)) {
            return;
        }
        for path in READS.iter().filter(|path| viewer.is_some() || !path.signed_in) {
            let subjects: Vec<usize> = match path.subjects {
                Subjects::One => vec![0],
                Subjects::People => (0..self.people.len()).collect(),
                Subjects::Posts => {
                    let all: Vec<usize> = (0..self.model.posts.len()).collect();
                    let some = all.choose_multiple(random, most).copied();
                    self.model.touched.into_iter().chain(some).collect()
                }
            };
            for subject in subjects {
                self.check(path, viewer, subject).await;
            }
        }
    }
}

async fn history(seed: u64, steps: usize, prove: bool) {
    let mut random = StdRng::seed_from_u64(seed);
    let social = TestSocial::spawn().await;
    let people: Vec<Person> = (0..4).map(|_| social.person()).collect();
    let model = Model::of(people.iter().map(|person| person.id.to_string()));
    let mut world = World { social, people, model, past: vec![format!("seed {seed}")] };
    world.introduce().await;
    let viewers = |world: &World| (0..world.people.len()).map(Some).chain([None]).collect::<Vec<_>>();
    for _ in 0..steps {
        world.step(&mut random).await;
        let all = viewers(&world);
        let watching = if prove { all } else { vec![all[random.random_range(0..all.len())]] };
        for viewer in watching {
            world.check_all(viewer, 3, &mut random).await;
        }
    }
    for viewer in viewers(&world) {
        world.check_all(viewer, usize::MAX, &mut random).await;
    }
}

#[tokio::test]
async fn everybody_sees_what_is_for_them_and_nothing_else_whatever_has_happened() {
    let prove = std::env::var_os("PROVE").is_some();
    let first: u64 = std::env::var("SEED").map_or(0, |seed| seed.parse().expect("a number"));
    let (histories, steps) = if prove { (100, 60) } else { (3, 40) };
    for seed in first..first + histories {
        history(seed, steps, prove).await;
    }
}
