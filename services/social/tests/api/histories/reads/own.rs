//! What is somebody's alone.

use super::{Form, PUBLIC, ReadPath, Subjects, exactly};
use crate::histories::shown;

const OWN: ReadPath = ReadPath { signed_in: true, ..PUBLIC };

pub const READS: &[ReadPath] = &[
    ReadPath {
        name: "notifications",
        form: Form::Pages,
        address: |_, _| "/v1/notifications".to_owned(),
        shown: shown::notice,
        expected: |model, viewer, _| Some(exactly(model.notices_of(viewer?, false))),
        ..OWN
    },
    ReadPath {
        name: "how many notifications are unread",
        address: |_, _| "/v1/notifications/unread".to_owned(),
        shown: shown::count,
        expected: |model, viewer, _| Some(exactly([model.notices_of(viewer?, true).len().to_string()])),
        ..OWN
    },
    ReadPath {
        name: "followed tags",
        form: Form::Pages,
        address: |_, _| "/v1/tags".to_owned(),
        shown: shown::tag,
        expected: |model, viewer, _| {
            let follower = viewer.filter(|viewer| model.follow_tag.contains(viewer));
            Some(exactly(follower.map(|_| "history".to_owned())))
        },
        ..OWN
    },
    ReadPath {
        name: "who is in a list",
        subjects: Subjects::People,
        form: Form::Pages,
        address: |model, owner| format!("/v1/timelines/lists/{}/members", model.lists[owner]),
        shown: shown::person,
        expected: |model, viewer, owner| {
            viewer.filter(|viewer| *viewer == owner)?;
            let members = model.listed.iter().filter(|(list, member)| *list == owner && !model.is_kept_from(viewer, *member));
            Some(exactly(members.map(|(_, member)| model.accounts[*member].clone())))
        },
        ..OWN
    },
];
