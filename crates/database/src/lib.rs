//! One PostgreSQL, a schema and a role per service.
//!
//! | who | may |
//! |---|---|
//! | the owner (of the migration Job's Secret) | make schemas and roles, and change tables |
//! | `<database>_<service>` | read and write the rows of its own schema; no one logs in as it |
//! | `<database>_<service>_a`, `…_b` | log in, and be the role above; rotation alternates between the two, and closes the other |
//!
//! No service reads another's tables, but for what [`provision`] grants by name: outboxes and revocations.

mod alone;
mod connect;
mod failures;
mod letters;
mod migrate;
mod owner;
mod pool_metrics;
mod provision;
mod server_metrics;
mod wakeups;

pub use alone::{Alone, alone};
pub use connect::{DatabaseConfig, connect};
pub use failures::{failed, refused, said};
pub use letters::{LettersError, check_letters};
pub use migrate::{MigrateError, Newer, Schema, migrate};
pub use owner::connect_owner;
pub use provision::{Login, ProvisionError, adopt, close, login_role, make_schemas, provision, share};
pub use server_metrics::watch_server;
pub use wakeups::{Wakeup, Wakeups};
