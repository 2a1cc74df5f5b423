//! Sample resources, made of Rust values so that they cannot fall behind the CRD.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use serde_json::json;

use crate::crd::{
    AutoscalingSpec, ComponentSpec, ComponentsSpec, DatabaseMode, DatabaseSpec, DeletionPolicy, DevelopmentDatabaseSpec,
    DevelopmentObjectStoreSpec, ExposureMode, ExposureSpec, ExternalDatabaseSpec, ExternalObjectStoreSpec, GatewaySpec, IngressSpec,
    LabelsSpec, LifecycleSpec, MailSpec, MailTls, ObjectStoreMode, ObjectStoreSpec, ObservabilitySpec, ParentRef, PeerSpec, PhotosSpec,
    PodOverrides, RegistrationMode, RegistrationSpec, ResourcesSpec, SecretRef, SocialPlatform, SocialPlatformSpec, SslMode, Switch,
    TopologySpreadSpec, Unsatisfiable,
};

/// Everything in one namespace of a laptop's cluster.
pub fn minimal() -> SocialPlatform {
    let spec = SocialPlatformSpec {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        image: None,
        image_pull_policy: None,
        image_pull_secrets: None,
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
        exposure: ExposureSpec {
            mode: ExposureMode::Ingress,
            scheme: None,
            ingress: Some(IngressSpec::default()),
            gateway: None,
            from: None,
        },
        observability: None,
        components: None,
        registration: None,
        mail: None,
        photos: None,
        trust: None,
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
        image_pull_secrets: None,
        domain: "social.example.org".to_owned(),
        lifecycle: Some(LifecycleSpec { paused: Some(false), hibernated: Some(false), deletion_policy: Some(DeletionPolicy::Retain) }),
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
            from: Some(vec![pods_of("gateways")]),
        },
        observability: Some(ObservabilitySpec {
            otlp_endpoint: Some("http://otel-collector.observability:4318".to_owned()),
            from: Some(vec![pods_of("monitoring")]),
            dashboards: Some(Switch::Enabled),
            alerts: Some(Switch::Enabled),
            service_monitors: Some(Switch::Disabled),
            monitoring_labels: Some([("release".to_owned(), "kube-prometheus-stack".to_owned())].into()),
        }),
        components: Some(components()),
        registration: Some(RegistrationSpec { mode: RegistrationMode::Open }),
        mail: Some(MailSpec {
            host: "smtp.example.org".to_owned(),
            port: Some(587),
            tls: Some(MailTls::StartTls),
            from: "Our platform <no-reply@example.org>".to_owned(),
            credentials_secret_ref: Some(SecretRef { name: "demo-smtp".to_owned() }),
        }),
        photos: Some(PhotosSpec {
            max_bytes: Some(20 << 20),
            max_side: Some(10_000),
            max_pixels: Some(40_000_000),
            quota_bytes: Some(1 << 30),
        }),
        trust: None,
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
            public_endpoint: Some("https://s3.eu-central-1.amazonaws.com".to_owned()),
            bucket: "demo-photos".to_owned(),
            region: "eu-central-1".to_owned(),
            credentials_secret_ref: SecretRef { name: secret.to_owned() },
        }),
        development: None,
    }
}

/// All pods of a namespace.
fn pods_of(namespace: &str) -> PeerSpec {
    let labels = [("kubernetes.io/metadata.name".to_owned(), namespace.to_owned())].into();
    PeerSpec { namespace_selector: Some(LabelsSpec { match_labels: Some(labels) }), ..PeerSpec::default() }
}

/// A fixed number of pods, one that follows the load, resources, and what has no field of its own.
fn components() -> ComponentsSpec {
    let two = ComponentSpec { replicas: Some(2), ..ComponentSpec::default() };
    let autoscaling = AutoscalingSpec {
        min_replicas: 2,
        max_replicas: 8,
        target_cpu_utilization_percentage: Some(70),
        target_memory_utilization_percentage: None,
        requests_per_second: Some(200),
    };
    let over_zones = TopologySpreadSpec {
        topology_key: "topology.kubernetes.io/zone".to_owned(),
        max_skew: Some(1),
        when_unsatisfiable: Some(Unsatisfiable::ScheduleAnyway),
    };
    let tolerations = json!({ "spec": { "tolerations": [{ "key": "spot", "operator": "Exists" }] } });
    ComponentsSpec {
        auth: Some(two.clone()),
        social: Some(ComponentSpec { autoscaling: Some(autoscaling), ..ComponentSpec::default() }),
        photo: Some(ComponentSpec {
            resources: Some(photo_resources()),
            topology_spread: Some(vec![over_zones]),
            pod_overrides: Some(PodOverrides(tolerations)),
            ..two.clone()
        }),
        relation: Some(two),
    }
}

fn photo_resources() -> ResourcesSpec {
    let list = |cpu: &str, memory: &str| -> BTreeMap<String, Quantity> {
        [("cpu", cpu), ("memory", memory)].map(|(name, value)| (name.to_owned(), Quantity(value.to_owned()))).into()
    };
    ResourcesSpec { requests: Some(list("500m", "512Mi")), limits: Some(list("2", "2Gi")) }
}
