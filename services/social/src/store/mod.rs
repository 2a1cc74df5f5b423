//! SQL, one function per question.

pub(crate) mod acts;
pub(crate) mod bookmarks;
pub(crate) mod counts;
pub(crate) mod emojis;
pub(crate) mod entities;
pub(crate) mod erasure;
pub(crate) mod exports;
pub(crate) mod hidden;
pub(crate) mod home;
pub(crate) mod lists;
pub(crate) mod moderation;
pub(crate) mod notifications;
pub(crate) mod photos;
pub(crate) mod pins;
pub(crate) mod posts;
pub(crate) mod profiles;
pub(crate) mod reactions;
pub(crate) mod reports;
pub(crate) mod revisions;
pub(crate) mod search;
pub(crate) mod stream;
pub(crate) mod tags;
pub(crate) mod threads;
pub(crate) mod timelines;
pub(crate) mod tombstones;
