//! Handlers with their requests and responses.

mod bodies;
pub(crate) mod comments;
mod load;
pub(crate) mod posts;
pub(crate) mod profiles;
pub(crate) mod reactions;
pub(crate) mod timelines;
