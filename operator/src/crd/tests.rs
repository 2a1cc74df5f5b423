use kube::CustomResourceExt;
use serde_json::{Value, json};

use super::*;
use crate::example::{backup, cloud_native_pg, full, minimal, restored};

/// What the rules say of `resource` as a new one.
fn refusal(resource: &SocialPlatform) -> String {
    resource.validate_cel().expect_err("a rule refuses it").to_string()
}

/// What the rules say of a change.
fn refusal_of_change(old: &SocialPlatform, new: &SocialPlatform) -> String {
    new.validate_cel_update(old).expect_err("a rule refuses it").to_string()
}

#[test]
fn the_examples_are_valid() {
    for example in [minimal(), full(), cloud_native_pg()] {
        example.validate_cel().unwrap();
        example.validate_cel_update(&example).unwrap();
    }
}

#[test]
fn an_example_survives_yaml() {
    for example in [minimal(), full(), cloud_native_pg()] {
        let yaml = serde_yaml_ng::to_string(&example).unwrap();
        let read: SocialPlatform = serde_yaml_ng::from_str(&yaml).unwrap();
        assert_eq!(read, example);
        assert!(!yaml.contains("null"), "what is unset must be absent, or CEL sees it as set:\n{yaml}");
    }
}

#[test]
fn a_name_must_leave_room_for_the_names_of_its_objects() {
    let mut resource = minimal();
    resource.metadata.name = Some("a".repeat(31));
    assert!(refusal(&resource).contains("at most 30 characters"));
    resource.metadata.name = Some("1st".into());
    assert!(refusal(&resource).contains("must begin with a letter"));
    resource.metadata.name = Some("with.dot".into());
    assert!(refusal(&resource).contains("must begin with a letter"));
}

#[test]
fn a_name_is_not_that_of_another_platform_with_one_of_its_services() {
    let mut resource = minimal();
    for service in contracts::Service::ALL {
        resource.metadata.name = Some(format!("demo-{}", service.name()));
        assert!(refusal(&resource).contains("must not end with '-' and the name of a service"), "{}", service.name());
        // Alone, it is a name like any other.
        resource.metadata.name = Some(service.name().to_owned());
        resource.validate_cel().unwrap();
    }
}

#[test]
fn metrics_arrive_once() {
    let mut resource = full();
    let observability = resource.spec.observability.as_mut().unwrap();
    observability.service_monitors = Some(Switch::Enabled);
    assert!(refusal(&resource).contains("every metric would arrive twice"));
    resource.spec.observability.as_mut().unwrap().otlp_endpoint = None;
    resource.validate_cel().unwrap();
}

#[test]
fn the_domain_cannot_change() {
    let (old, mut new) = (minimal(), minimal());
    new.spec.domain = "other.example.org".into();
    assert!(refusal_of_change(&old, &new).contains("domain is immutable"));
}

#[test]
fn a_platform_begins_with_one_backup_or_with_none() {
    let (new, with) = (full(), restored());
    with.validate_cel().unwrap();
    with.validate_cel_update(&with).unwrap();
    assert!(refusal_of_change(&new, &with).contains("bootstrap is immutable"));
    assert!(refusal_of_change(&with, &new).contains("bootstrap is immutable"));
    let mut other = with.clone();
    other.spec.bootstrap.as_mut().unwrap().from_backup.name = "another".into();
    assert!(refusal_of_change(&with, &other).contains("bootstrap.fromBackup is immutable"));
}

#[test]
fn a_backup_is_of_one_platform() {
    let (old, mut new) = (backup(), backup());
    old.validate_cel().unwrap();
    new.spec.platform_ref.name = "other".into();
    assert!(new.validate_cel_update(&old).expect_err("a rule refuses it").to_string().contains("platformRef is immutable"));
}

#[test]
fn a_mode_needs_its_own_block_and_no_other() {
    let mut resource = minimal();
    resource.spec.database.development = None;
    assert!(refusal(&resource).contains("needs the block database.development"));

    let mut resource = minimal();
    resource.spec.database.external = full().spec.database.external;
    assert!(refusal(&resource).contains("needs the block database.development, and no other"));

    let mut resource = full();
    resource.spec.object_store.external = None;
    assert!(refusal(&resource).contains("needs the block objectStore.external"));

    let mut resource = full();
    resource.spec.exposure.gateway = None;
    assert!(refusal(&resource).contains("exposure.mode Gateway, which needs it"));

    let mut resource = full();
    resource.spec.exposure.ingress = Some(IngressSpec::default());
    assert!(refusal(&resource).contains("exposure.ingress belongs to exposure.mode Ingress"));
}

