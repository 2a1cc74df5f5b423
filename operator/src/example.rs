//! Sample resources, made of Rust values so that they cannot fall behind the CRD.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use serde_json::json;

use crate::crd::{
    AccountsSpec, AutoscalingSpec, BackupDestinationSpec, BackupSpec, BootstrapSpec, CloudNativePgSpec, CloudNativePgStorageSpec,
    ComponentSpec, ComponentsSpec, DatabaseMode, DatabaseSpec, DeletionPolicy, DevelopmentDatabaseSpec, DevelopmentObjectStoreSpec,
    ExposureMode, ExposureSpec, ExternalDatabaseSpec, ExternalObjectStoreSpec, FromBackupSpec, GatewaySpec, IngressSpec, IssuerKind,
    IssuerRef, LabelsSpec, LifecycleSpec, MailSpec, MailTls, MigrationPolicy, MigrationsSpec, ModerationSpec, ObjectStoreMode,
    ObjectStoreSpec, ObservabilitySpec, ParentRef, PeerSpec, PhotosSpec, PlatformRef, PodOverrides, RegistrationMode, RegistrationSpec,
    ResourcesSpec, SecretRef, SocialPlatform, SocialPlatformBackup, SocialPlatformBackupSpec, SocialPlatformSpec, SslMode, Switch, TlsSpec,
    TopologySpreadSpec, Unsatisfiable,
};

/// Everything in one namespace of a laptop's cluster.
pub fn minimal() -> SocialPlatform {
    let spec = SocialPlatformSpec {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        image: None,
        image_pull_policy: None,
        image_pull_secrets: None,
        scheduling: None,
        domain: "social.localhost".to_owned(),
        lifecycle: None,
        database: DatabaseSpec {
            mode: DatabaseMode::Development,
            external: None,
            cloud_native_pg: None,
            development: Some(DevelopmentDatabaseSpec { image: "docker.io/library/postgres:17".to_owned(), storage: "5Gi".to_owned() }),
            max_connections: None,
            migrations: None,
        },
        object_store: ObjectStoreSpec {
            mode: ObjectStoreMode::Development,
            external: None,
            development: Some(DevelopmentObjectStoreSpec { storage: "5Gi".to_owned() }),
        },
        backup: None,
        bootstrap: None,
        exposure: ExposureSpec {
            mode: ExposureMode::Ingress,
            scheme: None,
            tls: None,
            ingress: Some(IngressSpec::default()),
            gateway: None,
            from: None,
        },
        observability: None,
        components: None,
        registration: None,
        moderation: None,
        accounts: None,
        mail: None,
        photos: None,
        trust: None,
        trusted_proxy_hops: None,
    };
    SocialPlatform::new("demo", spec)
}

/// Most fields, with storage that someone looks after.
pub fn full() -> SocialPlatform {
    let spec = SocialPlatformSpec {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        image: None,
        image_pull_policy: None,
        image_pull_secrets: None,
        scheduling: None,
        domain: "social.example.org".to_owned(),
        lifecycle: Some(LifecycleSpec {
            paused: Some(false),
            hibernated: Some(false),
            deletion_policy: Some(DeletionPolicy::Retain),
            rotation: Some("2026-11".to_owned()),
        }),
        database: external_database("demo-pg-app"),
        object_store: external_object_store("demo-s3", "demo-photos"),
        backup: Some(BackupSpec {
            postgres_image: "docker.io/library/postgres:17".to_owned(),
            destination: backup_destination(),
            schedule: Some("0 2 * * *".to_owned()),
            keep: Some(14),
            egress_to: None,
        }),
        bootstrap: None,
        exposure: ExposureSpec {
            mode: ExposureMode::Gateway,
            scheme: None,
            tls: Some(TlsSpec {
                secret_name: Some("demo-tls".to_owned()),
                issuer_ref: Some(IssuerRef { name: "letsencrypt".to_owned(), kind: Some(IssuerKind::ClusterIssuer) }),
            }),
            ingress: None,
            gateway: Some(GatewaySpec {
                parent_refs: vec![ParentRef {
                    name: "public".to_owned(),
                    namespace: Some("gateways".to_owned()),
                    section_name: Some("https".to_owned()),
                }],
                request_timeout: Some("310s".to_owned()),
            }),
            from: Some(vec![pods_of("gateways")]),
        },
        observability: Some(ObservabilitySpec {
            otlp_endpoint: Some("http://otel-collector.observability:4318".to_owned()),
            egress_to: None,
            trace_sampling: Some("0.1".to_owned()),
            traces_per_second: Some(100),
            log: Some("info".to_owned()),
            from: Some(vec![pods_of("monitoring")]),
            dashboards: Some(Switch::Enabled),
            alerts: Some(Switch::Enabled),
            service_monitors: Some(Switch::Disabled),
            runbook_base: Some("https://git.example.org/social-platform/docs/runbooks".to_owned()),
            monitoring_labels: Some([("release".to_owned(), "kube-prometheus-stack".to_owned())].into()),
        }),
        components: Some(components()),
        registration: Some(RegistrationSpec { mode: RegistrationMode::Open }),
        moderation: Some(ModerationSpec {
            contact: Some("moderators@example.org".to_owned()),
            rules: Some(vec!["Be kind.".to_owned(), "Say where your pictures are from.".to_owned()]),
            reserved_handles: Some(vec!["example".to_owned(), "press".to_owned()]),
        }),
        accounts: Some(AccountsSpec { erasure_grace_days: Some(7) }),
        mail: Some(MailSpec {
            host: "smtp.example.org".to_owned(),
            port: Some(587),
            tls: Some(MailTls::StartTls),
            from: "Our platform <no-reply@example.org>".to_owned(),
            credentials_secret_ref: Some(SecretRef { name: "demo-smtp".to_owned() }),
            egress_to: None,
        }),
        photos: Some(PhotosSpec {
            max_bytes: Some(20 << 20),
            max_side: Some(10_000),
            max_pixels: Some(40_000_000),
            max_frames: Some(300),
            quota_bytes: Some(1 << 30),
        }),
        trust: None,
        trusted_proxy_hops: Some(2),
    };
    SocialPlatform::new("demo", spec)
}

