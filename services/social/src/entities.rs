//! What stands in a text: people, tags and links, as ranges.
//!
//! A range counts Unicode scalar values, whatever the encoding: `[...text].slice(start, end)` in JavaScript,
//! `text[start:end]` in Python. The text itself stays as it was written.

mod find;
mod tag;

use std::collections::{BTreeSet, HashMap};

use contracts::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use find::{Found, What, find};
pub(crate) use tag::normalized;

/// A part of a text that means something. `start` is counted in Unicode scalar values, `end` is the first one after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Entity {
    /// Somebody, by their handle at the time of writing.
    Mention { start: u32, end: u32, account: AccountId },
    /// A tag, as it is compared with others.
    Tag { start: u32, end: u32, tag: String },
    /// An address.
    Link { start: u32, end: u32, url: String },
}

/// Puts people in the place of their handles. A handle that is nobody's is plain text.
pub(crate) fn resolve(found: Vec<Found>, people: &HashMap<String, AccountId>) -> Vec<Entity> {
    let known = found.into_iter().filter_map(|Found { start, end, what }| {
        Some(match what {
            What::Handle(handle) => Entity::Mention { start, end, account: *people.get(&handle)? },
            What::Tag(tag) => Entity::Tag { start, end, tag },
            What::Link(url) => Entity::Link { start, end, url },
        })
    });
    known.collect()
}

/// The handles that may be somebody's, each once.
pub(crate) fn handles(found: &[Found]) -> Vec<String> {
    let handles = found.iter().filter_map(|found| match &found.what {
        What::Handle(handle) => Some(handle.clone()),
        _ => None,
    });
    handles.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The tags, each once.
pub(crate) fn tags(entities: &[Entity]) -> Vec<String> {
    let tags = entities.iter().filter_map(|entity| match entity {
        Entity::Tag { tag, .. } => Some(tag.clone()),
        _ => None,
    });
    tags.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Who is mentioned, each once.
pub(crate) fn mentioned(entities: &[Entity]) -> Vec<i64> {
    let mentioned = entities.iter().filter_map(|entity| match entity {
        Entity::Mention { account, .. } => Some(account.0),
        _ => None,
    });
    mentioned.collect::<BTreeSet<_>>().into_iter().collect()
}
