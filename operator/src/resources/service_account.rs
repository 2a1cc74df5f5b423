//! The accounts that pods run under.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::metadata::owned;
use crate::components::Component;
use crate::platform::Platform;

/// An account of its own for each component, which may do nothing and mounts no token: it is there to be named by
/// whoever grants something to one service only, such as a cloud's identity for the bucket.
pub fn service_account(platform: &Platform, component: &Component) -> ServiceAccount {
    ServiceAccount {
        metadata: owned(platform, component.name, &platform.named(component.name)),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}
