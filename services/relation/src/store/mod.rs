//! SQL, one function per question.

pub(crate) mod blocks;
pub(crate) mod counts;
pub(crate) mod erasure;
pub(crate) mod exports;
pub(crate) mod follows;
pub(crate) mod friendships;
pub(crate) mod hidden;
pub(crate) mod interests;
pub(crate) mod likes;
pub(crate) mod lists;
pub(crate) mod mutes;
pub(crate) mod notes;
mod pairs;
pub(crate) mod people;
pub(crate) mod postings;
pub(crate) mod relationships;
pub(crate) mod requests;
pub(crate) mod suggestions;
pub(crate) mod told_once;
pub(crate) mod undiscoverable;

pub(crate) use pairs::lock_pair;
