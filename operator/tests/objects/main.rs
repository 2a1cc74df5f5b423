//! Every object of a platform, as YAML, for each mode: a review sees what a change does to them.
//!
//! `INSTA_UPDATE=always cargo test -p operator --test objects` writes the snapshots anew.

mod adapter;
mod moderation;
mod observability;
mod photos;
mod properties;
mod rotation;
mod scheduling;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use operator::apis::Apis;
use operator::crd::{
    AutoscalingSpec, ComponentSpec, ComponentsSpec, ConfigMapKeyRef, DeletionPolicy, ExposureMode, ImagePullPolicy, IngressSpec,
    IpBlockSpec, IssuerRef, LabelsSpec, LifecycleSpec, PeerSpec, PhotosSpec, PlatformRef, PodOverrides, PullSecret, Scheme, SocialPlatform,
    SocialPlatformBackup, SocialPlatformBackupSpec, SslMode, Switch, TlsSpec, TrustSpec,
};
use operator::example::{cloud_native_pg, full, minimal, restored};
use operator::platform::Platform;
use operator::reconcile::Cluster;
use operator::reconcile::build::build;
use operator::reconcile::validate::validate;
use operator::resources::{Prepared, Resources};
use operator::secrets::{Generator, ServiceKey};
use serde_json::{Value, json};

/// The same values each time.
struct Fixed(u8);

impl Generator for Fixed {
    fn random(&self, length: usize) -> Vec<u8> {
        vec![self.0; length]
    }

    fn service_key(&self) -> ServiceKey {
        ServiceKey { private: format!("private-{}", self.0), public: format!("public-{}", self.0) }
    }
}

fn secret(name: &str, values: &[(&str, &str)]) -> Secret {
    let data = values.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())));
    let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
    Secret { metadata, data: Some(data.collect()), ..Secret::default() }
}

/// What is known of `resource` the first time.
fn cluster(mut resource: SocialPlatform) -> Cluster {
    resource.metadata.namespace = Some("social".to_owned());
    resource.metadata.uid = Some("7b0f6b1c-0000-4000-8000-000000000001".to_owned());
    resource.metadata.generation = Some(1);
    resource.spec.version = "1.2.3".to_owned();
    let mut cluster = Cluster::empty(resource, Timestamp::UNIX_EPOCH);
    cluster.images.insert("1.2.3".to_owned(), "example.org/social-platform:1.2.3".to_owned());
    cluster.http_routes_served = true;
    cluster.monitoring_served = true;
    cluster.cert_manager_served = true;
    cluster.cloud_native_pg_served = true;
    cluster.apis = Apis { resource_metrics: true, custom_metrics: true };
    let owner = [("host", "demo-pg-rw"), ("port", "5432"), ("dbname", "app"), ("user", "app"), ("password", "p@ss/word")];
    let store = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    cluster.referenced.insert("demo-pg-app".to_owned(), secret("demo-pg-app", &owner));
    cluster.referenced.insert("demo-s3".to_owned(), secret("demo-s3", &store));
    cluster.referenced.insert("demo-backups".to_owned(), secret("demo-backups", &store));
    cluster.referenced.insert("demo-smtp".to_owned(), secret("demo-smtp", &[("username", "name"), ("password", "word")]));
    if cluster.resource.spec.bootstrap.is_some() {
        // The same as a new one would be.
        let key = secret("demo-key-encryption", &[("KEY_ENCRYPTION_KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")]);
        cluster.generated.insert("demo-key-encryption".to_owned(), key);
    }
    let authorities = [("ca.crt".to_owned(), "-----BEGIN CERTIFICATE-----\n…".to_owned())];
    cluster.ca_bundle = Some(ConfigMap { data: Some(authorities.into()), ..ConfigMap::default() });
    cluster
}

fn platform(resource: SocialPlatform) -> Platform {
    validate(&cluster(resource)).unwrap()
}

fn prepared(resource: SocialPlatform) -> Resources<Prepared> {
    build(&platform(resource), &Fixed(1))
}

