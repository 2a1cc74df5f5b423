//! Letters to people.
//!
//! ```text
//!  Letter (paragraphs, links) ─► text + HTML ─► Mailer ─► SMTP server
//!                                                 └─────► folder of .eml files
//! ```
//!
//! Whoever sends does it from a durable queue and gives every letter an id of its own: sent again, it has the same
//! Message-ID, and in a folder it is the same file. Addresses are in no error and in no log.

mod address;
mod config;
mod letter;
mod mailer;
mod sending;

pub use address::{Address, InvalidAddress};
pub use config::{MailConfig, SmtpTls};
pub use letter::{Letter, Paragraph};
pub use mailer::{InvalidMailConfig, Mailer, SendError};
