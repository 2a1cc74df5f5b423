//! What is read, in words that the model says too.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{Event, Model};
use crate::answers::id;
use crate::stream::client::Told;

fn say_post(id: &str, text: &str, answers: u64, reactions: u64, mine: bool, bookmarked: bool) -> String {
    let (mine, bookmarked) = (if mine { ", mine" } else { "" }, if bookmarked { ", bookmarked" } else { "" });
    format!("{id} {text:?} with {answers} answers, {reactions} reactions{mine}{bookmarked}")
}

fn say_notice(kind: &str, people: &BTreeSet<&str>, read: bool, post: &str) -> String {
    format!("{kind} by {people:?}, {}: {post}", if read { "read" } else { "unread" })
}

fn say_profile(id: &str, posts: u64) -> String {
    format!("{id} with {posts} posts")
}

fn number(of: &Value) -> u64 {
    of.as_u64().expect("a number")
}

fn list(of: &Value) -> &[Value] {
    of.as_array().expect("a list")
}

fn text(of: &Value) -> &str {
    of.as_str().expect("a text")
}

/// What begins the words of a post.
pub fn post_id(words: &str) -> &str {
    words.split(' ').next().unwrap_or_default()
}

pub fn post(post: &Value) -> String {
    let reactions = list(&post["reactions"]);
    let count = reactions.iter().map(|reaction| number(&reaction["count"])).sum();
    let mine = reactions.iter().any(|reaction| reaction["mine"] == true);
    say_post(id(post), text(&post["text"]), number(&post["comments_count"]), count, mine, post["bookmarked"] == true)
}

pub fn revision(revision: &Value) -> String {
    text(&revision["text"]).to_owned()
}

pub fn reaction(reaction: &Value) -> String {
    id(&reaction["account"]).to_owned()
}

/// Somebody in a list of people.
pub fn person(person: &Value) -> String {
    id(person).to_owned()
}

pub fn profile(profile: &Value) -> String {
    say_profile(id(profile), number(&profile["posts_count"]))
}

pub fn tag(tag: &Value) -> String {
    text(&tag["tag"]).to_owned()
}

pub fn count(of: &Value) -> String {
    number(&of["count"]).to_string()
}

pub fn notice(notice: &Value) -> String {
    let people: BTreeSet<&str> = list(&notice["people"]).iter().map(id).collect();
    assert_eq!(number(&notice["people_count"]), people.len() as u64, "{notice}");
    say_notice(text(&notice["kind"]), &people, notice["read"] == true, &post(&notice["post"]))
}

pub fn event(told: &Told) -> String {
    let data = match told.name.as_str() {
        "post" | "edit" => post(&told.data),
        "notification" => notice(&told.data),
        _ => id(&told.data).to_owned(),
    };
    format!("{} {data}", told.name)
}

impl Model {
    pub fn post_in_words(&self, viewer: Option<usize>, index: usize) -> String {
        let post = &self.posts[index];
        let answers = self.posts.iter().filter(|answer| answer.parent == Some(index) && !answer.deleted);
        let answers = answers.filter(|answer| !self.is_kept_from(viewer, answer.author)).count();
        let reactions = post.reacted.iter().filter(|who| !self.is_kept_from(viewer, **who)).count();
        let own = |of: &BTreeSet<usize>| viewer.is_some_and(|viewer| of.contains(&viewer));
        say_post(&post.id, &post.now.text, answers as u64, reactions as u64, own(&post.reacted), own(&post.bookmarked))
    }

    /// Posts that everybody may see are counted, for whoever looks.
    pub fn profile_in_words(&self, person: usize) -> String {
        let posts = self.posts.iter().filter(|post| post.author == person && post.root.is_none() && !post.deleted);
        say_profile(&self.accounts[person], posts.filter(|post| post.now.audience.is_open()).count() as u64)
    }

    /// Nothing, if it is not to be shown.
    pub fn notice_in_words(&self, index: usize) -> Option<String> {
        let notice = &self.notices[index];
        let people = self.people_behind(notice);
        let names = people.iter().map(|person| self.accounts[*person].as_str()).collect();
        let post = self.post_in_words(Some(notice.reader), notice.post);
        (!people.is_empty()).then(|| say_notice(notice.kind, &names, notice.read, &post))
    }

    /// Nothing, if it is not to be told.
    pub fn event_in_words(&self, reader: usize, event: Event) -> Option<String> {
        Some(match event {
            Event::Post(post) => format!("post {}", self.post_in_words(Some(reader), post)),
            Event::Edit(post) => format!("edit {}", self.post_in_words(Some(reader), post)),
            Event::Delete(post) => format!("delete {}", self.posts[post].id),
            Event::Notice(notice) => format!("notification {}", self.notice_in_words(notice)?),
        })
    }
}
