//! Sample resources, made of Rust values so that they cannot fall behind the CRD.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::crd::{
    ComponentSpec, ComponentsSpec, DatabaseMode, DatabaseSpec, DeletionPolicy, DevelopmentDatabaseSpec, DevelopmentObjectStoreSpec,
    ExposureMode, ExposureSpec, ExternalDatabaseSpec, ExternalObjectStoreSpec, GatewaySpec, IngressSpec, LifecycleSpec, ObjectStoreMode,
    ObjectStoreSpec, ObservabilitySpec, ParentRef, ResourcesSpec, SecretRef, SocialPlatform, SocialPlatformSpec, SslMode,
};

/// Everything in one namespace of a laptop's cluster.
pub fn minimal() -> SocialPlatform {
    let spec = SocialPlatformSpec {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        image: None,
        image_pull_policy: None,
        domain: "social.localhost".to_owned(),
        lifecycle: None,
        database: DatabaseSpec {
            mode: DatabaseMode::Development,
            external: None,
            development: Some(DevelopmentDatabaseSpec { image: "docker.io/library/postgres:17".to_owned(), storage: "5Gi".to_owned() }),
        },
        object_store: ObjectStoreSpec {
            mode: ObjectStoreMode::Development,
            external: None,
            development: Some(DevelopmentObjectStoreSpec { storage: "5Gi".to_owned() }),
        },
        exposure: ExposureSpec { mode: ExposureMode::Ingress, scheme: None, ingress: Some(IngressSpec::default()), gateway: None },
        observability: None,
        components: None,
        trusted_proxy_hops: None,
    };
    SocialPlatform::new("demo", spec)
}

/// Every field, with storage that someone looks after.
pub fn full() -> SocialPlatform {
    let spec = SocialPlatformSpec {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        image: None,
        image_pull_policy: None,
        domain: "social.example.org".to_owned(),
        lifecycle: Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Retain) }),
        database: external_database("demo-pg-app"),
        object_store: external_object_store("demo-s3"),
        exposure: ExposureSpec {
            mode: ExposureMode::Gateway,
            scheme: None,
            ingress: None,
            gateway: Some(GatewaySpec {
                parent_refs: vec![ParentRef {
                    name: "public".to_owned(),
                    namespace: Some("gateways".to_owned()),
                    section_name: Some("https".to_owned()),
                }],
            }),
        },
        observability: Some(ObservabilitySpec { otlp_endpoint: Some("http://otel-collector.observability:4318".to_owned()) }),
        components: Some(ComponentsSpec {
            auth: Some(ComponentSpec { replicas: Some(2), resources: None }),
            social: Some(ComponentSpec { replicas: Some(3), resources: None }),
            photo: Some(ComponentSpec { replicas: Some(2), resources: Some(photo_resources()) }),
            relation: Some(ComponentSpec { replicas: Some(2), resources: None }),
        }),
        trusted_proxy_hops: Some(2),
    };
    SocialPlatform::new("demo", spec)
}

fn external_database(secret: &str) -> DatabaseSpec {
    DatabaseSpec {
        mode: DatabaseMode::External,
        external: Some(ExternalDatabaseSpec { secret_ref: SecretRef { name: secret.to_owned() }, ssl_mode: Some(SslMode::Require) }),
        development: None,
    }
}

fn external_object_store(secret: &str) -> ObjectStoreSpec {
    ObjectStoreSpec {
        mode: ObjectStoreMode::External,
        external: Some(ExternalObjectStoreSpec {
            endpoint: "https://s3.eu-central-1.amazonaws.com".to_owned(),
            bucket: "demo-photos".to_owned(),
            region: "eu-central-1".to_owned(),
            credentials_secret_ref: SecretRef { name: secret.to_owned() },
        }),
        development: None,
    }
}

fn photo_resources() -> ResourcesSpec {
    let list = |cpu: &str, memory: &str| -> BTreeMap<String, Quantity> {
        [("cpu", cpu), ("memory", memory)].map(|(name, value)| (name.to_owned(), Quantity(value.to_owned()))).into()
    };
    ResourcesSpec { requests: Some(list("500m", "512Mi")), limits: Some(list("2", "2Gi")) }
}
