//! SQL, one function per question.

pub(crate) mod accounts;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
