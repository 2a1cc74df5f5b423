//! The operator: `SocialPlatform` → Kubernetes objects.
//!
//! ```text
//!   SocialPlatform                      what a user may write                          crd
//!        │
//!        │  watches, backoff, events                                                   controller
//!        ▼
//!   ┌─────────┐   ┌──────────┐   ┌───────┐   ┌───────┐   ┌────────┐
//!   │  fetch  │ ─►│ validate │ ─►│ build │ ─►│ apply │ ─►│ report │                    reconcile
//!   └─────────┘   └──────────┘   └───────┘   └───────┘   └────────┘
//!     Cluster       Platform     Resources   Resources     status
//!                               <Prepared>   <Applied>
//!                       │            │
//!                       │            ├── WHAT each program needs                       components
//!                       │            └── HOW an object is written                      resources
//!                       └── values that cannot be wrong                                platform
//! ```
//!
//! `validate` and `build` are pure. What `apply` writes, and in which order:
//!
//! ```text
//!   accounts, Secrets, configuration, policies, Services, volumes
//!     └─► Development storage ─► the migration Job of this release ─► the services ─► Ingress or HTTPRoute
//!           waited for            waited for: if it fails, the release before goes on serving
//! ```
//!
//! An unchanged platform is read from memory and causes no write at all ([`drift`]). Of several operators one works
//! ([`election`]); without a cluster, the pure steps say what a file would do ([`offline`]).

pub mod apis;
pub mod children;
pub mod components;
pub mod condition_metrics;
pub mod controller;
pub mod crd;
pub mod drift;
pub mod election;
pub mod example;
pub mod images;
pub mod migration;
pub mod offline;
pub mod platform;
pub mod pod_security;
pub mod probes;
pub mod quantity;
pub mod reconcile;
pub mod resources;
pub mod secrets;
pub mod strict;
pub mod version;

#[cfg(test)]
mod fixtures;
