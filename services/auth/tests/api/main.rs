//! From the front door: HTTP on a free port and a real PostgreSQL.

mod accounts;
mod admin;
mod administering_apps;
mod apps;
mod authenticator;
mod authorize;
mod brute_force;
mod confirmations;
mod emails;
mod erasures;
mod exports;
mod floods;
mod forgotten_page;
mod handles;
mod keys;
mod late_letters;
mod letters;
mod links;
mod many_sessions;
mod media;
mod moderation;
mod neighbors;
mod own_passkeys_page;
mod passkeys;
mod passkeys_list;
mod passkeys_page;
mod passwords;
mod provider;
mod refresh;
mod registration;
mod right_codes;
mod second_factor;
mod security_events;
mod sessions;
mod staying_page;
mod stolen_sessions;
mod support;
mod thefts;
mod tokens;

/// The one of the crate that sends letters.
#[path = "../../../../crates/mail/tests/sending/server.rs"]
mod smtp_server;
