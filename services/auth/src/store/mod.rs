//! SQL, one function per question.

pub(crate) mod accounts;
pub(crate) mod admin_claims;
pub(crate) mod apps;
pub(crate) mod attempts;
pub(crate) mod beginnings;
pub(crate) mod browsers;
pub(crate) mod codes;
pub(crate) mod consents;
pub(crate) mod devices;
pub(crate) mod erasures;
pub(crate) mod exports;
pub(crate) mod held_handles;
pub(crate) mod invites;
pub(crate) mod keep_challenges;
pub(crate) mod links;
pub(crate) mod own;
pub(crate) mod passkey_challenges;
pub(crate) mod passkeys;
pub(crate) mod recovery_codes;
pub(crate) mod second_factors;
pub(crate) mod security_events;
pub(crate) mod sessions;
pub(crate) mod sign_in_challenges;
pub(crate) mod sign_ins;
pub(crate) mod signing_keys;
pub(crate) mod totp;
