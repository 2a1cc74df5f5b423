//! What pods read and nobody else may know.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::metadata::{owned, retained};
use crate::components::{MIGRATE, POSTGRES, S3};
use crate::platform::{Database, Platform};
use crate::secrets::{Credentials, ServiceCredentials};

/// Every Secret of the platform. Those without which retained data cannot be read are retained as well.
pub fn secrets(platform: &Platform, credentials: &Credentials) -> Vec<Secret> {
    let mut secrets = vec![
        key_encryption(platform, credentials),
        secret(owned(platform, "auth", &platform.named("first-admin")), [("FIRST_ADMIN_TOKEN", credentials.first_admin_token.clone())]),
        secret(owned(platform, MIGRATE, &platform.named(MIGRATE)), [("OWNER_DATABASE_URL", credentials.owner.owner_url())]),
    ];
    for of in &credentials.services {
        secrets.push(service_key(platform, of));
        secrets.push(service_database(platform, credentials, of));
    }
    if matches!(platform.database, Database::Development { .. }) {
        secrets.push(own_database(platform, credentials));
    }
    if let Some((id, key)) = &credentials.object_store {
        secrets.push(secret(
            owned(platform, S3, &platform.named("object-store")),
            [("AWS_ACCESS_KEY_ID", id.clone()), ("AWS_SECRET_ACCESS_KEY", key.clone())],
        ));
    }
    secrets
}

fn key_encryption(platform: &Platform, credentials: &Credentials) -> Secret {
    secret(retained(platform, "auth", &platform.named("key-encryption")), [("KEY_ENCRYPTION_KEY", credentials.key_encryption_key.clone())])
}

fn service_key(platform: &Platform, of: &ServiceCredentials) -> Secret {
    let name = of.service.name();
    secret(
        owned(platform, name, &platform.named(&format!("{name}-key"))),
        [("SERVICE_KEY", of.key.private.clone()), ("PUBLIC_KEY", of.key.public.clone())],
    )
}

fn service_database(platform: &Platform, credentials: &Credentials, of: &ServiceCredentials) -> Secret {
    let name = of.service.name();
    secret(
        retained(platform, name, &platform.named(&format!("{name}-database"))),
        [("password", of.database_password.clone()), ("DATABASE_URL", credentials.owner.service_url(of.service, &of.database_password))],
    )
}

/// The Secret of Development PostgreSQL, with the same keys as one that a user gives for an external database.
fn own_database(platform: &Platform, credentials: &Credentials) -> Secret {
    let owner = credentials.owner.clone();
    secret(
        retained(platform, POSTGRES, &platform.named("database")),
        [
            ("host", owner.host),
            ("port", owner.port.to_string()),
            ("dbname", owner.database),
            ("user", owner.user),
            ("password", owner.password),
        ],
    )
}

fn secret<const N: usize>(metadata: ObjectMeta, values: [(&str, String); N]) -> Secret {
    let data = values.map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes())));
    Secret { metadata, data: Some(data.into()), ..Secret::default() }
}