#[test]
fn a_certificate_comes_from_somewhere_and_is_used_by_what_the_operator_makes() {
    let mut resource = minimal();
    resource.spec.exposure.tls = Some(TlsSpec::default());
    assert!(refusal(&resource).contains("exposure.tls needs a secretName"));
    resource.spec.exposure.tls = Some(TlsSpec { secret_name: Some("demo-tls".into()), issuer_ref: None });
    resource.validate_cel().unwrap();

    let mut behind_a_gateway = full();
    behind_a_gateway.spec.exposure.tls = resource.spec.exposure.tls;
    assert!(refusal(&behind_a_gateway).contains("a Gateway's listener names its Secret itself"));
}

#[test]
fn a_database_of_cloud_native_pg_has_its_block_and_its_volumes_only_grow() {
    let mut resource = cloud_native_pg();
    resource.spec.database.cloud_native_pg = None;
    assert!(refusal(&resource).contains("needs the block database.cloudNativePG"));

    let storage = |size: &str| {
        let mut resource = cloud_native_pg();
        resource.spec.database.cloud_native_pg.as_mut().unwrap().storage.size = size.into();
        resource
    };
    storage("20Gi").validate_cel_update(&storage("10Gi")).unwrap();
    assert!(refusal_of_change(&storage("10Gi"), &storage("5Gi")).contains("size can only grow"));
}

#[test]
fn data_does_not_move_by_a_change_of_mode() {
    let old = minimal();
    let mut new = minimal();
    new.spec.database = full().spec.database;
    assert!(refusal_of_change(&old, &new).contains("database.mode is immutable"));
    let mut new = minimal();
    new.spec.object_store = full().spec.object_store;
    assert!(refusal_of_change(&old, &new).contains("objectStore.mode is immutable"));
}

#[test]
fn a_size_of_a_volume_that_was_too_much_can_be_taken_back() {
    let storage = |size: &str| {
        let mut resource = minimal();
        resource.spec.object_store.development = Some(DevelopmentObjectStoreSpec { storage: size.into() });
        resource
    };
    storage("10Gi").validate_cel_update(&storage("5Gi")).unwrap();
    storage("5Gi").validate_cel_update(&storage("10Gi")).unwrap();
}

#[test]
fn delete_is_not_promised_for_what_is_not_cleaned_up() {
    let delete = Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Delete), ..LifecycleSpec::default() });
    let mut resource = minimal();
    resource.spec.lifecycle = delete.clone();
    resource.validate_cel().unwrap();

    let mut resource = full();
    resource.spec.lifecycle = delete;
    assert!(refusal(&resource).contains("Delete works with Development storage only"));

    let mut resource = minimal();
    resource.spec.database = cloud_native_pg().spec.database;
    resource.spec.lifecycle = Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Delete), ..LifecycleSpec::default() });
    resource.validate_cel().unwrap();
}

#[test]
fn the_size_of_a_service_is_decided_once() {
    let with = |change: fn(&mut ComponentSpec)| {
        let mut resource = full();
        let social = resource.spec.components.as_mut().unwrap().social.as_mut().unwrap();
        change(social);
        resource
    };
    assert!(refusal(&with(|it| it.replicas = Some(3))).contains("either replicas or autoscaling"));
    assert!(refusal(&with(|it| it.autoscaling.as_mut().unwrap().min_replicas = 9)).contains("may not be above maxReplicas"));
    with(|it| it.autoscaling = None).validate_cel().unwrap();
}

#[test]
fn a_release_is_approved_only_where_approvals_are_asked_for() {
    let with = |policy, approved: Option<&str>| {
        let mut resource = minimal();
        let approved_version = approved.map(str::to_owned);
        resource.spec.database.migrations = Some(MigrationsSpec { policy, approved_version, ..MigrationsSpec::default() });
        resource
    };
    for policy in [None, Some(MigrationPolicy::BeforeRollout)] {
        assert!(refusal(&with(policy, Some("2.0.0"))).contains("set database.migrations.policy to Manual"), "{policy:?}");
        with(policy, None).validate_cel().unwrap();
    }
    with(Some(MigrationPolicy::Manual), Some("2.0.0")).validate_cel().unwrap();
    with(Some(MigrationPolicy::Manual), None).validate_cel().unwrap();
}

