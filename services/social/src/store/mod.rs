//! SQL, one function per question.

pub(crate) mod photos;
pub(crate) mod posts;
pub(crate) mod profiles;
pub(crate) mod reactions;
pub(crate) mod timelines;
