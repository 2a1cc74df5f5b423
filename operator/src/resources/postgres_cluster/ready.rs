//! Whether a Cluster can be used yet.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use super::{HIBERNATION, PostgresCluster, Role, RolesStatus};

/// Why a Cluster is of no use yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// In CamelCase, for machines.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

impl PostgresCluster {
    /// Has CloudNativePG ended its pods, as the annotation asks? It says so by a condition of the same name, which goes on waking.
    pub fn is_asleep(&self) -> bool {
        let mut conditions = self.status.iter().flat_map(|status| &status.conditions);
        conditions.any(|condition| condition.type_ == HIBERNATION && condition.status == "True")
    }

    /// Does it serve, with every role that it was asked for and with the passwords that `secrets` hold now?
    pub fn ready(&self, secrets: &[Secret]) -> Result<(), Waiting> {
        let name = self.name_any();
        let waiting = |reason, message: String| Err(Waiting { reason, message });
        let Some(status) = &self.status else {
            let message = format!("nobody has taken up Cluster {name}: does CloudNativePG run, and does it watch this namespace?");
            return waiting("NotTakenUp", message);
        };
        if !status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True") {
            let phase = if status.phase.is_empty() { "nothing yet" } else { status.phase.as_str() };
            return waiting("ClusterNotReady", format!("CloudNativePG says of Cluster {name}: {phase}"));
        }
        let roles = &status.managed_roles_status;
        let is_ours = |role: &String| self.spec.managed.roles.iter().any(|wanted| wanted.name == *role);
        if let Some((role, errors)) = roles.cannot_reconcile.iter().find(|(role, _)| is_ours(role)) {
            return waiting("RolesRefused", format!("Cluster {name} cannot make the role {role}: {}", errors.join("; ")));
        }
        let missing = self.spec.managed.roles.iter().filter(|role| !roles.has(role, secrets));
        let missing: Vec<_> = missing.map(|role| role.name.as_str()).collect();
        match missing.is_empty() {
            true => Ok(()),
            false => {
                let message = format!("Cluster {name} has not yet made, or not yet changed, the roles {}", missing.join(", "));
                waiting("RolesPending", message)
            }
        }
    }
}

impl RolesStatus {
    /// Is `role` there, with the password that its Secret holds now?
    fn has(&self, role: &Role, secrets: &[Secret]) -> bool {
        let is_there = self.by_status.get("reconciled").is_some_and(|names| names.contains(&role.name));
        let Some(wanted) = &role.password_secret else { return is_there };
        let secret = secrets.iter().find(|secret| secret.name_any() == wanted.name);
        let version = secret.and_then(ResourceExt::resource_version);
        let applied = self.password_status.get(&role.name).map(|status| status.resource_version.clone());
        is_there && version.is_some() && applied == version
    }
}