/// Every object, in the order in which they are applied.
fn objects(resources: Resources<Prepared>) -> Vec<Value> {
    resources.objects()
}

fn yaml(resource: SocialPlatform) -> String {
    let documents = objects(prepared(resource)).into_iter().map(|object| serde_yaml_ng::to_string(&without_files(object)).unwrap());
    documents.collect::<Vec<_>>().join("---\n")
}

/// Dashboards and rules are read where they are written; what matters here is that they are there.
fn without_files(mut object: Value) -> Value {
    let data = object.pointer_mut("/data").and_then(Value::as_object_mut);
    for text in data.into_iter().flat_map(|data| data.values_mut()) {
        if text.as_str().is_some_and(|text| text.len() > 2000) {
            *text = Value::from("a file");
        }
    }
    let groups = object.pointer_mut("/spec/groups").and_then(Value::as_array_mut);
    for group in groups.into_iter().flatten() {
        let rules = group["rules"].as_array().map(Vec::len).unwrap_or_default();
        group["rules"] = Value::from(format!("{rules} rules"));
    }
    object
}

fn with(resource: SocialPlatform, change: impl FnOnce(&mut SocialPlatform)) -> SocialPlatform {
    let mut resource = resource;
    change(&mut resource);
    resource
}

/// A dozen resources: the examples, and each mode of each section.
fn variants() -> Vec<(&'static str, SocialPlatform)> {
    vec![
        ("minimal", minimal()),
        ("full", full()),
        (
            "ingress_with_tls",
            with(minimal(), |it| {
                it.spec.exposure.ingress = Some(IngressSpec {
                    class_name: Some("traefik".to_owned()),
                    annotations: Some([("example.org/note".to_owned(), "of the ingress controller".to_owned())].into()),
                });
                it.spec.exposure.tls = Some(TlsSpec { secret_name: Some("demo-tls".to_owned()), issuer_ref: None });
            }),
        ),
        (
            "ingress_with_certificate",
            with(minimal(), |it| {
                let issuer_ref = IssuerRef { name: "letsencrypt".to_owned(), kind: None };
                it.spec.exposure.tls = Some(TlsSpec { secret_name: None, issuer_ref: Some(issuer_ref) });
            }),
        ),
        ("ingress_behind_tls", with(minimal(), |it| it.spec.exposure.scheme = Some(Scheme::Https))),
        (
            "exposure_none",
            with(full(), |it| {
                it.spec.exposure.mode = ExposureMode::None;
                it.spec.exposure.gateway = None;
            }),
        ),
        (
            "delete_everything",
            with(minimal(), |it| {
                it.spec.lifecycle = Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Delete), ..LifecycleSpec::default() });
            }),
        ),
        (
            "service_monitors_instead_of_a_collector",
            with(full(), |it| {
                let observability = it.spec.observability.as_mut().unwrap();
                observability.otlp_endpoint = None;
                observability.service_monitors = Some(Switch::Enabled);
                observability.dashboards = None;
            }),
        ),
        ("external_database_only", with(minimal(), |it| it.spec.database = full().spec.database)),
        ("external_object_store_only", with(minimal(), |it| it.spec.object_store = full().spec.object_store)),
        (
            "image_of_the_resource",
            with(minimal(), |it| {
                it.spec.image = Some("localhost/social-platform:dev".to_owned());
                it.spec.image_pull_policy = Some(ImagePullPolicy::Never);
                it.spec.image_pull_secrets = Some(vec![PullSecret { name: "registry".to_owned() }]);
            }),
        ),
        (
            "trusting",
            with(full(), |it| {
                let ca_bundle_ref = ConfigMapKeyRef { name: "authorities".to_owned(), key: None };
                it.spec.trust = Some(TrustSpec { ca_bundle_ref });
                it.spec.database.external.as_mut().unwrap().ssl_mode = Some(SslMode::VerifyFull);
            }),
        ),
        ("narrowed", with(full(), narrowed)),
        ("cloud_native_pg", cloud_native_pg()),
        (
            "cloud_native_pg_backed_up_and_restored",
            with(cloud_native_pg(), |it| {
                it.spec.backup = full().spec.backup;
                it.spec.bootstrap = restored().spec.bootstrap;
            }),
        ),
        ("restored", with(full(), |it| it.spec.bootstrap = restored().spec.bootstrap)),
        ("autoscaled", with(minimal(), |it| it.spec.components = Some(autoscaled()))),
        ("overridden", with(minimal(), |it| it.spec.components = Some(overridden()))),
        (
            "hibernated",
            with(minimal(), |it| {
                it.spec.lifecycle = Some(LifecycleSpec { hibernated: Some(true), ..LifecycleSpec::default() });
                it.spec.components = Some(autoscaled());
            }),
        ),
    ]
}

