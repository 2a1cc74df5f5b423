//! What streams tell while it happens, held against the model step by step.

use std::collections::BTreeSet;

use rand::Rng;
use rand::rngs::StdRng;
use reqwest::StatusCode;
use serde_json::json;

use super::World;
use super::shown;
use crate::answers::id;
use crate::stream::client::Events;

impl World {
    /// Opens a stream for somebody.
    pub async fn listen(&mut self, who: usize) {
        self.streams[who] = Some(Events::open(&self.social, &self.people[who]).await);
    }

    /// Ends it: whoever is hidden is signed out.
    pub fn hang_up(&mut self, who: usize) {
        self.streams[who] = None;
    }

    /// Sometimes a stream breaks off: whose, and the last event that they have.
    pub fn break_off(&mut self, random: &mut StdRng) -> Option<(usize, String)> {
        let who = random.random_range(0..self.people.len());
        let broken = random.random_bool(0.2).then(|| self.streams[who].take()).flatten()?;
        self.past.push(format!("the stream of {who} breaks off"));
        Some((who, broken.last))
    }

    /// It goes on from there, and is to tell what one tells that stayed; unless they are hidden since, and signed out.
    pub async fn go_on(&mut self, broken: Option<(usize, String)>) {
        let Some((who, last)) = broken.filter(|(who, _)| !self.model.hidden.contains(who)) else { return };
        self.past.push(format!("the stream of {who} goes on"));
        self.streams[who] = Some(Events::resume(&self.social, &self.people[who], Some(&last)).await);
    }

    /// Hears what the last step lets each stream tell. For an end of it, somebody whom all follow rings: a post that is told when
    /// all before it is, and that is gone before anybody reads.
    pub async fn hear(&mut self) -> Result<(), String> {
        let ring = self.social.posted(&self.bell, json!({"text": "ring"})).await;
        let mut held = Ok(());
        for reader in 0..self.people.len() {
            let Some(stream) = &mut self.streams[reader] else { continue };
            let mut told = BTreeSet::new();
            loop {
                let event = stream.next().await;
                match (event.name.as_str(), event.data.get("id").and_then(|id| id.as_str())) {
                    (_, Some(new)) if new == id(&ring) => break,
                    // The one before, which was deleted.
                    (_, Some(old)) if old == self.rung => {}
                    // One that goes on has told what it missed.
                    ("ready", _) => {}
                    ("reset", _) => return Err(format!("the stream of {reader} does not know where it broke off")),
                    _ => assert!(told.insert(shown::event(&event)), "{event:?} is told twice"),
                }
            }
            let of_them = self.model.told.iter().filter(|(whom, _)| *whom == reader);
            let expected: BTreeSet<String> = of_them.filter_map(|(_, event)| self.model.event_in_words(reader, *event)).collect();
            if held.is_ok() && told != expected {
                held = Err(format!("the stream of {reader} tells {told:#?} instead of {expected:#?}"));
            }
        }
        assert_eq!(self.social.delete(&self.bell, &ring).await, StatusCode::NO_CONTENT);
        self.rung = id(&ring).to_owned();
        held
    }
}
