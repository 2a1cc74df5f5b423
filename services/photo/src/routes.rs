//! Handlers with their request and response types, one file per resource. `lib.rs` lists the routes.

pub(crate) mod bytes;
pub(crate) mod internal;
pub(crate) mod photos;
pub(crate) mod uploads;
