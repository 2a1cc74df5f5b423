//! Lists of posts.

use super::{Form, PUBLIC, ReadPath, Subjects, exactly};
use crate::histories::model::{Audience, Model, Post};

const TIMELINE: ReadPath = ReadPath { form: Form::Polled, ..PUBLIC };

pub const READS: &[ReadPath] = &[
    ReadPath {
        name: "somebody's timeline",
        subjects: Subjects::People,
        address: |model, person| format!("/v1/timelines/accounts/{}", model.accounts[person]),
        expected: |model, viewer, person| Some(exactly(model.seen(viewer, |_, post| post.root.is_none() && post.author == person))),
        ..TIMELINE
    },
    ReadPath {
        name: "the public timeline",
        address: |_, _| "/v1/timelines/public".to_owned(),
        expected: |model, viewer, _| Some(exactly(model.seen(viewer, |_, post| is_listed(model, viewer, post)))),
        ..TIMELINE
    },
    ReadPath {
        name: "a tag's timeline",
        address: |_, _| "/v1/timelines/tags/history".to_owned(),
        expected: |model, viewer, _| Some(exactly(model.seen(viewer, |_, post| is_listed(model, viewer, post)))),
        ..TIMELINE
    },
    ReadPath {
        name: "a search for posts",
        address: |_, _| "/v1/search?q=history".to_owned(),
        expected: |model, viewer, _| Some(exactly(model.seen(viewer, |index, _| model.is_found(viewer, index)))),
        ..TIMELINE
    },
    ReadPath {
        name: "the home timeline",
        signed_in: true,
        address: |_, _| "/v1/timelines/home".to_owned(),
        expected: |model, viewer, _| {
            let reader = viewer?;
            Some(exactly(model.seen(viewer, |index, _| model.is_at_home(reader, index))))
        },
        ..TIMELINE
    },
    ReadPath {
        name: "the timeline of a list",
        subjects: Subjects::People,
        signed_in: true,
        address: |model, owner| format!("/v1/timelines/lists/{}", model.lists[owner]),
        expected: |model, viewer, owner| {
            // It is its owner's alone.
            viewer.filter(|viewer| *viewer == owner)?;
            let wanted = |author: usize| model.is_in_list(owner, author) && !model.is_muted(viewer, author);
            Some(exactly(model.seen(viewer, |_, post| post.root.is_none() && wanted(post.author))))
        },
        ..TIMELINE
    },
    ReadPath {
        name: "pinned posts",
        subjects: Subjects::People,
        form: Form::Whole,
        address: |model, person| format!("/v1/profiles/{}/pinned", model.accounts[person]),
        expected: |model, viewer, person| Some(exactly(model.seen(viewer, |_, post| post.pinned && post.author == person))),
        ..TIMELINE
    },
    ReadPath {
        name: "bookmarks",
        signed_in: true,
        form: Form::Pages,
        address: |_, _| "/v1/timelines/bookmarks".to_owned(),
        expected: |model, viewer, _| {
            Some(exactly(model.seen(viewer, |_, post| viewer.is_some_and(|viewer| post.bookmarked.contains(&viewer)))))
        },
        ..TIMELINE
    },
];

/// Is it on the lists that are for everybody?
fn is_listed(model: &Model, viewer: Option<usize>, post: &Post) -> bool {
    post.root.is_none() && post.now.audience == Audience::Public && !model.is_muted(viewer, post.author)
}
