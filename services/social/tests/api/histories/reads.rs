//! Every way to read posts. Whoever adds one adds a line to [`READS`].

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::model::{Audience, Model};
use crate::answers::{id, link};
use crate::support::{Person, TestSocial};

/// What a path is asked about.
pub enum Subjects {
    One,
    People,
    Posts,
}

pub struct ReadPath {
    pub name: &'static str,
    pub subjects: Subjects,
    /// Only with a token.
    pub signed_in: bool,
    /// What was just written may take a moment to arrive. What may not be seen never appears, not even for a moment.
    pub settles: bool,
    pub address: fn(&Model, subject: usize) -> String,
    /// What the viewer reads there: ids of posts or people, or texts; nothing for a 404.
    pub expected: fn(&Model, viewer: Option<usize>, subject: usize) -> Option<BTreeSet<String>>,
}

const PUBLIC: ReadPath = ReadPath {
    name: "",
    subjects: Subjects::One,
    signed_in: false,
    settles: false,
    address: |_, _| String::new(),
    expected: |_, _, _| None,
};

pub const READS: &[ReadPath] =
    &[
        ReadPath {
            name: "a post",
            subjects: Subjects::Posts,
            address: |model, post| at(model, post, ""),
            expected: |model, viewer, post| below(model, viewer, post, |other| other == post),
            ..PUBLIC
        },
        ReadPath {
            name: "the comments of a thread",
            subjects: Subjects::Posts,
            address: |model, post| at(model, post, "/comments"),
            expected: |model, viewer, post| below(model, viewer, post, |other| model.posts[other].root == Some(model.root_of(post))),
            ..PUBLIC
        },
        ReadPath {
            name: "the replies to a post",
            subjects: Subjects::Posts,
            address: |model, post| at(model, post, "/replies"),
            expected: |model, viewer, post| below(model, viewer, post, |other| model.posts[other].parent == Some(post)),
            ..PUBLIC
        },
        ReadPath {
            name: "the context of a post",
            subjects: Subjects::Posts,
            address: |model, post| at(model, post, "/context"),
            expected: |model, viewer, post| {
                below(model, viewer, post, |other| is_above(model, other, post) || hangs_on(model, viewer, other, post))
            },
            ..PUBLIC
        },
        ReadPath {
            name: "the revisions of a post",
            subjects: Subjects::Posts,
            address: |model, post| at(model, post, "/revisions"),
            expected: |model, viewer, post| {
                let author = model.posts[model.root_of(post)].author;
                let before = model.posts[post].before.iter().filter(|said| model.is_for(viewer, author, said));
                model.sees(viewer, post).then(|| before.map(|said| said.text.clone()).collect())
            },
            ..PUBLIC
        },
        ReadPath {
            name: "who reacted to a post",
            subjects: Subjects::Posts,
            address: |model, post| at(model, post, "/reactions"),
            expected: |model, viewer, post| {
                let reacted = model.posts[post].reacted.iter().filter(|who| !model.is_kept_from(viewer, **who));
                model.sees(viewer, post).then(|| reacted.map(|who| model.accounts[*who].clone()).collect())
            },
            ..PUBLIC
        },
        ReadPath {
            name: "bookmarks",
            signed_in: true,
            address: |_, _| "/v1/timelines/bookmarks".to_owned(),
            expected: |model, viewer, _| Some(model.seen(viewer, |_, post| viewer.is_some_and(|viewer| post.bookmarked.contains(&viewer)))),
            ..PUBLIC
        },
        ReadPath {
            name: "pinned posts",
            subjects: Subjects::People,
            address: |model, person| format!("/v1/profiles/{}/pinned", model.accounts[person]),
            expected: |model, viewer, person| Some(model.seen(viewer, |_, post| post.pinned && post.author == person)),
            ..PUBLIC
        },
        ReadPath {
            name: "a profile",
            subjects: Subjects::People,
            address: |model, person| format!("/v1/profiles/{}", model.accounts[person]),
            expected: |model, viewer, person| {
                (!model.is_kept_from(viewer, person)).then(|| BTreeSet::from([model.accounts[person].clone()]))
            },
            ..PUBLIC
        },
        ReadPath {
            name: "several profiles",
            address: |model, _| {
                let asked: Vec<String> = model.accounts.iter().map(|account| format!("id={account}")).collect();
                format!("/v1/profiles?{}", asked.join("&"))
            },
            expected: |model, viewer, _| {
                let people = (0..model.accounts.len()).filter(|person| !model.is_kept_from(viewer, *person));
                Some(people.map(|person| model.accounts[person].clone()).collect())
            },
            ..PUBLIC
        },
        ReadPath {
            name: "several profiles",
            address: |model, _| {
                let asked: Vec<String> = model.accounts.iter().map(|account| format!("id={account}")).collect();
                format!("/v1/profiles?{}", asked.join("&"))
            },
            expected: |model, viewer, _| {
                let people = (0..model.accounts.len()).filter(|person| !model.is_kept_from(viewer, *person));
                Some(people.map(|person| model.accounts[person].clone()).collect())
            },
            ..PUBLIC
        },
        ReadPath {
            name: "somebody's timeline",
            subjects: Subjects::People,
            address: |model, person| format!("/v1/timelines/accounts/{}", model.accounts[person]),
            expected: |model, viewer, person| Some(model.seen(viewer, |_, post| post.root.is_none() && post.author == person)),
            ..PUBLIC
        },
        ReadPath {
            name: "the public timeline",
            address: |_, _| "/v1/timelines/public".to_owned(),
            expected: |model, viewer, _| {
                Some(model.seen(viewer, |_, post| {
                    post.root.is_none() && post.now.audience == Audience::Public && !mutes(model, viewer, post.author)
                }))
            },
            ..PUBLIC
        },
        ReadPath {
            name: "a tag's timeline",
            address: |_, _| "/v1/timelines/tags/history".to_owned(),
            expected: |model, viewer, _| {
                Some(model.seen(viewer, |_, post| {
                    post.root.is_none() && post.now.audience == Audience::Public && !mutes(model, viewer, post.author)
                }))
            },
            ..PUBLIC
        },
        ReadPath {
            name: "a search",
            address: |_, _| "/v1/search?q=history".to_owned(),
            expected: |model, viewer, _| Some(model.seen(viewer, |index, post| is_found(model, viewer, index, post.author))),
            ..PUBLIC
        },
        ReadPath {
            name: "the home timeline",
            signed_in: true,
            settles: true,
            address: |_, _| "/v1/timelines/home".to_owned(),
            expected: |model, viewer, _| {
                let reader = viewer?;
                let followed = |author: usize| author == reader || model.follows.contains(&(reader, author));
                Some(model.seen(viewer, |_, post| post.root.is_none() && followed(post.author) && !mutes(model, viewer, post.author)))
            },
            ..PUBLIC
        },
    ];

