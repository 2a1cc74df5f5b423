//! What may happen next, done to the service and to the model.

use std::collections::BTreeSet;

use contracts::fact::{AccountState, Fact, RelationChanged};
use rand::Rng;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::World;
use super::model::{Audience, Post, Said};
use crate::answers::{answer, id};

impl World {
    /// Everybody writes something, so that social knows them and their handles.
    pub async fn introduce(&self) {
        for who in 0..self.people.len() {
            let (status, _) = self.ask(who, Method::PATCH, "/v1/profiles/me", Some(json!({"bio": "a"}))).await;
            assert_eq!(status, StatusCode::OK);
        }
    }

    /// Does something at random.
    pub async fn step(&mut self, random: &mut StdRng) {
        let (one, other) = (random.random_range(0..self.people.len()), random.random_range(0..self.people.len()));
        let audience = Audience::ALL[random.random_range(0..5)];
        let named = random.random_bool(0.6).then_some(other);
        let post = (!self.model.posts.is_empty()).then(|| random.random_range(0..self.model.posts.len()));
        self.model.touched = None;
        // Who is hidden does nothing, until they are restored.
        if self.model.hidden.contains(&one) {
            return self.hide(one, AccountState::Active).await;
        }
        match (random.random_range(0..21), post) {
            (0..=4, _) => self.relate(one, other, random.random_range(0..8)).await,
            (5..=8, _) | (_, None) => self.post(one, audience, named).await,
            (9..=11, Some(post)) => self.reply(one, post).await,
            (12..=13, Some(post)) => self.show_to(self.model.root_of(post), audience).await,
            (14..=15, Some(post)) => self.rewrite(post, named).await,
            (16, Some(post)) => self.touch(one, post, "reactions/👍", random.random_bool(0.7)).await,
            (17, Some(post)) => self.touch(one, post, "bookmark", random.random_bool(0.7)).await,
            (18, Some(post)) => self.pin(self.model.root_of(post)).await,
            (19, _) => self.hide(other, AccountState::Hidden).await,
            (_, Some(post)) => self.delete(post).await,
        }
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

    /// Hides somebody, or restores them, as auth would.
    async fn hide(&mut self, who: usize, state: AccountState) {
        self.past.push(format!("{who} is {state:?}"));
        match state {
            AccountState::Hidden => self.model.hidden.insert(who),
            AccountState::Active => self.model.hidden.remove(&who),
        };
        self.social.hide(&self.people[who], state).await;
    }

    /// Is the author of a post hidden? Then they do nothing.
    fn is_away(&self, post: usize) -> bool {
        self.model.hidden.contains(&self.model.posts[post].author)
    }

    /// Changes how two people stand to each other, as relation would.
    async fn relate(&mut self, one: usize, other: usize, what: u8) {
        if one == other {
            return;
        }
        self.past.push(format!("relation {what} of {one} to {other}"));
        let (there, back, model) = ((one, other), (other, one), &mut self.model);
        let apart = model.severed(one, other);
        match what {
            0 if !apart => {
                model.follows.insert(there);
            }
            1 => {
                model.follows.remove(&there);
            }
            2 if !apart => model.friends.extend([there, back]),
            3 => model.friends.retain(|pair| *pair != there && *pair != back),
            4 => {
                model.blocks.insert(there);
                for pair in [there, back] {
                    model.follows.remove(&pair);
                    model.friends.remove(&pair);
                }
            }
            5 => {
                model.blocks.remove(&there);
            }
            6 => {
                model.mutes.insert(there);
            }
            _ => {
                model.mutes.remove(&there);
            }
        }
        for (actor, target) in [back, there] {
            let pair = (actor, target);
            let changed = RelationChanged {
                follows: self.model.follows.contains(&pair),
                friends: self.model.friends.contains(&pair),
                blocks: self.model.blocks.contains(&pair),
                mutes: self.model.mutes.contains(&pair),
                severed: true,
                ..RelationChanged::nothing(self.people[actor].id, self.people[target].id)
            };
            self.social.tell(Fact::RelationChanged(changed)).await;
        }
    }

    /// Something that was never said, naming somebody; and who that names, as far as the author may know of them.
    fn said(&self, author: usize, audience: Audience, named: Option<usize>) -> Said {
        let handle = named.map_or(String::new(), |named| format!(" @person_{}", self.people[named].id));
        let text = format!("{} #history{handle}", self.past.len());
        let mentioned: BTreeSet<usize> = named.into_iter().filter(|named| !self.model.is_kept_from(Some(author), *named)).collect();
        Said { text, audience, mentioned }
    }

    fn keep(&mut self, made: &Value, author: usize, parent: Option<usize>, now: Said) {
        let root = parent.map(|parent| self.model.root_of(parent));
        self.model.touched = Some(self.model.posts.len());
        self.model.posts.push(Post {
            id: id(made).to_owned(),
            author,
            parent,
            root,
            now,
            before: Vec::new(),
            deleted: false,
            pinned: false,
            reacted: BTreeSet::new(),
            bookmarked: BTreeSet::new(),
        });
    }

    async fn post(&mut self, author: usize, audience: Audience, named: Option<usize>) {
        let said = self.said(author, audience, named);
        self.past.push(format!("{author} posts {said:?}"));
        let body = json!({"text": said.text, "visibility": audience.name()});
        let (status, made) = self.ask(author, Method::POST, "/v1/posts", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        self.keep(&made, author, None, said);
    }

    async fn reply(&mut self, author: usize, parent: usize) {
        let said = self.said(author, Audience::Public, None);
        self.past.push(format!("{author} answers {parent}"));
        let body = json!({"text": said.text, "parent": self.model.posts[parent].id});
        let (status, made) = self.ask(author, Method::POST, "/v1/posts", Some(body)).await;
        if self.done(status, StatusCode::CREATED, self.model.sees(Some(author), parent)) {
            self.keep(&made, author, Some(parent), said);
        }
    }

    /// Whoever may do something, does it; to all others there is nothing. Says which it was.
    fn done(&self, status: StatusCode, success: StatusCode, may: bool) -> bool {
        assert_eq!(status, if may { success } else { StatusCode::NOT_FOUND }, "after\n{}", self.past.join("\n"));
        may
    }

    async fn show_to(&mut self, post: usize, audience: Audience) {
        if self.is_away(post) {
            return;
        }
        self.model.touched = Some(post);
        let author = self.model.posts[post].author;
        self.past.push(format!("{author} shows {post} to {audience:?}"));
        let body = Some(json!({"visibility": audience.name()}));
        let (status, _) = self.ask(author, Method::PATCH, &self.path(post), body).await;
        if self.done(status, StatusCode::OK, self.model.sees(Some(author), post)) {
            self.model.posts[post].now.audience = audience;
        }
    }

    async fn rewrite(&mut self, post: usize, named: Option<usize>) {
        if self.is_away(post) {
            return;
        }
        self.model.touched = Some(post);
        let author = self.model.posts[post].author;
        let said = self.said(author, self.model.posts[post].now.audience, named);
        self.past.push(format!("{author} rewrites {post} to {said:?}"));
        let (status, _) = self.ask(author, Method::PATCH, &self.path(post), Some(json!({"text": said.text}))).await;
        if self.done(status, StatusCode::OK, self.model.sees(Some(author), post)) {
            // A comment was for whom its root was.
            let root = self.model.posts[self.model.root_of(post)].now.clone();
            let post = &mut self.model.posts[post];
            let before = std::mem::replace(&mut post.now, said);
            post.before.push(Said { text: before.text, ..root });
        }
    }

    /// Reacts or bookmarks, or takes it back.
    async fn touch(&mut self, who: usize, post: usize, what: &str, put: bool) {
        self.model.touched = Some(post);
        let method = if put { Method::PUT } else { Method::DELETE };
        self.past.push(format!("{who} does {method} {what} at {post}"));
        let (status, _) = self.ask(who, method, &format!("{}/{what}", self.path(post)), None).await;
        if self.done(status, StatusCode::NO_CONTENT, self.model.sees(Some(who), post)) {
            let post = &mut self.model.posts[post];
            let kept = if what == "bookmark" { &mut post.bookmarked } else { &mut post.reacted };
            if put {
                kept.insert(who)
            } else {
                kept.remove(&who)
            };
        }
    }

    async fn pin(&mut self, post: usize) {
        if self.is_away(post) {
            return;
        }
        self.model.touched = Some(post);
        let author = self.model.posts[post].author;
        let pinned = self.model.posts.iter().filter(|post| post.pinned && !post.deleted && post.author == author).count();
        if pinned >= 5 {
            return;
        }
        self.past.push(format!("{author} pins {post}"));
        let (status, _) = self.ask(author, Method::PUT, &format!("{}/pin", self.path(post)), None).await;
        if self.done(status, StatusCode::NO_CONTENT, !self.model.posts[post].deleted) {
            self.model.posts[post].pinned = true;
        }
    }

    async fn delete(&mut self, post: usize) {
        if self.is_away(post) {
            return;
        }
        self.model.touched = Some(post);
        let author = self.model.posts[post].author;
        self.past.push(format!("{author} deletes {post}"));
        let (status, _) = self.ask(author, Method::DELETE, &self.path(post), None).await;
        if self.done(status, StatusCode::NO_CONTENT, !self.model.posts[post].deleted) {
            self.model.delete(post);
        }
    }
}
