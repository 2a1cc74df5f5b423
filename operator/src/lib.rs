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
//! A `SocialPlatformBackup` is looked after with its platform: its Job is one of the platform's objects ([`backups`]). One whose
//! platform is not there is told so.
//!
//! `validate` and `build` are pure. What `apply` writes, and in which order:
//!
//! ```text
//!   accounts, Secrets, configuration, policies, Services, volumes
//!     └─► storage of its own ─► the migration Job of this release ─► the services ─► Ingress or HTTPRoute ─► a backup
//!           waited for           waited for, and for a person's approval where the resource asks for it: if it fails, the
//!                                release before goes on serving; before the first one, a backup is restored
//! ```
//!
//! An unchanged platform is read from memory and causes no write at all ([`drift`]). Of several operators one works
//! ([`election`]); without a cluster, the pure steps say what a file would do ([`offline`]).

pub mod api_metrics;
pub mod apis;
pub mod backups;
pub mod bundle;
pub mod certificate_metrics;
pub mod children;
pub mod components;
pub mod condition_metrics;
pub mod connection;
pub mod controller;
pub mod crd;
pub mod drift;
pub mod drift_metrics;
pub mod election;
pub mod events;
pub mod example;
pub mod images;
pub mod leader_metrics;
pub mod migration;
pub mod offline;
pub mod platform;
pub mod pod_security;
pub mod probes;
pub mod quantity;
pub mod reconcile;
pub mod resources;
pub mod rotation;
pub mod schedule;
pub mod secrets;
pub mod strict;
pub mod version;
pub mod x509;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod kstatus;
