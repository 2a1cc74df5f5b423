//! Handlers with their requests and responses.

pub(crate) mod accounts;
pub(crate) mod admin;
pub(crate) mod admin_claims;
pub(crate) mod apps;
pub(crate) mod emails;
pub(crate) mod erasures;
pub(crate) mod exports;
pub(crate) mod handles;
mod hiding;
pub(crate) mod invites;
pub(crate) mod media;
pub(crate) mod oauth;
pub(crate) mod passkeys;
pub(crate) mod passwords;
pub(crate) mod platform;
pub(crate) mod recovery_codes;
pub(crate) mod second_factor;
pub(crate) mod security_events;
pub(crate) mod sessions;
mod tokens;
pub(crate) mod totp;
pub(crate) mod well_known;
