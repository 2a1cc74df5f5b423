//! Handlers with their requests and responses.

pub(crate) mod accounts;
pub(crate) mod oauth;
pub(crate) mod sessions;
mod tokens;
pub(crate) mod well_known;
