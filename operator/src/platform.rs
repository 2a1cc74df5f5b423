//! A `SocialPlatform` whose values cannot be wrong: what [`validate`](crate::reconcile::validate) makes of the resource
//! and of the Secrets it refers to. Builders see nothing else.

use std::collections::BTreeMap;

use contracts::Service;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use crate::crd::{DeletionPolicy, ImagePullPolicy, ParentRef, SslMode};
use crate::migration::Attempt;
use crate::secrets::Stored;

/// Everything that the builders need to know.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The name of the resource; every object's name begins with it.
    pub name: String,
    /// The namespace of the resource and of every object.
    pub namespace: String,
    /// What makes the garbage collector remove an object with the resource.
    pub owner: OwnerReference,
    /// The release to run.
    pub version: String,
    /// Its image.
    pub image: String,
    /// When nodes pull it.
    pub image_pull_policy: Option<ImagePullPolicy>,
    /// The host name.
    pub domain: String,
    /// The public URL, without a slash at its end: the issuer of tokens.
    pub url: String,
    /// What happens to volumes and keys when the resource is deleted.
    pub deletion_policy: DeletionPolicy,
    /// Where rows are.
    pub database: Database,
    /// Where bytes are.
    pub object_store: ObjectStore,
    /// How requests come in.
    pub exposure: Exposure,
    /// The collector.
    pub otlp: Option<Endpoint>,
    /// Proxies in front.
    pub trusted_proxy_hops: i32,
    /// The size of each service that does not have the operator's own.
    pub sizes: BTreeMap<Service, Size>,
    /// The generated values that exist.
    pub stored: Stored,
    /// The migration Jobs that exist.
    pub attempts: Vec<Attempt>,
    /// The time of this reconcile.
    pub now: Timestamp,
}

impl Platform {
    /// The name of an object of this platform.
    pub fn named(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }
}

/// Where rows are.
#[derive(Clone, Debug)]
pub enum Database {
    /// A PostgreSQL that someone else runs, as its owner.
    External(Connection),
    /// One pod of ours.
    Development {
        /// Its image.
        image: String,
        /// The size of its volume, in canonical form.
        storage: String,
    },
}

/// How to connect to PostgreSQL.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The name of the database.
    pub database: String,
    /// The owner of the database.
    pub user: String,
    /// The owner's password.
    pub password: String,
    /// Whether it is encrypted.
    pub ssl_mode: SslMode,
}

impl Connection {
    /// The URL with which the owner connects.
    pub fn owner_url(&self) -> String {
        self.url(&self.user, &self.password)
    }

    /// The URL with which a service connects: as its login role `a`, which the migration makes.
    pub fn service_url(&self, service: Service, password: &str) -> String {
        self.url(&format!("{}_{service}_a", self.database), password)
    }

    fn url(&self, user: &str, password: &str) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        format!(
            "postgres://{}:{}@{host}:{}/{}?sslmode={}",
            percent_encoded(user),
            percent_encoded(password),
            self.port,
            percent_encoded(&self.database),
            self.ssl_mode.name()
        )
    }
}

/// Everything but RFC 3986's unreserved characters, encoded.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Where bytes are.
#[derive(Clone, Debug)]
pub enum ObjectStore {
    /// A bucket that someone else keeps.
    External {
        /// The store.
        endpoint: Endpoint,
        /// The bucket.
        bucket: String,
        /// The region that requests are signed for.
        region: String,
        /// The Secret with the credentials.
        secret: String,
        /// A hash of the credentials, so that pods are replaced when they change.
        fingerprint: String,
    },
    /// One pod of ours.
    Development {
        /// The size of its volume, in canonical form.
        storage: String,
    },
}

/// Something outside that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its base URL, without a slash at its end.
    pub url: String,
    /// Its port, which the NetworkPolicies open.
    pub port: u16,
}

/// How requests come in.
#[derive(Clone, Debug)]
pub enum Exposure {
    /// An Ingress.
    Ingress {
        /// The IngressClass.
        class: Option<String>,
        /// Annotations for the ingress controller.
        annotations: BTreeMap<String, String>,
        /// The Secret with the certificate.
        tls_secret: Option<String>,
    },
    /// An HTTPRoute.
    Gateway {
        /// The Gateways to attach to.
        parents: Vec<ParentRef>,
        /// Whether the cluster knows HTTPRoutes.
        served: bool,
    },
    /// Nothing of ours.
    None,
}

/// The size of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Size {
    /// How many pods run.
    pub replicas: Option<i32>,
    /// What each asks for and may use, quantities in canonical form.
    pub resources: Option<ResourceRequirements>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_any_characters_survives_the_url() {
        let connection = Connection {
            host: "db.example.org".into(),
            port: 5432,
            database: "app".into(),
            user: "owner".into(),
            password: "p@ss:w/rd?#%ü".into(),
            ssl_mode: SslMode::Require,
        };
        assert_eq!(connection.owner_url(), "postgres://owner:p%40ss%3Aw%2Frd%3F%23%25%C3%BC@db.example.org:5432/app?sslmode=require");
    }

    #[test]
    fn a_service_connects_as_its_own_login_role() {
        let connection = Connection {
            host: "fd00::1".into(),
            port: 5433,
            database: "app".into(),
            user: "owner".into(),
            password: "secret".into(),
            ssl_mode: SslMode::Disable,
        };
        assert_eq!(connection.service_url(Service::Photo, "word"), "postgres://app_photo_a:word@[fd00::1]:5433/app?sslmode=disable");
    }
}
