//! The values that the operator makes and never changes: keys and passwords.
//!
//! Each lives in a Secret of its own. What exists is read, and only what is missing is made: a second key-encryption key
//! would turn everything under the first into noise. What can be replaced is replaced by another beside it
//! ([`rotation`](crate::rotation)).

use std::collections::BTreeMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use contracts::Service;

use crate::components::POSTGRES;
use crate::crd::SslMode;
use crate::platform::{CLUSTER_DATABASE, Connection, Database, ObjectStore, Platform};
use crate::resources::postgres_cluster::READ_WRITE;
use crate::rotation::{Rotation, Slot};

/// Where new values come from. Tests give fixed ones.
pub trait Generator: Send + Sync {
    /// That many bytes which nobody can guess.
    fn random(&self, length: usize) -> Vec<u8>;

    /// A new key of a service.
    fn service_key(&self) -> ServiceKey;
}

/// The Ed25519 key with which a service signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// Base64 of the PKCS#8 v1 document. Version 1, because JWT libraries take no other.
    pub private: String,
    /// Base64url of the 32 public bytes, without padding, as in a JWK.
    pub public: String,
}

/// The system's random numbers.
pub struct SystemGenerator;

impl Generator for SystemGenerator {
    fn random(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes once it has started");
        bytes
    }

    fn service_key(&self) -> ServiceKey {
        let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).expect("the system gives random bytes once it has started");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key just made can be read");
        ServiceKey { private: STANDARD.encode(document.as_ref()), public: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()) }
    }
}

/// Stands where a value will be, for objects that are only looked at.
pub struct Placeholder;

impl Generator for Placeholder {
    fn random(&self, length: usize) -> Vec<u8> {
        vec![0; length]
    }

    fn service_key(&self) -> ServiceKey {
        ServiceKey { private: "made-by-the-operator".to_owned(), public: "made-by-the-operator".to_owned() }
    }
}

/// The generated Secrets that exist: Secret → key → value.
#[derive(Clone, Debug, Default)]
pub struct Stored(pub BTreeMap<String, BTreeMap<String, String>>);

impl Stored {
    /// A value, if its Secret exists.
    pub fn value(&self, secret: &str, key: &str) -> Option<String> {
        self.0.get(secret)?.get(key).cloned()
    }

    /// Does the Secret exist?
    pub fn contains(&self, secret: &str) -> bool {
        self.0.contains_key(secret)
    }
}

/// The name of the Secret with the key under which auth seals what only it may read.
pub fn key_encryption(name: &str) -> String {
    format!("{name}-key-encryption")
}

/// The names of the generated Secrets of a platform, each with the keys that it must have.
pub fn generated(name: &str, own_database: bool, own_object_store: bool, rotation: &Rotation) -> Vec<(String, &'static [&'static str])> {
    let mut secrets: Vec<(String, &'static [&'static str])> = Vec::new();
    for service in Service::ALL {
        for slot in rotation.live() {
            secrets.push((format!("{name}-{}", slot.secret(service, "key")), &["SERVICE_KEY", "PUBLIC_KEY"]));
        }
    }
    for secret in passwords(name, own_database, rotation) {
        secrets.push((secret, &["password"]));
    }
    secrets.push((key_encryption(name), &["KEY_ENCRYPTION_KEY"]));
    secrets.push((format!("{name}-first-admin"), &["FIRST_ADMIN_TOKEN"]));
    if own_object_store {
        secrets.push((format!("{name}-object-store"), &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]));
    }
    secrets
}

/// The names of the generated Secrets with a password of the database: those of the services, and that of an owner of our own.
pub fn passwords(name: &str, own_database: bool, rotation: &Rotation) -> Vec<String> {
    let of_services = Service::ALL.into_iter().flat_map(|service| rotation.live().map(move |slot| slot.secret(service, "database")));
    let of_owner = own_database.then(|| "database".to_owned());
    of_services.chain(of_owner).map(|what| format!("{name}-{what}")).collect()
}

