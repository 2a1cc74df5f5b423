//! What crosses a border between services.
//!
//! A service never depends on another service, only on this crate: the [ids](id), the [facts](fact) told through the
//! outbox, the JSON of [internal calls](photo) with a thin [client], and the [routes] by which the gateway and `all`
//! find a service; and the [scopes](Scope) that tokens carry.

pub mod client;
pub mod fact;
pub mod id;
pub mod photo;
pub mod routes;
mod scope;
mod service;

pub use id::{AccountId, PhotoId, PostId, SessionId};
pub use scope::{Scope, Scopes, UnknownScope};
pub use service::{Service, UnknownService};
