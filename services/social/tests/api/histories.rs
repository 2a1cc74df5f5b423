//! Who sees what, after whatever has happened: random histories through the front door, held after each step against a plain
//! model. So are what people read, with how much of it there is said to be, what lists tell whoever polls them, and what
//! streams tell. A handful in the ordinary tests, many more with `PROVE=1`; `SEED` says where to begin.
//!
//! That this would notice is tested too, with mistakes that are planted. Whoever changes the rule plants another.

mod mistakes;
mod model;
mod polls;
mod reads;
mod shown;
mod steps;
mod streams;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::stream::client::Events;
use crate::support::{Person, TestSocial};
use mistakes::{MISTAKES, Mistake};
use model::Model;
use polls::Polls;
use reads::{Form, ReadPath, Subjects};

/// A service with its people, and what should be true of it.
pub struct World {
    pub social: TestSocial,
    pub people: Vec<Person>,
    /// Of each, unless they are hidden.
    streams: Vec<Option<Events>>,
    /// Whom all follow, and who does nothing but ring.
    bell: Person,
    /// The last post of the bell.
    rung: String,
    polls: Polls,
    pub model: Model,
    /// What happened, for whoever looks into a failure.
    pub past: Vec<String>,
}

/// How much of a history is looked at.
struct Effort {
    steps: usize,
    /// Steps between two looks.
    every: usize,
    /// With the eyes of everybody, or else of somebody at random; at the end with those of everybody.
    everybody: bool,
    /// Posts that are asked about one by one, beside the last one touched; at the end all of them, if any.
    posts: usize,
}

impl World {
    async fn begin(seed: u64, mistake: Option<&Mistake>) -> Self {
        let social = TestSocial::spawn().await;
        if let Some(mistake) = mistake {
            mistake.plant(&social.db).await;
        }
        let people: Vec<Person> = (0..3).map(|_| social.person()).collect();
        let model = Model::of(people.iter().map(|person| person.id.to_string()), mistake.and_then(Mistake::slip));
        let (streams, bell, polls) = (people.iter().map(|_| None).collect(), social.person(), Polls::default());
        Self { social, people, streams, bell, rung: String::new(), polls, model, past: vec![format!("seed {seed}")] }
    }

    /// Those who may be asked: people, and a visitor.
    fn viewers(&self) -> Vec<Option<usize>> {
        (0..self.people.len()).map(Some).chain([None]).collect()
    }

    /// Holds one read of one viewer against the model.
    async fn check(&mut self, path: &'static ReadPath, viewer: Option<usize>, subject: usize) -> Result<(), String> {
        let expected = (path.expected)(&self.model, viewer, subject);
        let address = (path.address)(&self.model, subject);
        let seen = reads::read(&self.social, path, address.clone(), viewer.map(|viewer| &self.people[viewer])).await;
        let difference = match (&expected, &seen) {
            (Some(expected), Some(seen)) => expected.differs(&seen.items),
            (None, None) => None,
            (Some(_), None) => Some("there is nothing".to_owned()),
            (None, Some(seen)) => Some(format!("there is {:#?}", seen.items)),
        };
        if let Some(difference) = difference {
            return Err(format!("{}, read by {viewer:?} at {address}: {difference}", path.name));
        }
        match (expected, seen) {
            (Some(expected), Some(seen)) if path.form == Form::Polled => self.poll(path, viewer, subject, &expected, seen.prev).await,
            _ => Ok(()),
        }
    }

    /// Holds every path against the model for one viewer; of posts, the last one touched and a few others, or all.
    async fn look(&mut self, viewer: Option<usize>, most: usize, random: &mut StdRng) -> Result<(), String> {
        // Who is hidden cannot sign in.
        if viewer.is_some_and(|viewer| self.model.hidden.contains(&viewer)) {
            return Ok(());
        }
        for path in reads::all().filter(|path| viewer.is_some() || !path.signed_in) {
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
                self.check(path, viewer, subject).await?;
            }
        }
        Ok(())
    }

    async fn live(&mut self, effort: &Effort, random: &mut StdRng) -> Result<(), String> {
        self.introduce().await?;
        for step in 1..=effort.steps {
            let broken = self.break_off(random);
            self.step(random).await?;
            self.go_on(broken).await;
            self.hear().await?;
            if step % effort.every > 0 {
                continue;
            }
            let all = self.viewers();
            let watching = if effort.everybody { all } else { vec![all[random.random_range(0..all.len())]] };
            for viewer in watching {
                self.look(viewer, effort.posts, random).await?;
            }
        }
        for viewer in self.viewers() {
            self.look(viewer, if effort.posts > 0 { usize::MAX } else { 0 }, random).await?;
        }
        Ok(())
    }
}

/// A history, and where it and the model part.
async fn history(seed: u64, effort: &Effort, mistake: Option<&Mistake>) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World::begin(seed, mistake).await;
    let held = world.live(effort, &mut random).await;
    held.map_err(|difference| format!("{difference}\nafter\n{}", world.past.join("\n")))
}

/// The history to begin with.
fn first() -> u64 {
    std::env::var("SEED").map_or(0, |seed| seed.parse().expect("a number"))
}

#[tokio::test]
async fn everybody_sees_and_is_told_what_is_for_them_and_nothing_else_whatever_has_happened() {
    let prove = std::env::var_os("PROVE").is_some();
    let (histories, steps) = if prove { (100, 60) } else { (3, 40) };
    let effort = Effort { steps, every: 1, everybody: prove, posts: 3 };
    for seed in first()..first() + histories {
        if let Err(difference) = history(seed, &effort, None).await {
            panic!("{difference}");
        }
    }
}

#[tokio::test]
async fn every_planted_mistake_is_noticed() {
    let effort = Effort { steps: 100, every: 3, everybody: false, posts: 0 };
    for mistake in MISTAKES {
        let mut noticed = None;
        for seed in first()..first() + 20 {
            if let Err(difference) = history(seed, &effort, Some(mistake)).await {
                noticed = Some((seed, difference));
                break;
            }
        }
        let (seed, difference) = noticed.unwrap_or_else(|| panic!("no history notices that {}", mistake.name));
        println!("history {seed} notices that {}: {}", mistake.name, difference.lines().next().unwrap_or_default());
    }
}
