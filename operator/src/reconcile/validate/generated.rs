//! The generated Secrets that exist, and which of them are in use.

use contracts::Service;
use kube::ResourceExt;

use super::{Problem, values};
use crate::crd::{DatabaseMode, ObjectStoreMode};
use crate::reconcile::Cluster;
use crate::reconcile::conditions::SECRETS_RESOLVED;
use crate::resources::postgres_cluster::BASIC_AUTH;
use crate::rotation::{Rotation, Slot};
use crate::secrets::{Stored, generated, key_encryption, passwords};

/// Which of the generated values are in use. A new platform begins with what it asks for, which is written before any of the others;
/// the key of another, whose backup it begins with, makes it no older.
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
    let key = key_encryption(&platform);
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
    key_is_there(cluster)?;
    if spec.database.mode == DatabaseMode::CloudNativePg {
        are_of_the_type_that_cloud_native_pg_reads(cluster, &rotation)?;
    }
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

/// What auth has sealed is read with the key of before only, and the pods that run still have it. So a new one is made by a person who
/// knows what that means, and never behind a platform's back.
fn key_is_there(cluster: &Cluster) -> Result<(), Problem> {
    let key = key_encryption(&cluster.resource.name_any());
    let is_in_use = cluster.resource.status.as_ref().is_some_and(|status| status.migration.is_some());
    if !is_in_use || cluster.generated.contains_key(&key) {
        return Ok(());
    }
    let message = format!(
        "Secret {key} is gone, without which auth cannot read what it has sealed: restore it from a copy before its pods end. If there \
         is no copy, make another, and people sign in anew, those with an app by a recovery code: kubectl create secret generic {key} \
         -n {} --from-literal=KEY_ENCRYPTION_KEY=\"$(openssl rand -base64 32)\"",
        cluster.namespace()
    );
    Err(Problem::in_secret("SecretMissing", message))
}

/// A Secret keeps its type for ever, and a platform of this name with another `database.mode` has left some of another type. They
/// are not replaced by themselves: their passwords may be the only way into the database of before.
fn are_of_the_type_that_cloud_native_pg_reads(cluster: &Cluster, rotation: &Rotation) -> Result<(), Problem> {
    let is_other = |name: &String| cluster.generated.get(name).is_some_and(|secret| secret.type_.as_deref() != Some(BASIC_AUTH));
    let others: Vec<_> = passwords(&cluster.resource.name_any(), true, rotation).into_iter().filter(is_other).collect();
    if others.is_empty() {
        return Ok(());
    }
    let message = format!(
        "a SocialPlatform of this name with another database.mode has left Secrets of a type that CloudNativePG does not read, and \
         Kubernetes changes no type: make the resource again with the database.mode of before; or, if the database of before may be \
         lost or you have copies of its passwords, delete them, and new ones are made: kubectl delete secret -n {} {}",
        cluster.namespace(),
        others.join(" ")
    );
    Err(Problem { condition: SECRETS_RESOLVED, reason: "GeneratedSecretOfAnotherMode", message, stalled: true })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::example::{cloud_native_pg, minimal};
    use crate::fixtures::{FixedGenerator, cluster};
    use crate::reconcile::build::build;
    use crate::reconcile::validate::tests::problem;
    use crate::reconcile::validate::validate;

    /// What is known of a new platform that finds what another of its name has left.
    fn after(earlier: Cluster, mut later: Cluster) -> Cluster {
        let left = build(&validate(&earlier).unwrap(), &FixedGenerator).new_secrets;
        later.generated.extend(left.into_iter().map(|secret| (secret.name_any(), secret)));
        later
    }

    #[test]
    fn passwords_of_a_type_that_cloud_native_pg_does_not_read_are_named() {
        let problem = problem(&after(cluster(minimal()), cluster(cloud_native_pg())));
        assert_eq!((problem.condition, problem.reason, problem.stalled), (SECRETS_RESOLVED, "GeneratedSecretOfAnotherMode", true));
        let names = "demo-auth-database demo-relation-database demo-photo-database demo-social-database demo-database";
        assert!(problem.message.ends_with(&format!("kubectl delete secret -n social {names}")), "{}", problem.message);
    }

    #[test]
    fn a_new_platform_of_which_not_everything_is_written_is_still_new() {
        let mut new = cluster(minimal());
        Arc::make_mut(&mut new.resource).spec.lifecycle.get_or_insert_default().rotation = Some("1".to_owned());
        let made = build(&validate(&new).unwrap(), &FixedGenerator);
        // In the order in which they are written. That of the migration is made of others, and nobody looks for it.
        let written = made.secrets.into_iter().chain(made.new_secrets).filter(|secret| secret.name_any() != "demo-migrate");
        for secret in written {
            let name = secret.name_any();
            new.generated.insert(name.clone(), secret);
            assert_eq!(validate(&new).unwrap().rotation.request, "1", "after {name}");
        }
    }

    #[test]
    fn passwords_of_any_type_open_other_databases() {
        assert!(validate(&after(cluster(cloud_native_pg()), cluster(minimal()))).is_ok());
        assert!(validate(&after(cluster(cloud_native_pg()), cluster(cloud_native_pg()))).is_ok());
    }
}
