//! The generated Secrets that exist, and which of them are in use.

use contracts::Service;
use kube::ResourceExt;

use super::{Problem, values};
use crate::crd::{DatabaseMode, ObjectStoreMode};
use crate::reconcile::Cluster;
use crate::rotation::{Rotation, Slot};
use crate::secrets::{Stored, generated};

/// Which of the generated values are in use. A new platform begins with what it asks for; the key of another, whose backup it begins
/// with, makes it no older.
pub(super) fn rotation(cluster: &Cluster) -> Result<Rotation, Problem> {
    let platform = cluster.resource.name_any();
    let name = format!("{platform}-rotation");
    let wanted = cluster.resource.rotation().unwrap_or_default();
    let broken = || {
        let message = format!(
            "Secret {name} does not say which passwords are in use: restore it from a backup; if there is none, write it with slot: b if \
             the Deployments read DATABASE_URL from Secrets whose names end with -b, else a; phase: Settled; and request: anything"
        );
        Problem::in_secret("GeneratedSecretBroken", message)
    };
    let key = format!("{platform}-key-encryption");
    // It is written before the second places are filled for the first time.
    let second = format!("{platform}-{}", Slot::B.secret(Service::Auth, "database"));
    let is_second_there = cluster.children.secrets.iter().any(|secret| secret.name_any() == second);
    match cluster.generated.get(&name) {
        Some(secret) => Rotation::read(&values(secret)).ok_or_else(broken),
        None if is_second_there => Err(broken()),
        None if cluster.generated.keys().all(|known| *known == key) => Ok(Rotation { request: wanted.to_owned(), ..Rotation::default() }),
        None => Ok(Rotation::default()),
    }
}

/// The values of the generated Secrets that exist. One that lost a value is not repaired: the value may be the only way
/// to read the data.
pub(super) fn stored(cluster: &Cluster, rotation: Option<&Rotation>) -> Result<Stored, Problem> {
    let spec = &cluster.resource.spec;
    let own_database = spec.database.mode != DatabaseMode::External;
    let own_object_store = spec.object_store.mode == ObjectStoreMode::Development;
    let mut stored = Stored::default();
    let rotation = rotation.cloned().unwrap_or_default();
    for (name, keys) in generated(&cluster.resource.name_any(), own_database, own_object_store, &rotation) {
        let Some(secret) = cluster.generated.get(&name) else { continue };
        let values = values(secret);
        if let Some(missing) = keys.iter().find(|key| values.get(**key).is_none_or(String::is_empty)) {
            let message = format!(
                "Secret {name} has lost its key {missing}: restore it from a backup; if what it protects may be lost, \
                 delete the Secret, and a new one is made"
            );
            return Err(Problem::in_secret("GeneratedSecretBroken", message));
        }
        stored.0.insert(name, values);
    }
    Ok(stored)
}
