//! What every HTTP service does alike.
//!
//! ```text
//!   accept loop ─ trace ─ CORS ─ panics ─ rate per address ─ time ─ size ─► the service's router
//!      listen            layers                                              extract, page, idempotency, problem
//! ```

mod client_address;
mod config;
mod connection;
mod cors;
mod extract;
mod idempotency;
mod layers;
mod listen;
mod page;
mod probes;
mod problem;
mod rates;
mod rest;
mod stalls;

pub use client_address::ClientAddress;
pub use config::ServingConfig;
pub use connection::Connection;
pub use extract::{Create, Json, Path, Query};
pub use idempotency::{Attempt, FreshAttempt, Idempotency, purge_idempotency_keys};
pub use layers::{private_stack, public_stack};
pub use listen::{Listeners, serve, termination};
pub use page::{Page, Paged};
pub use probes::Readiness;
pub use problem::{FieldError, OnConstraint, Problem, ProblemDocument, Result};
pub use rates::Rates;