#[test]
fn a_migration_waits_for_the_approval_of_its_own_release_where_the_policy_asks_for_it() {
    let approves = |policy, approved: Option<&str>| {
        let mut database = minimal().spec.database;
        let approved_version = approved.map(str::to_owned);
        database.migrations = Some(MigrationsSpec { policy, approved_version, ..MigrationsSpec::default() });
        database.approves("2.0.0")
    };
    assert!(minimal().spec.database.approves("2.0.0"));
    assert!(approves(None, None) && approves(Some(MigrationPolicy::BeforeRollout), None));
    let manual = Some(MigrationPolicy::Manual);
    assert!(!approves(manual, None) && !approves(manual, Some("1.0.0")) && approves(manual, Some("2.0.0")));
}

#[test]
fn an_approved_version_is_written_like_a_version() {
    let spec = &schema()["properties"]["spec"]["properties"];
    let approved = &spec["database"]["properties"]["migrations"]["properties"]["approvedVersion"];
    for bound in ["minLength", "maxLength", "pattern"] {
        assert!(!approved[bound].is_null() && approved[bound] == spec["version"][bound], "{bound}: {approved}");
    }
}

#[test]
fn a_peer_is_selected_or_an_address() {
    let with = |peer: PeerSpec| {
        let mut resource = full();
        resource.spec.exposure.from = Some(vec![peer]);
        resource
    };
    let addresses = Some(IpBlockSpec { cidr: "192.0.2.0/24".into() });
    with(PeerSpec { ip_block: addresses.clone(), ..PeerSpec::default() }).validate_cel().unwrap();
    assert!(refusal(&with(PeerSpec::default())).contains("a peer needs"));
    let both = PeerSpec { ip_block: addresses, pod_selector: Some(LabelsSpec::default()), ..PeerSpec::default() };
    assert!(refusal(&with(both)).contains("not both"));
}

/// Calls `visit` with the path and the schema of every field.
fn walk(path: &str, schema: &Value, visit: &mut impl FnMut(&str, &Value)) {
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, field) in fields {
        let path = format!("{path}.{name}");
        visit(&path, field);
        walk(&path, field, visit);
    }
    if let Some(items) = schema.get("items") {
        walk(&format!("{path}[]"), items, visit);
    }
}

fn schema() -> Value {
    schema_of::<SocialPlatform>()
}

fn schema_of<K: CustomResourceExt>() -> Value {
    let crd = serde_json::to_value(K::crd()).unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

#[test]
fn every_field_is_described_and_every_rule_has_its_sentence() {
    let visit = &mut |path: &str, field: &Value| {
        let is_section = path == ".spec" || path == ".status";
        assert!(is_section || field.get("description").is_some(), "{path} has no description");
        for rule in field["x-kubernetes-validations"].as_array().into_iter().flatten() {
            assert!(rule["message"].as_str().is_some_and(|message| !message.contains('\n')), "{path}: {rule}");
        }
    };
    walk("", &schema(), visit);
    walk("", &schema_of::<SocialPlatformBackup>(), visit);
}

#[test]
fn text_in_the_spec_is_bounded() {
    for schema in [schema(), schema_of::<SocialPlatformBackup>()] {
        walk(".spec", &schema["properties"]["spec"], &mut |path, field| {
            if field["type"] == "string" && field.get("enum").is_none() {
                assert!(field.get("maxLength").is_some(), "{path} has no maxLength");
            }
        });
    }
}

#[test]
fn an_enum_says_what_it_may_be_and_keeps_the_description_of_its_field() {
    let spec = &schema()["properties"]["spec"]["properties"];
    assert_eq!(spec["exposure"]["properties"]["mode"]["enum"], json!(["Ingress", "Gateway", "None"]));
    let policy = &spec["imagePullPolicy"];
    assert_eq!(policy["enum"], json!(["Always", "IfNotPresent", "Never"]));
    assert!(policy["description"].as_str().unwrap().contains("unless set"), "{policy}");
}

#[test]
fn the_definition_has_what_kubectl_shows() {
    let crd = serde_json::to_value(SocialPlatform::crd()).unwrap();
    assert_eq!(crd["metadata"]["name"], "socialplatforms.socialplatform.dev");
    assert_eq!(crd["spec"]["names"]["shortNames"], json!(["sp"]));
    assert_eq!(crd["spec"]["names"]["categories"], json!(["all"]));
    let version = &crd["spec"]["versions"][0];
    let columns: Vec<_> = version["additionalPrinterColumns"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(columns, ["Version", "Ready", "Reason", "Target", "URL", "Age"]);
    assert_eq!(version["selectableFields"], json!([{ "jsonPath": ".spec.version" }]));
    assert!(version["subresources"]["status"].is_object());
    let conditions = &schema()["properties"]["status"]["properties"]["conditions"];
    assert_eq!(conditions["x-kubernetes-list-map-keys"], json!(["type"]));
    assert!(serde_json::to_string(&crd).unwrap().len() < 200_000);
}
