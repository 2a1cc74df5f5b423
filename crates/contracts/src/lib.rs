//! What crosses a border between services.
//!
//! A service never depends on another service, only on this crate: the [ids](id), the [facts](fact) told through the
//! outbox, the JSON of internal calls ([photo], [export]) with a thin [client], and the [routes] by which the gateway and `all`
//! find a service; the [scopes](Scope) that tokens carry; and what a [backup] reports.

pub mod backup;
pub mod client;
pub mod export;
pub mod fact;
pub mod id;
pub mod photo;
pub mod routes;
mod scope;
mod scopes;
mod service;

pub use id::{AccountId, PhotoId, PostId, SessionId};
pub use scope::Scope;
pub use scopes::{Scopes, UnknownScope};
pub use service::{Service, UnknownService};
