//! People and tags.

use super::{Expected, PUBLIC, ReadPath, Subjects, exactly};
use crate::histories::model::{Audience, Model, Post};
use crate::histories::shown;

const OF_A_PERSON: ReadPath = ReadPath { subjects: Subjects::People, shown: shown::profile, ..PUBLIC };

pub const READS: &[ReadPath] = &[
    ReadPath {
        name: "a profile",
        address: |model, person| format!("/v1/profiles/{}", model.accounts[person]),
        expected: profile,
        ..OF_A_PERSON
    },
    ReadPath {
        name: "a profile by its handle",
        address: |model, person| format!("/v1/profiles?handle=person_{}", model.accounts[person]),
        expected: profile,
        ..OF_A_PERSON
    },
    ReadPath {
        name: "several profiles",
        address: |model, _| {
            let asked: Vec<String> = model.accounts.iter().map(|account| format!("id={account}")).collect();
            format!("/v1/profiles?{}", asked.join("&"))
        },
        shown: shown::profile,
        expected: |model, viewer, _| Some(exactly(known(model, viewer).map(|person| model.profile_in_words(person)))),
        ..PUBLIC
    },
    ReadPath {
        name: "a search for people",
        address: |_, _| "/v1/search?type=people&q=history".to_owned(),
        shown: shown::person,
        expected: |model, viewer, _| {
            let found = known(model, viewer).filter(|person| !model.shy.contains(person));
            Some(exactly(found.map(|person| model.accounts[person].clone())))
        },
        ..PUBLIC
    },
    ReadPath {
        name: "a search for tags",
        address: |_, _| "/v1/search?type=tags&q=history".to_owned(),
        shown: shown::tag,
        expected: |model, viewer, _| {
            let public = |post: &Post| post.root.is_none() && post.now.audience == Audience::Public;
            let found = model.seen(viewer, |index, post| public(post) && model.is_found(viewer, index));
            Some(exactly((!found.is_empty()).then(|| "history".to_owned())))
        },
        ..PUBLIC
    },
];

fn profile(model: &Model, viewer: Option<usize>, person: usize) -> Option<Expected> {
    (!model.is_kept_from(viewer, person)).then(|| exactly([model.profile_in_words(person)]))
}

/// Who is there for the viewer.
fn known(model: &Model, viewer: Option<usize>) -> impl Iterator<Item = usize> {
    (0..model.accounts.len()).filter(move |person| !model.is_kept_from(viewer, *person))
}