/// A database that CloudNativePG runs for the platform, beside photos that someone looks after.
pub fn cloud_native_pg() -> SocialPlatform {
    let storage = CloudNativePgStorageSpec { size: "20Gi".to_owned(), storage_class: None };
    let mut resource = minimal();
    resource.spec.database = DatabaseSpec {
        mode: DatabaseMode::CloudNativePg,
        external: None,
        cloud_native_pg: Some(CloudNativePgSpec { instances: Some(3), image: None, storage, resources: Some(photo_resources()) }),
        development: None,
        max_connections: None,
        migrations: None,
    };
    resource.spec.object_store = external_object_store("demo-s3", "demo-photos");
    resource
}

fn external_database(secret: &str) -> DatabaseSpec {
    DatabaseSpec {
        mode: DatabaseMode::External,
        external: Some(ExternalDatabaseSpec {
            secret_ref: SecretRef { name: secret.to_owned() },
            ssl_mode: Some(SslMode::Require),
            egress_to: None,
        }),
        cloud_native_pg: None,
        development: None,
        max_connections: Some(400),
        migrations: Some(MigrationsSpec {
            policy: Some(MigrationPolicy::BeforeRollout),
            active_deadline_seconds: Some(1800),
            ..MigrationsSpec::default()
        }),
    }
}

fn external_object_store(secret: &str, bucket: &str) -> ObjectStoreSpec {
    ObjectStoreSpec {
        mode: ObjectStoreMode::External,
        external: Some(ExternalObjectStoreSpec {
            endpoint: "https://s3.eu-central-1.amazonaws.com".to_owned(),
            public_endpoint: Some("https://s3.eu-central-1.amazonaws.com".to_owned()),
            bucket: bucket.to_owned(),
            region: "eu-central-1".to_owned(),
            credentials_secret_ref: SecretRef { name: secret.to_owned() },
            egress_to: None,
        }),
        development: None,
    }
}

/// A backup of the platform `demo`, in its namespace.
pub fn backup() -> SocialPlatformBackup {
    let platform_ref = PlatformRef { name: "demo".to_owned() };
    SocialPlatformBackup::new("before-the-upgrade", SocialPlatformBackupSpec { platform_ref })
}

/// A platform that begins with a backup of another.
pub fn restored() -> SocialPlatform {
    let mut resource = full();
    resource.metadata.name = Some("again".to_owned());
    resource.spec.database = external_database("again-pg-app");
    resource.spec.object_store = external_object_store("again-s3", "again-photos");
    resource.spec.bootstrap = Some(BootstrapSpec {
        from_backup: FromBackupSpec {
            name: "before-the-upgrade-5a0e7c12".to_owned(),
            postgres_image: "docker.io/library/postgres:17".to_owned(),
            source: backup_destination(),
        },
        egress_to: None,
    });
    resource
}

fn backup_destination() -> BackupDestinationSpec {
    BackupDestinationSpec {
        endpoint: "https://s3.us-west-1.amazonaws.com".to_owned(),
        bucket: "demo-backups".to_owned(),
        prefix: Some("platforms/demo".to_owned()),
        region: "us-west-1".to_owned(),
        credentials_secret_ref: SecretRef { name: "demo-backups".to_owned() },
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
