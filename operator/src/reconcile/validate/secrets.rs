//! What the Secrets that a user gives must hold.

use k8s_openapi::api::core::v1::{ResourceRequirements, Secret};
use kube::ResourceExt;

use super::sizes::requirements_in_canonical_form;
use super::{Problem, endpoint, values};
use crate::components;
use crate::crd::{
    CloudNativePgSpec, DevelopmentDatabaseSpec, DevelopmentObjectStoreSpec, ExternalDatabaseSpec, ExternalObjectStoreSpec, ResourcesSpec,
    SslMode,
};
use crate::drift::hash_parts;
use crate::platform::{CloudNativePg, Connection, Database, ObjectStore};
use crate::quantity::{canonical, is_less};
use crate::reconcile::Cluster;
use crate::resources::persistent_volume_claim;

/// PostgreSQL cuts names after 63 bytes, and the longest role is the database's name and `_relation_a`.
const LONGEST_DATABASE_NAME: usize = 63 - "_relation_a".len();

pub(super) fn database(cluster: &Cluster) -> Result<Database, Problem> {
    let spec = &cluster.resource.spec.database;
    match (&spec.external, &spec.cloud_native_pg, &spec.development) {
        (Some(external), _, _) => connection(cluster, external).map(Database::External),
        (None, Some(wanted), _) => cloud_native_pg(cluster, wanted).map(Database::CloudNativePg),
        (None, None, Some(DevelopmentDatabaseSpec { image, storage })) => {
            let storage = volume(cluster, components::POSTGRES, "database.development.storage", storage)?;
            Ok(Database::Development { image: image.clone(), storage })
        }
        (None, None, None) => Err(block_missing("database")),
    }
}

fn cloud_native_pg(cluster: &Cluster, wanted: &CloudNativePgSpec) -> Result<CloudNativePg, Problem> {
    let CloudNativePgSpec { instances, image, storage, resources } = wanted;
    let resources = resources.as_ref().map(|wanted| {
        let ResourcesSpec { requests, limits } = wanted.clone();
        let requirements = ResourceRequirements { requests, limits, ..ResourceRequirements::default() };
        requirements_in_canonical_form("database.cloudNativePG.resources", requirements)
    });
    Ok(CloudNativePg {
        instances: instances.unwrap_or(3),
        image: image.clone(),
        storage: size("database.cloudNativePG.storage.size", &storage.size)?,
        storage_class: storage.storage_class.clone(),
        resources: resources.transpose()?,
        served: cluster.cloud_native_pg_served,
    })
}

pub(super) fn object_store(cluster: &Cluster) -> Result<ObjectStore, Problem> {
    let spec = &cluster.resource.spec.object_store;
    match (&spec.external, &spec.development) {
        (Some(external), _) => bucket(cluster, external),
        (None, Some(DevelopmentObjectStoreSpec { storage })) => {
            Ok(ObjectStore::Development { storage: volume(cluster, components::S3, "objectStore.development.storage", storage)? })
        }
        (None, None) => Err(block_missing("objectStore")),
    }
}

fn connection(cluster: &Cluster, external: &ExternalDatabaseSpec) -> Result<Connection, Problem> {
    let name = &external.secret_ref.name;
    let keys = ["host", "port", "dbname", "user", "password"];
    let [host, port, database, user, password] = read(cluster, name, keys)?;
    let invalid = |message: String| Problem::in_secret("SecretInvalid", format!("Secret {name}: {message}"));
    let port = port.parse::<u16>().ok().filter(|port| *port > 0);
    let port = port.ok_or_else(|| invalid("port is no port number; write one such as 5432".to_owned()))?;
    if database.len() > LONGEST_DATABASE_NAME {
        return Err(invalid(format!(
            "dbname has more than {LONGEST_DATABASE_NAME} bytes, which leaves no room for the names of the services' \
             roles; use a database with a shorter name"
        )));
    }
    let ssl_mode = external.ssl_mode.unwrap_or_default();
    let has_authorities = ssl_mode == SslMode::VerifyFull && cluster.resource.spec.trust.is_some();
    let root_certificates = has_authorities.then(components::trust::path);
    Ok(Connection { host, port, database, user, password, ssl_mode, root_certificates })
}

fn bucket(cluster: &Cluster, external: &ExternalObjectStoreSpec) -> Result<ObjectStore, Problem> {
    let name = &external.credentials_secret_ref.name;
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let values = read(cluster, name, keys)?;
    let parts = keys.iter().copied().zip(values.iter().map(String::as_bytes));
    Ok(ObjectStore::External {
        endpoint: endpoint("objectStore.external.endpoint", &external.endpoint)?,
        public_endpoint: external.public_endpoint.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
        bucket: external.bucket.clone(),
        region: external.region.clone(),
        secret: name.clone(),
        fingerprint: hash_parts(parts),
    })
}

/// The values of `keys`, none of them empty.
pub(super) fn read<const N: usize>(cluster: &Cluster, name: &str, keys: [&str; N]) -> Result<[String; N], Problem> {
    let Some(secret) = cluster.referenced.get(name) else {
        let message = format!("Secret {name} is not in namespace {}: create it with the keys {}", cluster.namespace(), keys.join(", "));
        return Err(Problem::in_secret("SecretMissing", message));
    };
    match keys_without_value(secret, &keys) {
        missing if !missing.is_empty() => {
            let message = format!("Secret {name} has no value for {}: add what is missing", missing.join(", "));
            Err(Problem::in_secret("SecretIncomplete", message))
        }
        _ => {
            let values = values(secret);
            Ok(keys.map(|key| values.get(key).cloned().unwrap_or_default()))
        }
    }
}

fn keys_without_value<'a>(secret: &Secret, keys: &[&'a str]) -> Vec<&'a str> {
    let values = values(secret);
    keys.iter().copied().filter(|key| values.get(*key).is_none_or(String::is_empty)).collect()
}

fn size(field: &str, text: &str) -> Result<String, Problem> {
    canonical(text).ok_or_else(|| Problem::in_spec("InvalidQuantity", format!("{field} is {text:?}: write a size such as 5Gi")))
}

/// The size of a component's volume: no less than it has, as no volume shrinks. So a size that was too much can be taken back.
fn volume(cluster: &Cluster, component: &str, field: &str, text: &str) -> Result<String, Problem> {
    let wanted = size(field, text)?;
    let name = format!("{}-{component}", cluster.resource.name_any());
    let live = cluster.children.volume_claims.iter().find(|claim| claim.name_any() == name);
    let has = live.and_then(|claim| canonical(persistent_volume_claim::size(claim)?));
    Ok(has.filter(|has| is_less(&wanted, has)).unwrap_or(wanted))
}

/// The CRD's rules refuse this, unless someone installed an older CRD.
fn block_missing(section: &str) -> Problem {
    let message = format!("{section}.mode has no block of its name: write one, and upgrade the CRDs of the operator");
    Problem::in_spec("InvalidSpec", message)
}