/// Says of everything outside where it is: the mail server and the stores by their addresses, the collector by its pods.
fn narrowed(resource: &mut SocialPlatform) {
    let at = |cidr: &str| Some(vec![PeerSpec { ip_block: Some(IpBlockSpec { cidr: cidr.to_owned() }), ..PeerSpec::default() }]);
    let spec = &mut resource.spec;
    spec.database.external.as_mut().unwrap().egress_to = at("10.1.0.0/24");
    spec.object_store.external.as_mut().unwrap().egress_to = at("10.2.0.0/24");
    spec.backup.as_mut().unwrap().egress_to = at("10.3.0.0/24");
    spec.mail.as_mut().unwrap().egress_to = at("2001:db8::/64");
    let labels = [("kubernetes.io/metadata.name".to_owned(), "observability".to_owned())].into();
    let collectors = PeerSpec { namespace_selector: Some(LabelsSpec { match_labels: Some(labels) }), ..PeerSpec::default() };
    spec.observability.as_mut().unwrap().egress_to = Some(vec![collectors]);
}

/// What is known of the full example in whose namespace somebody has created a backup.
fn asked_for_a_backup() -> Cluster {
    asked_for_a_backup_of(full())
}

/// The same of a resource that the test has changed.
fn asked_for_a_backup_of(resource: SocialPlatform) -> Cluster {
    let mut cluster = cluster(resource);
    let platform_ref = PlatformRef { name: "demo".to_owned() };
    let mut backup = SocialPlatformBackup::new("before-the-upgrade", SocialPlatformBackupSpec { platform_ref });
    backup.metadata.uid = Some("5a0e7c12-0000-4000-8000-000000000002".to_owned());
    cluster.backups.push(Arc::new(backup));
    cluster
}

/// Social by its requests, photo by its memory, relation by the CPU that decides where nothing else does.
fn autoscaled() -> ComponentsSpec {
    let between = |least, greatest| AutoscalingSpec { min_replicas: least, max_replicas: greatest, ..AutoscalingSpec::default() };
    let by = |autoscaling| Some(ComponentSpec { autoscaling: Some(autoscaling), ..ComponentSpec::default() });
    ComponentsSpec {
        social: by(AutoscalingSpec { requests_per_second: Some(1000), target_cpu_utilization_percentage: Some(70), ..between(2, 8) }),
        photo: by(AutoscalingSpec { target_memory_utilization_percentage: Some(60), ..between(1, 4) }),
        relation: by(between(1, 3)),
        auth: None,
    }
}

fn overridden() -> ComponentsSpec {
    let overrides = json!({
        "metadata": { "annotations": { "team": "social" } },
        "spec": {
            "tolerations": [{ "key": "spot", "operator": "Exists" }],
            "containers": [{ "name": "auth", "env": [{ "name": "PASSWORD_HASHES_AT_ONCE", "value": "4" }] }],
        },
    });
    let auth = ComponentSpec {
        replicas: Some(2),
        topology_spread: Some(Vec::new()),
        pod_overrides: Some(PodOverrides(overrides)),
        ..ComponentSpec::default()
    };
    ComponentsSpec { auth: Some(auth), ..ComponentsSpec::default() }
}