/// Every value that the platform needs, found or made.
pub struct Credentials {
    /// Base64 of the 32 bytes under which auth keeps its signing keys.
    pub key_encryption_key: String,
    /// Makes whoever has it the first administrator, once.
    pub first_admin_token: String,
    /// One for each service, in the order of [`Service::ALL`], and for each slot that has values.
    pub services: Vec<ServiceCredentials>,
    /// The owner's way into the database.
    pub owner: Connection,
    /// Access key and secret of the object store, if it is ours.
    pub object_store: Option<(String, String)>,
}

/// What one service needs.
pub struct ServiceCredentials {
    /// Whose.
    pub service: Service,
    /// In which slot.
    pub slot: Slot,
    /// With which it signs.
    pub key: ServiceKey,
    /// Of its login role.
    pub database_password: String,
}

impl Credentials {
    /// Takes what is stored and makes the rest.
    pub fn complete(platform: &Platform, generator: &dyn Generator) -> Self {
        let stored = |secret: &str, key: &str| platform.stored.value(&platform.named(secret), key);
        let password = || URL_SAFE_NO_PAD.encode(generator.random(24));
        let slots = Service::ALL.into_iter().flat_map(|service| platform.rotation.live().map(move |slot| (service, slot)));
        let services = slots.map(|(service, slot)| {
            let secret = slot.secret(service, "key");
            let key = match (stored(&secret, "SERVICE_KEY"), stored(&secret, "PUBLIC_KEY")) {
                (Some(private), Some(public)) => ServiceKey { private, public },
                _ => generator.service_key(),
            };
            let database_password = stored(&slot.secret(service, "database"), "password").unwrap_or_else(password);
            ServiceCredentials { service, slot, key, database_password }
        });
        let owner = match &platform.database {
            Database::External(connection) => connection.clone(),
            Database::CloudNativePg(_) => Connection {
                host: format!("{}{READ_WRITE}", platform.named(POSTGRES)),
                port: 5432,
                database: CLUSTER_DATABASE.to_owned(),
                user: CLUSTER_DATABASE.to_owned(),
                password: stored("database", "password").unwrap_or_else(password),
                // By CloudNativePG's own authority.
                ssl_mode: SslMode::Require,
                root_certificates: None,
            },
            Database::Development { .. } => Connection {
                host: platform.named("postgres"),
                port: 5432,
                database: "social".to_owned(),
                user: "postgres".to_owned(),
                password: stored("database", "password").unwrap_or_else(password),
                ssl_mode: SslMode::Disable,
                root_certificates: None,
            },
        };
        let object_store = match &platform.object_store {
            ObjectStore::External { .. } => None,
            ObjectStore::Development { .. } => Some((
                stored("object-store", "AWS_ACCESS_KEY_ID").unwrap_or_else(|| URL_SAFE_NO_PAD.encode(generator.random(15))),
                stored("object-store", "AWS_SECRET_ACCESS_KEY").unwrap_or_else(|| URL_SAFE_NO_PAD.encode(generator.random(30))),
            )),
        };
        let sealing = platform.stored.value(&key_encryption(&platform.name), "KEY_ENCRYPTION_KEY");
        Self {
            key_encryption_key: sealing.unwrap_or_else(|| STANDARD.encode(generator.random(32))),
            first_admin_token: stored("first-admin", "FIRST_ADMIN_TOKEN").unwrap_or_else(password),
            services: services.collect(),
            owner,
            object_store,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_key_is_the_short_document_that_jwt_libraries_read() {
        let key = SystemGenerator.service_key();
        assert_eq!(STANDARD.decode(key.private).unwrap().len(), 48);
        assert_eq!(URL_SAFE_NO_PAD.decode(key.public).unwrap().len(), 32);
    }

    #[test]
    fn no_two_values_are_the_same() {
        assert_ne!(SystemGenerator.random(32), SystemGenerator.random(32));
        assert_ne!(SystemGenerator.service_key(), SystemGenerator.service_key());
    }

    #[test]
    fn external_storage_has_no_generated_credentials() {
        let names: Vec<_> = generated("demo", false, false, &Rotation::default()).into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"demo-key-encryption".to_owned()));
        assert!(names.contains(&"demo-photo-database".to_owned()));
        assert!(!names.contains(&"demo-database".to_owned()));
        assert!(!names.contains(&"demo-object-store".to_owned()));
    }
}
