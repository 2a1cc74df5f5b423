//! Posts and comments: written, changed and deleted.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answers::id;
use crate::histories::World;
use crate::histories::mistakes::Slip;
use crate::histories::model::{Audience, Event, Post, Said};

impl World {
    /// Something that was never said, naming somebody; and who that names, as far as the author may know of them.
    fn said(&self, author: usize, audience: Audience, named: Option<usize>) -> Said {
        let handle = named.map_or(String::new(), |named| format!(" @person_{}", self.people[named].id));
        let text = format!("{} #history{handle}", self.past.len());
        let mentioned: BTreeSet<usize> = named.into_iter().filter(|named| !self.model.is_kept_from(Some(author), *named)).collect();
        Said { text, audience, mentioned }
    }

    fn keep(&mut self, made: &Value, author: usize, parent: Option<usize>, now: Said) -> usize {
        let post = self.model.posts.len();
        self.model.touched = Some(post);
        self.model.posts.push(Post {
            id: id(made).to_owned(),
            author,
            parent,
            root: parent.map(|parent| self.model.root_of(parent)),
            now,
            before: Vec::new(),
            deleted: false,
            pinned: false,
            reacted: BTreeSet::new(),
            bookmarked: BTreeSet::new(),
        });
        post
    }

    pub(super) async fn post(&mut self, author: usize, audience: Audience, named: Option<usize>) {
        let said = self.said(author, audience, named);
        self.past.push(format!("{author} posts {said:?}"));
        let body = json!({"text": said.text, "visibility": audience.name()});
        let (status, made) = self.ask(author, Method::POST, "/v1/posts", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let post = self.keep(&made, author, None, said);
        self.model.tell_at_home(post, Event::Post(post));
        self.model.tell_of_mentions(post, &BTreeSet::new());
    }

    pub(super) async fn reply(&mut self, author: usize, parent: usize, named: Option<usize>) -> Result<(), String> {
        let audience = self.model.posts[self.model.root_of(parent)].now.audience;
        let said = self.said(author, audience, named);
        self.past.push(format!("{author} answers {parent} with {said:?}"));
        let body = json!({"text": said.text, "parent": self.model.posts[parent].id});
        let (status, made) = self.ask(author, Method::POST, "/v1/posts", Some(body)).await;
        if self.done(status, StatusCode::CREATED, self.model.sees(Some(author), parent))? {
            let post = self.keep(&made, author, Some(parent), said);
            self.model.tell(self.model.posts[parent].author, "reply", author, post);
            self.model.tell_of_mentions(post, &BTreeSet::new());
        }
        Ok(())
    }

    pub(super) async fn show_to(&mut self, post: usize, audience: Audience) -> Result<(), String> {
        if self.is_away(post) {
            return Ok(());
        }
        self.model.touched = Some(post);
        let author = self.model.posts[post].author;
        self.past.push(format!("{author} shows {post} to {audience:?}"));
        let body = Some(json!({"visibility": audience.name()}));
        let (status, _) = self.ask(author, Method::PATCH, &self.path(post), body).await;
        if self.done(status, StatusCode::OK, self.model.sees(Some(author), post))? {
            let informed = self.model.informed(post);
            let changed = &mut self.model.posts[post];
            let before = std::mem::replace(&mut changed.now.audience, audience);
            if before != audience {
                self.model.tell_at_home(post, Event::Edit(post));
                self.model.tell_gone(post, &informed);
            }
            if before.widens_to(audience) {
                let thread = (0..self.model.posts.len()).filter(|of| self.model.root_of(*of) == post);
                for of in thread.collect::<Vec<_>>() {
                    self.model.tell_of_mentions(of, &BTreeSet::new());
                }
            }
        }
        Ok(())
    }

    pub(super) async fn rewrite(&mut self, post: usize, named: Option<usize>) -> Result<(), String> {
        if self.is_away(post) {
            return Ok(());
        }
        self.model.touched = Some(post);
        let author = self.model.posts[post].author;
        let said = self.said(author, self.model.posts[post].now.audience, named);
        self.past.push(format!("{author} rewrites {post} to {said:?}"));
        let (status, _) = self.ask(author, Method::PATCH, &self.path(post), Some(json!({"text": said.text}))).await;
        if self.done(status, StatusCode::OK, self.model.sees(Some(author), post))? {
            self.rewritten(post, said);
        }
        Ok(())
    }

    fn rewritten(&mut self, post: usize, mut said: Said) {
        // A comment was for whom its root was.
        let root = self.model.posts[self.model.root_of(post)].now.clone();
        let (slip, informed) = (self.model.slip == Some(Slip::MentionsStay), self.model.informed(post));
        let changed = &mut self.model.posts[post];
        if slip {
            said.mentioned.extend(&changed.now.mentioned);
        }
        let before = std::mem::replace(&mut changed.now, said);
        changed.before.push(Said { text: before.text, ..root });
        self.model.tell_at_home(post, Event::Edit(post));
        self.model.tell_gone(post, &informed);
        self.model.tell_of_mentions(post, &before.mentioned);
    }

    pub(super) async fn delete(&mut self, post: usize) -> Result<(), String> {
        if self.is_away(post) {
            return Ok(());
        }
        self.model.touched = Some(post);
        let author = self.model.posts[post].author;
        self.past.push(format!("{author} deletes {post}"));
        let (status, _) = self.ask(author, Method::DELETE, &self.path(post), None).await;
        if self.done(status, StatusCode::NO_CONTENT, !self.model.posts[post].deleted)? {
            self.model.delete(post);
        }
        Ok(())
    }
}
