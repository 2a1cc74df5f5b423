//! What pods read and nobody else may know.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::metadata::{owned, retained};
use super::postgres_cluster::{BASIC_AUTH, RELOAD_LABEL};
use crate::components::{MIGRATE, POSTGRES, S3};
use crate::platform::{Database, Platform};
use crate::rotation::Rotation;
use crate::secrets::{Credentials, ServiceCredentials, key_encryption};

/// Every Secret of the platform. Those without which retained data cannot be read are retained as well.
pub fn secrets(platform: &Platform, credentials: &Credentials) -> Vec<Secret> {
    let mut secrets = vec![
        sealing(platform, credentials),
        secret(owned(platform, "auth", &platform.named("first-admin")), [("FIRST_ADMIN_TOKEN", credentials.first_admin_token.clone())]),
        secret(owned(platform, MIGRATE, &platform.named(MIGRATE)), [("OWNER_DATABASE_URL", credentials.owner.owner_url())]),
    ];
    for of in &credentials.services {
        secrets.push(service_key(platform, of));
        secrets.push(service_database(platform, credentials, of));
    }
    if !matches!(platform.database, Database::External(_)) {
        secrets.push(own_database(platform, credentials));
    }
    if platform.rotation != Rotation::default() {
        secrets.push(rotation(platform, &platform.rotation));
    }
    if let Some((id, key)) = &credentials.object_store {
        secrets.push(secret(
            owned(platform, S3, &platform.named("object-store")),
            [("AWS_ACCESS_KEY_ID", id.clone()), ("AWS_SECRET_ACCESS_KEY", key.clone())],
        ));
    }
    secrets
}

fn sealing(platform: &Platform, credentials: &Credentials) -> Secret {
    secret(retained(platform, "auth", &key_encryption(&platform.name)), [("KEY_ENCRYPTION_KEY", credentials.key_encryption_key.clone())])
}

fn service_key(platform: &Platform, of: &ServiceCredentials) -> Secret {
    let name = of.service.name();
    secret(
        owned(platform, name, &platform.named(&of.slot.secret(of.service, "key"))),
        [("SERVICE_KEY", of.key.private.clone()), ("PUBLIC_KEY", of.key.public.clone())],
    )
}

fn service_database(platform: &Platform, credentials: &Credentials, of: &ServiceCredentials) -> Secret {
    let metadata = retained(platform, of.service.name(), &platform.named(&of.slot.secret(of.service, "database")));
    let (owner, password) = (&credentials.owner, of.database_password.clone());
    match platform.database {
        Database::CloudNativePg(_) => {
            let url = owner.service_url_with_settings(of.service, of.slot, &password);
            of_role(metadata, &of.slot.login_role(&owner.database, of.service), [("password", password), ("DATABASE_URL", url)])
        }
        _ => {
            let url = owner.service_url(of.service, of.slot, &password);
            secret(metadata, [("password", password), ("DATABASE_URL", url)])
        }
    }
}

/// The Secret of a role as CloudNativePG reads it.
fn of_role<const N: usize>(metadata: ObjectMeta, role: &str, values: [(&str, String); N]) -> Secret {
    let mut secret = secret(metadata, values);
    secret.metadata.labels.get_or_insert_default().insert(RELOAD_LABEL.to_owned(), "true".to_owned());
    secret.data.get_or_insert_default().insert("username".to_owned(), ByteString(role.as_bytes().to_vec()));
    Secret { type_: Some(BASIC_AUTH.to_owned()), ..secret }
}

/// How far the replacement of passwords and keys is. Without it the next resource of this name would take an old password
/// for the one in use.
pub fn rotation(platform: &Platform, rotation: &Rotation) -> Secret {
    secret(retained(platform, "rotation", &platform.named("rotation")), rotation.values())
}

/// The Secret of a PostgreSQL of the platform's own, with the same keys as one that a user gives for an external database.
fn own_database(platform: &Platform, credentials: &Credentials) -> Secret {
    let owner = credentials.owner.clone();
    let user = owner.user.clone();
    let metadata = retained(platform, POSTGRES, &platform.named("database"));
    let values = [
        ("host", owner.host),
        ("port", owner.port.to_string()),
        ("dbname", owner.database),
        ("user", owner.user),
        ("password", owner.password),
    ];
    match platform.database {
        Database::CloudNativePg(_) => of_role(metadata, &user, values),
        _ => secret(metadata, values),
    }
}

fn secret<const N: usize>(metadata: ObjectMeta, values: [(&str, String); N]) -> Secret {
    let data = values.map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes())));
    Secret { metadata, data: Some(data.into()), ..Secret::default() }
}
