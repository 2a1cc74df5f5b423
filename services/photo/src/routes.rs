//! Handlers with their request and response types, one file per resource. `lib.rs` lists the routes.

pub(crate) mod album_photos;
pub(crate) mod albums;
pub(crate) mod bodies;
pub(crate) mod bytes;
pub(crate) mod endings;
pub(crate) mod export;
pub(crate) mod forms;
pub(crate) mod internal;
pub(crate) mod photos;
pub(crate) mod search;
pub(crate) mod tus;
pub(crate) mod uploads;
pub(crate) mod usage;
pub(crate) mod uses;
