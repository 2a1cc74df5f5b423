use std::sync::Arc;

use contracts::Service;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::json;

use super::*;
use crate::crd::{ConfigMapKeyRef, DevelopmentObjectStoreSpec, MailTls, ResourcesSpec, SocialPlatformStatus, SslMode, TlsSpec, TrustSpec};
use crate::example::{full, minimal};
use crate::fixtures::{cluster, secret};
use crate::platform::{Database, ObjectStore};
use crate::rotation::Slot;

/// The one problem of `cluster`.
pub(super) fn problem(cluster: &Cluster) -> Problem {
    let mut problems = validate(cluster).expect_err("something is wrong");
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn the_examples_become_platforms() {
    let platform = validate(&cluster(minimal())).unwrap();
    assert_eq!(platform.image, "example.org/social-platform:1.2.3");
    assert!(matches!(platform.database, Database::Development { .. }));
    let platform = validate(&cluster(full())).unwrap();
    let Database::External(connection) = platform.database else { panic!("the full example is external") };
    assert_eq!((connection.host.as_str(), connection.port), ("pg", 5432));
}

#[test]
fn a_version_that_the_catalog_lacks_is_stalled_and_says_what_there_is() {
    let mut cluster = cluster(minimal());
    cluster.images.clear();
    cluster.images.insert("9.9.9".into(), "image".into());
    let problem = problem(&cluster);
    assert_eq!((problem.condition, problem.reason, problem.stalled), (READY, "UnknownVersion", true));
    assert!(problem.message.contains("1.2.3") && problem.message.contains("9.9.9"), "{}", problem.message);
}

#[test]
fn an_image_of_the_resource_goes_before_the_catalog() {
    let mut resource = minimal();
    resource.spec.image = Some("mirror.example.org/it@sha256:0".into());
    let mut cluster = cluster(resource);
    cluster.images.clear();
    assert_eq!(validate(&cluster).unwrap().image, "mirror.example.org/it@sha256:0");
}

#[test]
fn a_release_below_the_one_that_runs_is_refused() {
    let at = |running: &str| {
        let mut resource = minimal();
        resource.status = Some(SocialPlatformStatus { version: Some(running.into()), ..SocialPlatformStatus::default() });
        cluster(resource)
    };
    let problem = problem(&at("1.3.0"));
    assert_eq!((problem.reason, problem.stalled), ("DowngradeRefused", true));
    assert!(problem.message.contains("1.2.3") && problem.message.contains("1.3.0"), "{}", problem.message);
    // The same again, and back from an upgrade that never ran.
    for running in ["1.2.3", "1.2.2"] {
        validate(&at(running)).unwrap();
    }
}

#[test]
fn a_missing_secret_names_itself_and_its_keys() {
    let mut cluster = cluster(full());
    cluster.referenced.remove("demo-pg-app");
    let problem = problem(&cluster);
    assert_eq!((problem.condition, problem.reason, problem.stalled), (SECRETS_RESOLVED, "SecretMissing", false));
    assert!(problem.message.contains("demo-pg-app") && problem.message.contains("dbname"), "{}", problem.message);
}

#[test]
fn all_problems_are_told_at_once() {
    let mut cluster = cluster(full());
    cluster.referenced.clear();
    cluster.images.clear();
    // Not the credentials of backups: without them, none is made.
    let told = validate(&cluster).unwrap_err();
    assert_eq!(
        told.iter().map(|problem| problem.reason).collect::<Vec<_>>(),
        ["UnknownVersion", "SecretMissing", "SecretMissing", "SecretMissing"]
    );
}

#[test]
fn a_schedule_that_is_none_is_refused_with_what_is_wrong() {
    let mut resource = full();
    resource.spec.backup.as_mut().unwrap().schedule = Some("0 25 * * *".into());
    let problem = problem(&cluster(resource));
    assert_eq!((problem.reason, problem.stalled), ("InvalidSchedule", true));
    assert!(problem.message.contains("its hour is"), "{}", problem.message);
}

#[test]
fn an_incomplete_secret_names_what_is_missing() {
    let mut cluster = cluster(full());
    cluster.referenced.insert("demo-s3".into(), secret("demo-s3", &[("AWS_ACCESS_KEY_ID", "")]));
    let problem = problem(&cluster);
    assert_eq!(problem.reason, "SecretIncomplete");
    assert!(problem.message.contains("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"), "{}", problem.message);
}

#[test]
fn a_port_that_is_none_is_refused() {
    for port in ["0", "-1", "65536", "postgres"] {
        let mut cluster = cluster(full());
        let values = [("host", "h"), ("port", port), ("dbname", "d"), ("user", "u"), ("password", "p")];
        cluster.referenced.insert("demo-pg-app".into(), secret("demo-pg-app", &values));
        assert_eq!(problem(&cluster).reason, "SecretInvalid", "{port}");
    }
}

#[test]
fn a_database_name_must_leave_room_for_the_names_of_roles() {
    let mut cluster = cluster(full());
    let name = "d".repeat(53);
    let values = [("host", "h"), ("port", "5432"), ("dbname", &*name), ("user", "u"), ("password", "p")];
    cluster.referenced.insert("demo-pg-app".into(), secret("demo-pg-app", &values));
    assert_eq!(problem(&cluster).reason, "SecretInvalid");
}

#[test]
fn a_generated_secret_that_lost_its_value_is_not_replaced() {
    let mut cluster = cluster(minimal());
    cluster.generated.insert("demo-key-encryption".into(), secret("demo-key-encryption", &[("other", "value")]));
    let problem = problem(&cluster);
    assert_eq!(problem.reason, "GeneratedSecretBroken");
    assert!(problem.message.contains("KEY_ENCRYPTION_KEY"), "{}", problem.message);
}

#[test]
fn quantities_are_brought_into_the_form_that_the_server_stores() {
    let mut resource = full();
    let photo = resource.spec.components.as_mut().unwrap().photo.as_mut().unwrap();
    let requests = [("memory".to_owned(), Quantity("2048Mi".to_owned()))].into();
    photo.resources = Some(ResourcesSpec { requests: Some(requests), limits: None });
    let platform = validate(&cluster(resource)).unwrap();
    let resources = platform.sizes[&Service::Photo].resources.clone().unwrap();
    assert_eq!(resources.requests.unwrap()["memory"], Quantity("2Gi".to_owned()));
}

#[test]
fn a_volume_is_never_asked_to_shrink() {
    let asked = |wanted: &str, has: Option<&str>| {
        let mut resource = minimal();
        resource.spec.object_store.development = Some(DevelopmentObjectStoreSpec { storage: wanted.into() });
        let mut cluster = cluster(resource);
        let claim = |name: &str, size: &str| {
            let spec = json!({ "resources": { "requests": { "storage": size } } });
            Arc::new(serde_json::from_value(json!({ "metadata": { "name": name }, "spec": spec })).unwrap())
        };
        cluster.children.volume_claims = vec![claim("demo-postgres", "100Gi")];
        cluster.children.volume_claims.extend(has.map(|size| claim("demo-s3", size)));
        match validate(&cluster).unwrap().object_store {
            ObjectStore::Development { storage } => storage,
            ObjectStore::External { .. } => panic!("the minimal example brings its own"),
        }
    };
    for (wanted, has, then) in [
        ("5Gi", None, "5Gi"),
        ("10Gi", Some("5Gi"), "10Gi"),
        ("5Gi", Some("10Gi"), "10Gi"),
        ("5120Mi", Some("5Gi"), "5Gi"),
        ("5Gi", Some("5e9"), "5Gi"),
    ] {
        assert_eq!(asked(wanted, has), then, "{wanted}, where it has {has:?}");
    }
}

#[test]
fn another_credential_has_another_fingerprint() {
    let fingerprint = |key: &str| {
        let mut cluster = cluster(full());
        let values = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", key)];
        cluster.referenced.insert("demo-s3".into(), secret("demo-s3", &values));
        match validate(&cluster).unwrap().object_store {
            ObjectStore::External { fingerprint, .. } => fingerprint,
            ObjectStore::Development { .. } => panic!("the full example is external"),
        }
    };
    assert_eq!(fingerprint("one"), fingerprint("one"));
    assert_ne!(fingerprint("one"), fingerprint("other"));
}

#[test]
fn the_scheme_follows_the_certificate_unless_it_is_said() {
    let mut resource = minimal();
    assert_eq!(url(&resource), "http://social.localhost");
    resource.spec.exposure.scheme = Some(Scheme::Https);
    assert_eq!(url(&resource), "https://social.localhost");
    resource.spec.exposure.scheme = None;
    resource.spec.exposure.tls = Some(TlsSpec { secret_name: Some("tls".into()), issuer_ref: None });
    assert_eq!(url(&resource), "https://social.localhost");
    assert_eq!(url(&full()), "https://social.example.org");
}

#[test]
fn an_endpoint_means_a_port() {
    for (url, port) in [("http://a", 80), ("https://a/", 443), ("http://a:4318", 4318), ("http://[::1]:9000", 9000)] {
        assert_eq!(endpoint("it", url).unwrap().port, port, "{url}");
    }
    assert_eq!(endpoint("it", "http://a:4318/").unwrap().url, "http://a:4318");
    for url in ["", "a:4318", "ftp://a", "http://", "http://a:99999"] {
        assert_eq!(endpoint("it", url).unwrap_err().reason, "InvalidEndpoint", "{url}");
    }
}

#[test]
fn private_authorities_have_to_be_there_and_to_be_certificates() {
    let trusting = |bundle: Option<&str>| {
        let mut resource = full();
        resource.spec.database.external.as_mut().unwrap().ssl_mode = Some(SslMode::VerifyFull);
        resource.spec.trust = Some(TrustSpec { ca_bundle_ref: ConfigMapKeyRef { name: "authorities".into(), key: None } });
        let mut cluster = cluster(resource);
        let data = |bundle: &str| Some([("ca.crt".to_owned(), bundle.to_owned())].into());
        cluster.ca_bundle = bundle.map(|bundle| ConfigMap { data: data(bundle), ..ConfigMap::default() });
        cluster
    };
    assert_eq!(problem(&trusting(None)).reason, "CaBundleMissing");
    assert_eq!(problem(&trusting(Some("no certificate"))).reason, "CaBundleInvalid");
    let platform = validate(&trusting(Some("-----BEGIN CERTIFICATE-----"))).unwrap();
    let Database::External(connection) = platform.database else { panic!("the full example is external") };
    assert!(connection.owner_url().contains("sslmode=verify-full&sslrootcert="), "{}", connection.owner_url());
}

#[test]
fn the_port_of_mail_follows_its_protection() {
    let port = |tls, port| {
        let mut resource = full();
        let mail = resource.spec.mail.as_mut().unwrap();
        (mail.tls, mail.port) = (tls, port);
        validate(&cluster(resource)).unwrap().mail.unwrap().port
    };
    assert_eq!([port(None, None), port(Some(MailTls::Implicit), None), port(Some(MailTls::None), None)], [587, 465, 25]);
    assert_eq!(port(Some(MailTls::Implicit), Some(2525)), 2525);
}

#[test]
fn it_is_not_guessed_which_passwords_are_in_use() {
    let mut lost = cluster(minimal());
    lost.children.secrets.push(std::sync::Arc::new(secret("demo-auth-database-b", &[("password", "word")])));
    assert_eq!(problem(&lost).reason, "GeneratedSecretBroken");

    let mut broken = cluster(minimal());
    broken.generated.insert("demo-rotation".into(), secret("demo-rotation", &[("slot", "c"), ("phase", "Settled"), ("request", "1")]));
    assert!(problem(&broken).message.contains("slot: b"));

    let mut whole = cluster(minimal());
    whole.generated.insert("demo-rotation".into(), secret("demo-rotation", &[("slot", "b"), ("phase", "Settled"), ("request", "1")]));
    assert_eq!(validate(&whole).unwrap().rotation.active, Slot::B);
}