#[test]
fn minimal_has_these_objects() {
    insta::assert_snapshot!("minimal", yaml(minimal()));
}

#[test]
fn full_has_these_objects() {
    insta::assert_snapshot!("full", yaml(full()));
}

#[test]
fn a_backup_is_this_job() {
    let job = build(&validate(&asked_for_a_backup()).unwrap(), &Fixed(1)).backup.unwrap();
    insta::assert_snapshot!("backup", serde_yaml_ng::to_string(&job).unwrap());
}

#[test]
fn each_other_mode_differs_from_its_base_in_these_lines() {
    for (name, resource) in variants().into_iter().skip(2) {
        let external = resource.spec.database.external.is_some() && resource.spec.object_store.external.is_some();
        let base = if external { yaml(full()) } else { yaml(minimal()) };
        insta::assert_snapshot!(name, changed_documents(&base, &yaml(resource)));
    }
}

#[test]
fn nginx_is_told_to_let_uploads_through_and_no_other_class_is() {
    let annotations = |class: Option<&str>, said: &[(&str, &str)], max_bytes: Option<i64>| -> Value {
        let resource = with(minimal(), |it| {
            it.spec.exposure.ingress = Some(IngressSpec {
                class_name: class.map(str::to_owned),
                annotations: Some(said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()),
            });
            it.spec.photos = max_bytes.map(|bytes| PhotosSpec { max_bytes: Some(bytes), ..PhotosSpec::default() });
        });
        let ingress = objects(prepared(resource)).into_iter().find(|object| object["kind"] == "Ingress").unwrap();
        ingress["metadata"]["annotations"].clone()
    };
    let size = "nginx.ingress.kubernetes.io/proxy-body-size";
    let nginx = annotations(Some("nginx"), &[], None);
    assert_eq!(nginx[size], "21m");
    assert_eq!(nginx["nginx.ingress.kubernetes.io/proxy-request-buffering"], "off");
    assert_eq!(nginx["nginx.ingress.kubernetes.io/proxy-read-timeout"], "300");
    assert_eq!(annotations(Some("nginx"), &[], Some(50_000_000))[size], "49m");
    let said = annotations(Some("nginx"), &[(size, "8m"), ("team", "social")], None);
    assert_eq!((&said[size], &said["team"]), (&json!("8m"), &json!("social")), "what the resource says holds");
    for class in [None, Some("traefik")] {
        assert_eq!(annotations(class, &[], None).get(size), None, "{class:?}");
    }
}

/// `scripts/check-manifests` asks for them, and gives them to kubeconform and kube-score.
#[test]
fn objects_are_written_for_other_checks() {
    let Some(folder) = std::env::var_os("OBJECTS_FOLDER") else { return };
    for (name, resource) in variants() {
        let documents = objects(prepared(resource)).into_iter().map(|object| serde_yaml_ng::to_string(&object).unwrap());
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.yaml")), documents.collect::<Vec<_>>().join("---\n")).unwrap();
    }
}

/// The documents of `other` that are not in `base`, and the names of those that are only in `base`.
fn changed_documents(base: &str, other: &str) -> String {
    let split = |text: &str| -> Vec<String> { text.split("---\n").map(str::to_owned).collect() };
    let (base, other) = (split(base), split(other));
    let head = |document: &String| {
        let value: Value = serde_yaml_ng::from_str(document).unwrap();
        format!("{} {}", value["kind"].as_str().unwrap(), value["metadata"]["name"].as_str().unwrap())
    };
    let heads: Vec<_> = other.iter().map(head).collect();
    let gone = base.iter().map(head).filter(|it| !heads.contains(it)).map(|it| format!("# not there: {it}\n"));
    let changed = other.iter().filter(|document| !base.contains(document)).map(|document| format!("---\n{document}"));
    gone.chain(changed).collect()
}
