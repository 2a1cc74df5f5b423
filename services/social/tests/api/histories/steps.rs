//! What may happen next, done to the service and to the model.

mod marks;
mod people;
mod writing;

use contracts::fact::AccountState;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::World;
use super::model::{Audience, Post};
use crate::answers::{answer, id};
use people::Relating;

impl World {
    /// Everybody says who they are, so that social knows them and their handles, follows and lists the others, and listens.
    pub async fn introduce(&mut self) -> Result<(), String> {
        let people = 0..self.people.len();
        for who in people.clone() {
            let (status, _) = self.ask(who, Method::PATCH, "/v1/profiles/me", Some(json!({"display_name": "History"}))).await;
            assert_eq!(status, StatusCode::OK);
            let (status, list) = self.ask(who, Method::POST, "/v1/timelines/lists", Some(json!({"title": "a"}))).await;
            assert_eq!(status, StatusCode::CREATED);
            self.model.lists.push(id(&list).to_owned());
            self.social.follow(&self.people[who], &self.bell).await;
        }
        for one in people.clone() {
            for other in people.clone().filter(|other| *other != one) {
                self.relate(one, other, Relating::Follow).await;
                self.enlist(one, other, true).await?;
            }
            self.listen(one).await;
        }
        Ok(())
    }

    /// Does something at random.
    pub async fn step(&mut self, random: &mut StdRng) -> Result<(), String> {
        let (one, other) = (random.random_range(0..self.people.len()), random.random_range(0..self.people.len()));
        let audience = Audience::ALL[random.random_range(0..5)];
        let named = (audience == Audience::Direct || random.random_bool(0.5)).then_some(other);
        let (post, put) = (self.some_post(random), random.random_bool(0.6));
        self.model.touched = None;
        self.model.told.clear();
        // Who is hidden does nothing, until they are restored.
        if self.model.hidden.contains(&one) {
            self.hide(one, AccountState::Active).await;
            return Ok(());
        }
        match (random.random_range(0..33), post) {
            (0..=8, _) => self.relate_somehow(one, other, random).await,
            (9..=11, _) | (_, None) => self.post(one, audience, named).await,
            (12..=15, Some(post)) => return self.reply(one, post, named).await,
            (16..=17, Some(post)) => return self.show_to(self.model.root_of(post), audience).await,
            (18..=19, Some(post)) => return self.rewrite(self.some_direct(random).unwrap_or(post), named).await,
            (20..=23, Some(post)) => {
                let undone = self.one_of(|post| post.reacted.contains(&one), random).filter(|_| !put);
                return self.touch(one, undone.unwrap_or(post), "reactions/👍", put).await;
            }
            (24, Some(post)) => {
                let undone = self.one_of(|post| post.bookmarked.contains(&one), random).filter(|_| !put);
                return self.touch(one, undone.unwrap_or(post), "bookmark", put).await;
            }
            (25, Some(post)) => return self.pin(self.model.root_of(post)).await,
            (26, _) => self.hide(other, AccountState::Hidden).await,
            (27..=28, _) => return self.enlist(one, other, put).await,
            (29, _) => self.follow_tag(one, put).await,
            (30, _) => self.be_shy(one, put).await,
            (31, _) => self.read_notices(one).await,
            (_, Some(post)) => return self.delete(post).await,
        }
        Ok(())
    }

    /// A post, mostly a late one that is there, so that much happens to the same.
    fn some_post(&self, random: &mut StdRng) -> Option<usize> {
        let all = 0..self.model.posts.len();
        let late = all.clone().rev().filter(|post| !self.model.posts[*post].deleted).take(6);
        late.choose(random).filter(|_| random.random_bool(0.9)).or_else(|| all.choose(random))
    }

    /// Sometimes a post for those whom it mentions.
    fn some_direct(&self, random: &mut StdRng) -> Option<usize> {
        let direct = |post: &Post| post.root.is_none() && !post.deleted && post.now.audience == Audience::Direct;
        self.one_of(direct, random).filter(|_| random.random_bool(0.4))
    }

    /// One of the posts of which something holds.
    fn one_of(&self, holds: impl Fn(&Post) -> bool, random: &mut StdRng) -> Option<usize> {
        let all = self.model.posts.iter().enumerate();
        all.filter(|(_, post)| holds(post)).map(|(index, _)| index).choose(random)
    }

    async fn ask(&self, who: usize, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self.social.request(method, path, Some(&self.people[who]));
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    fn path(&self, post: usize) -> String {
        format!("/v1/posts/{}", self.model.posts[post].id)
    }

    /// Is the author of a post hidden? Then they do nothing.
    fn is_away(&self, post: usize) -> bool {
        self.model.hidden.contains(&self.model.posts[post].author)
    }

    /// Whoever may do something, does it; to all others there is nothing. Says which it was.
    fn done(&self, status: StatusCode, success: StatusCode, may: bool) -> Result<bool, String> {
        let expected = if may { success } else { StatusCode::NOT_FOUND };
        match status == expected {
            true => Ok(may),
            false => Err(format!("the last step is answered with {status} instead of {expected}")),
        }
    }
}
