//! Every way to read posts, people and what one is told. Whoever adds one adds it to a list below.

mod own;
mod people;
mod posts;
mod timelines;

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::model::Model;
use super::shown;
use crate::answers::link;
use crate::support::{Person, TestSocial};

/// What a path is asked about.
pub enum Subjects {
    One,
    People,
    Posts,
}

/// How it is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// At once.
    Whole,
    /// In pages.
    Pages,
    /// In pages, whose `prev` tells what comes later. It holds posts.
    Polled,
}

/// What somebody is to read: all that they must, and nothing but what they may. Mostly the same.
pub struct Expected {
    pub must: BTreeSet<String>,
    pub may: BTreeSet<String>,
}

pub struct ReadPath {
    pub name: &'static str,
    pub subjects: Subjects,
    /// Only with a token.
    pub signed_in: bool,
    pub form: Form,
    pub address: fn(&Model, subject: usize) -> String,
    /// An item, in the words in which it is expected.
    pub shown: fn(&Value) -> String,
    /// What the viewer reads there; nothing for a 404.
    pub expected: fn(&Model, viewer: Option<usize>, subject: usize) -> Option<Expected>,
}

/// A post that nobody sees.
const PUBLIC: ReadPath = ReadPath {
    name: "",
    subjects: Subjects::One,
    signed_in: false,
    form: Form::Whole,
    address: |_, _| String::new(),
    shown: shown::post,
    expected: |_, _, _| None,
};

pub fn all() -> impl Iterator<Item = &'static ReadPath> {
    [posts::READS, timelines::READS, people::READS, own::READS].into_iter().flatten()
}

/// These, and no others.
fn exactly(all: impl IntoIterator<Item = String>) -> Expected {
    let all: BTreeSet<String> = all.into_iter().collect();
    Expected { must: all.clone(), may: all }
}

impl Expected {
    /// Where something else was seen, in words.
    pub fn differs(&self, seen: &BTreeSet<String>) -> Option<String> {
        let (missing, extra): (Vec<_>, Vec<_>) = (self.must.difference(seen).collect(), seen.difference(&self.may).collect());
        (!missing.is_empty() || !extra.is_empty()).then(|| format!("{missing:#?} are missing, {extra:#?} are too much"))
    }
}

/// What stands at an address, page after page, and where to go on with it later.
pub struct Seen {
    pub items: BTreeSet<String>,
    pub prev: Option<String>,
}

/// Reads all of it; nothing for a 404.
pub async fn read(social: &TestSocial, path: &ReadPath, address: String, who: Option<&Person>) -> Option<Seen> {
    let mut seen = Seen { items: BTreeSet::new(), prev: None };
    let mark = if address.contains('?') { '&' } else { '?' };
    let mut next = Some(if path.form == Form::Whole { address } else { format!("{address}{mark}limit=3") });
    while let Some(page) = next {
        let answer = social.request(Method::GET, &page, who).send().await.expect("an answer");
        if answer.status() == StatusCode::NOT_FOUND {
            return None;
        }
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        next = link(&answer, "next");
        seen.prev = seen.prev.or(link(&answer, "prev"));
        keep(&mut seen.items, path, &page, &answer.json().await.expect("JSON"));
    }
    Some(seen)
}

/// What came to a list since, and where to go on.
pub async fn poll(social: &TestSocial, path: &ReadPath, prev: String, who: Option<&Person>) -> (BTreeSet<String>, String) {
    let (mut news, mut prev) = (BTreeSet::new(), prev);
    loop {
        let answer = social.request(Method::GET, &prev, who).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{prev}");
        let here = std::mem::replace(&mut prev, link(&answer, "prev").expect("what is polled can be polled again"));
        let known = news.len();
        keep(&mut news, path, &here, &answer.json().await.expect("JSON"));
        if news.len() == known {
            return (news, prev);
        }
    }
}

/// Adds what an answer holds: a list, two, or one thing.
fn keep(seen: &mut BTreeSet<String>, path: &ReadPath, page: &str, body: &Value) {
    let lists: Vec<&Vec<Value>> = ["items", "ancestors", "descendants"].iter().filter_map(|list| body[list].as_array()).collect();
    let alone = lists.is_empty().then_some(body);
    for item in lists.into_iter().flatten().chain(alone) {
        assert!(seen.insert((path.shown)(item)), "{page} repeats {item}");
    }
}
