//! What tests begin with.

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::DeploymentStatus;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::crd::SocialPlatform;
use crate::reconcile::Cluster;
use crate::secrets::{Generator, ServiceKey};

/// A certificate until 2100.
pub(crate) const VALID: &str = include_str!("../tests/certificates/valid.pem");
/// A certificate until 2021.
pub(crate) const EXPIRED: &str = include_str!("../tests/certificates/expired.pem");

/// `resource` as it comes from the API server, with a catalog and with the Secrets that the full example refers to; and with
/// the key of the platform whose backup it begins with.
pub(crate) fn cluster(mut resource: SocialPlatform) -> Cluster {
    resource.metadata.namespace = Some("social".into());
    resource.metadata.uid = Some("5a0e".into());
    resource.metadata.generation = Some(1);
    resource.spec.version = "1.2.3".into();
    let mut cluster = Cluster::empty(resource, Timestamp::from_second(1_700_000_000).unwrap());
    cluster.images.insert("1.2.3".into(), "example.org/social-platform:1.2.3".into());
    let database = [("host", "pg"), ("port", "5432"), ("dbname", "app"), ("user", "owner"), ("password", "p@ss")];
    let object_store = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key")];
    cluster.referenced.insert("demo-pg-app".into(), secret("demo-pg-app", &database));
    cluster.referenced.insert("demo-s3".into(), secret("demo-s3", &object_store));
    cluster.referenced.insert("demo-backups".into(), secret("demo-backups", &object_store));
    cluster.referenced.insert("demo-smtp".into(), secret("demo-smtp", &[("username", "name"), ("password", "word")]));
    if cluster.resource.spec.bootstrap.is_some() {
        let key = secret("demo-key-encryption", &[("KEY_ENCRYPTION_KEY", "a2V5")]);
        cluster.generated.insert("demo-key-encryption".into(), key);
    }
    cluster
}

/// A Secret with these values.
pub(crate) fn secret(name: &str, values: &[(&str, &str)]) -> Secret {
    let data = values.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())));
    Secret {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        data: Some(data.collect()),
        ..Secret::default()
    }
}

/// Of a Deployment with so many pods, all of which are new and serve.
pub(crate) fn serving(pods: i32) -> DeploymentStatus {
    DeploymentStatus {
        replicas: Some(pods),
        updated_replicas: Some(pods),
        available_replicas: Some(pods),
        observed_generation: Some(1),
        ..DeploymentStatus::default()
    }
}

/// The same values each time.
pub(crate) struct FixedGenerator;

impl Generator for FixedGenerator {
    fn random(&self, length: usize) -> Vec<u8> {
        vec![7; length]
    }

    fn service_key(&self) -> ServiceKey {
        ServiceKey { private: "cHJpdmF0ZQ==".into(), public: "cHVibGlj".into() }
    }
}