fn at(model: &Model, post: usize, path: &str) -> String {
    format!("/v1/posts/{}{path}", model.posts[post].id)
}

/// What is read at an address of a post, for whoever sees the post.
fn below(model: &Model, viewer: Option<usize>, post: usize, wanted: impl Fn(usize) -> bool) -> Option<BTreeSet<String>> {
    model.sees(viewer, post).then(|| model.seen(viewer, |other, _| wanted(other)))
}

/// Does a search find what the viewer sees? Unlisted posts are found by who follows their author.
fn is_found(model: &Model, viewer: Option<usize>, post: usize, author: usize) -> bool {
    let unlisted = model.posts[model.root_of(post)].now.audience == Audience::Unlisted;
    !unlisted || viewer.is_some_and(|viewer| viewer == author || model.follows.contains(&(viewer, author)))
}

fn mutes(model: &Model, viewer: Option<usize>, author: usize) -> bool {
    viewer.is_some_and(|viewer| model.mutes.contains(&(viewer, author)))
}

/// Is it what a post answers, directly or not, or its root?
fn is_above(model: &Model, other: usize, post: usize) -> bool {
    let mut above = model.posts[post].parent;
    while let Some(next) = above {
        if next == other {
            return true;
        }
        above = model.posts[next].parent;
    }
    model.posts[post].root == Some(other)
}

/// Does it answer a post through nothing but what the viewer sees?
fn hangs_on(model: &Model, viewer: Option<usize>, other: usize, post: usize) -> bool {
    let mut above = model.posts[other].parent;
    while let Some(next) = above {
        if next == post {
            return true;
        }
        above = model.posts[next].parent.filter(|_| model.sees(viewer, next));
    }
    false
}

/// What stands at an address, page after page; nothing for a 404.
pub async fn read(social: &TestSocial, address: &str, who: Option<&Person>) -> Option<BTreeSet<String>> {
    let mut seen = BTreeSet::new();
    let mark = if address.contains('?') { '&' } else { '?' };
    let mut next = Some(format!("{address}{mark}limit=3"));
    while let Some(page) = next {
        let answer = social.request(Method::GET, &page, who).send().await.expect("an answer");
        if answer.status() == StatusCode::NOT_FOUND {
            return None;
        }
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        next = link(&answer, "next");
        let body: Value = answer.json().await.expect("JSON");
        let lists = ["items", "ancestors", "descendants"].iter().filter_map(|list| body[list].as_array());
        let listed: Vec<&Value> = lists.flatten().collect();
        let alone = body.get("id").map(|_| &body);
        for item in listed.into_iter().chain(alone) {
            let new = seen.insert(name(item));
            assert!(new, "{page} repeats {item}");
        }
    }
    Some(seen)
}

/// A post's id; of a reaction, who reacted; of a revision, what it said.
fn name(item: &Value) -> String {
    match (item.get("id"), item.get("account")) {
        (Some(_), _) => id(item).to_owned(),
        (None, Some(account)) => id(account).to_owned(),
        (None, None) => item["text"].as_str().expect("a text").to_owned(),
    }
}
