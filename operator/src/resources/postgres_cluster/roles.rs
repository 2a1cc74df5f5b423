//! The roles that CloudNativePG makes.

use contracts::Service;
use k8s_openapi::api::core::v1::LocalObjectReference;

use super::Role;
use crate::platform::{CLUSTER_DATABASE, Platform};
use crate::rotation::Slot;

/// A group for each service, then its two logins, and the owner. One login of two has no password, unless passwords are being
/// changed.
pub(super) fn roles(platform: &Platform) -> Vec<Role> {
    let present = |name: String| Role { name, ensure: "present".to_owned(), ..Role::default() };
    let groups = Service::ALL.map(|service| present(group(service)));
    let logins = Service::ALL.into_iter().flat_map(|service| Slot::ALL.map(|slot| (service, slot)));
    let logins = logins.map(|(service, slot)| {
        let secret = platform.rotation.is_live(slot).then(|| platform.named(&slot.secret(service, "database")));
        Role {
            login: true,
            in_roles: vec![group(service)],
            disable_password: secret.is_none().then_some(true),
            password_secret: secret.map(|name| LocalObjectReference { name }),
            ..present(slot.login_role(CLUSTER_DATABASE, service))
        }
    });
    groups.into_iter().chain(logins).chain([owner(platform)]).collect()
}

/// The owner, whom the beginning of the database has made, with the password that it has from there. While the credentials for backups
/// are away, one may run that is still to be verified.
fn owner(platform: &Platform) -> Role {
    Role {
        name: CLUSTER_DATABASE.to_owned(),
        ensure: "present".to_owned(),
        login: true,
        createdb: Some(platform.backup.is_some() || platform.without_backups.is_some()),
        ..Role::default()
    }
}

fn group(service: Service) -> String {
    format!("{CLUSTER_DATABASE}_{service}")
}
