//! Posts, and what hangs on them.

use super::{Expected, Form, PUBLIC, ReadPath, Subjects, exactly};
use crate::histories::model::{Model, Post};
use crate::histories::shown;

const OF_A_POST: ReadPath = ReadPath { subjects: Subjects::Posts, ..PUBLIC };

pub const READS: &[ReadPath] = &[
    ReadPath {
        name: "a post",
        address: |model, post| at(model, post, ""),
        expected: |model, viewer, post| below(model, viewer, post, |other, _| other == post),
        ..OF_A_POST
    },
    ReadPath {
        name: "the comments of a thread",
        form: Form::Polled,
        address: |model, post| at(model, post, "/comments"),
        expected: |model, viewer, post| below(model, viewer, post, |_, other| other.root == Some(model.root_of(post))),
        ..OF_A_POST
    },
    ReadPath {
        name: "the replies to a post",
        form: Form::Polled,
        address: |model, post| at(model, post, "/replies"),
        expected: |model, viewer, post| below(model, viewer, post, |_, other| other.parent == Some(post)),
        ..OF_A_POST
    },
    ReadPath {
        name: "the context of a post",
        address: |model, post| at(model, post, "/context"),
        expected: |model, viewer, post| {
            below(model, viewer, post, |other, _| is_above(model, other, post) || hangs_on(model, viewer, other, post))
        },
        ..OF_A_POST
    },
    ReadPath {
        name: "the revisions of a post",
        address: |model, post| at(model, post, "/revisions"),
        shown: shown::revision,
        expected: |model, viewer, post| {
            let author = model.posts[model.root_of(post)].author;
            let before = model.posts[post].before.iter().filter(|said| model.is_for(viewer, author, said));
            model.sees(viewer, post).then(|| exactly(before.map(|said| said.text.clone())))
        },
        ..OF_A_POST
    },
    ReadPath {
        name: "who reacted to a post",
        form: Form::Pages,
        address: |model, post| at(model, post, "/reactions"),
        shown: shown::reaction,
        expected: |model, viewer, post| {
            let reacted = model.posts[post].reacted.iter().filter(|who| !model.is_kept_from(viewer, **who));
            model.sees(viewer, post).then(|| exactly(reacted.map(|who| model.accounts[*who].clone())))
        },
        ..OF_A_POST
    },
];

fn at(model: &Model, post: usize, path: &str) -> String {
    format!("/v1/posts/{}{path}", model.posts[post].id)
}

/// What is read at an address of a post, for whoever sees the post.
fn below(model: &Model, viewer: Option<usize>, post: usize, wanted: impl Fn(usize, &Post) -> bool) -> Option<Expected> {
    model.sees(viewer, post).then(|| exactly(model.seen(viewer, wanted)))
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
