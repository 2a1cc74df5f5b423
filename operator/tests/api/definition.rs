//! The CRD and its rules, as the API server sees them.

use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use operator::crd::{
    DeletionPolicy, LifecycleSpec, MigrationsSpec, ModerationSpec, ObservabilitySpec, SocialPlatform, SocialPlatformBackup,
};
use operator::example::{backup, full, minimal, restored};
use serde_json::{Value, json};

use crate::harness::{connect, eventually, namespace};

async fn platforms(test: &str) -> Api<SocialPlatform> {
    let client = Client::try_from(connect().await).unwrap();
    let namespace = namespace(&client, test).await;
    let api: Api<SocialPlatform> = Api::namespaced(client, &namespace);
    // A definition is established a moment before it is served.
    let backups: Api<SocialPlatformBackup> = Api::namespaced(api.clone().into_client(), &namespace);
    eventually("the CRD is served", || async { api.list(&Default::default()).await.map_err(|it| it.to_string()) }).await;
    eventually("the other is, too", || async { backups.list(&Default::default()).await.map_err(|it| it.to_string()) }).await;
    api
}

/// What the API server says against `resource`.
async fn refusal(api: &Api<SocialPlatform>, resource: &SocialPlatform) -> String {
    let refused = api.create(&PostParams::default(), resource).await;
    match refused.expect_err("a rule refuses it") {
        kube::Error::Api(status) if status.is_invalid() => status.message,
        other => panic!("refused for another reason: {other}"),
    }
}

#[tokio::test]
async fn the_examples_are_accepted() {
    let api = platforms("examples").await;
    for (name, mut example) in [("minimal", minimal()), ("full", full())] {
        example.metadata.name = Some(name.to_owned());
        let stored = api.create(&PostParams::default(), &example).await.unwrap();
        assert_eq!(stored.spec, example.spec, "nothing is defaulted into a spec");
    }
    api.create(&PostParams::default(), &restored()).await.unwrap();
    let backups: Api<SocialPlatformBackup> = Api::namespaced(api.clone().into_client(), api.namespace().unwrap());
    backups.create(&PostParams::default(), &backup()).await.unwrap();
}

/// Who waits for it by the rules of kstatus would otherwise take it for done at once.
#[tokio::test]
async fn what_no_operator_has_looked_at_does_not_look_done() {
    let api = platforms("new").await;
    let created = api.create(&PostParams::default(), &minimal()).await.unwrap();
    assert_eq!(created.status.unwrap().observed_generation, Some(-1));
    let backups: Api<SocialPlatformBackup> = Api::namespaced(api.clone().into_client(), api.namespace().unwrap());
    let created = backups.create(&PostParams::default(), &backup()).await.unwrap();
    assert_eq!(created.status.unwrap().observed_generation, Some(-1));
}

#[tokio::test]
async fn a_resource_that_cannot_work_is_refused_with_a_sentence() {
    let api = platforms("refused").await;

    let mut resource = full();
    resource.spec.lifecycle = Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Delete), ..LifecycleSpec::default() });
    assert!(refusal(&api, &resource).await.contains("Delete works with Development storage only"));

    let mut resource = minimal();
    resource.spec.database.development = None;
    assert!(refusal(&api, &resource).await.contains("needs the block database.development"));

    let mut resource = minimal();
    resource.metadata.name = Some("a".repeat(31));
    assert!(refusal(&api, &resource).await.contains("at most 30 characters"));

    let mut resource = minimal();
    resource.spec.domain = "Not A Host".to_owned();
    assert!(refusal(&api, &resource).await.contains("spec.domain"));

    let mut resource = minimal();
    resource.spec.trusted_proxy_hops = Some(99);
    assert!(refusal(&api, &resource).await.contains("spec.trustedProxyHops"));

    for (migrations, sentence) in [
        (MigrationsSpec { approved_version: Some("2.0.0".to_owned()), ..Default::default() }, "set database.migrations.policy to Manual"),
        (MigrationsSpec { backoff_limit: Some(100), ..Default::default() }, "spec.database.migrations.backoffLimit"),
    ] {
        let mut resource = minimal();
        resource.spec.database.migrations = Some(migrations);
        assert!(refusal(&api, &resource).await.contains(sentence), "{sentence}");
    }

    for share in ["1.5", "-0.1", "half", "1e-2", ".5", ""] {
        let mut resource = minimal();
        resource.spec.observability = Some(ObservabilitySpec { trace_sampling: Some(share.to_owned()), ..Default::default() });
        assert!(refusal(&api, &resource).await.contains("spec.observability.traceSampling"), "{share:?}");
    }

    for most in [0, -1, 100_001] {
        let mut resource = minimal();
        resource.spec.observability = Some(ObservabilitySpec { traces_per_second: Some(most), ..Default::default() });
        assert!(refusal(&api, &resource).await.contains("spec.observability.tracesPerSecond"), "{most}");
    }

    for log in ["loud", "info,", "photo=", "INFO"] {
        let mut resource = minimal();
        resource.spec.observability = Some(ObservabilitySpec { log: Some(log.to_owned()), ..Default::default() });
        assert!(refusal(&api, &resource).await.contains("spec.observability.log"), "{log:?}");
    }

    let nothing = ModerationSpec::default();
    for (moderation, field) in [
        (ModerationSpec { contact: Some("moderators of example.org".to_owned()), ..nothing.clone() }, "contact"),
        (ModerationSpec { rules: Some(vec!["Be kind.\nBe brief.".to_owned()]), ..nothing.clone() }, "rules[0]"),
        (ModerationSpec { rules: Some(Vec::new()), ..nothing.clone() }, "rules"),
        (ModerationSpec { reserved_handles: Some(vec!["Press,example".to_owned()]), ..nothing.clone() }, "reservedHandles[0]"),
    ] {
        let mut resource = minimal();
        resource.spec.moderation = Some(moderation);
        assert!(refusal(&api, &resource).await.contains(&format!("spec.moderation.{field}")), "{field}");
    }

    let mut resource = minimal();
    resource.spec.observability = Some(ObservabilitySpec { runbook_base: Some("docs/runbooks".to_owned()), ..Default::default() });
    assert!(refusal(&api, &resource).await.contains("spec.observability.runbookBase"));
}

#[tokio::test]
async fn what_cannot_change_is_refused_with_a_sentence() {
    let api = platforms("immutable").await;
    api.create(&PostParams::default(), &minimal()).await.unwrap();
    for (change, sentence) in [
        (json!({"spec": {"domain": "other.example.org"}}), "domain is immutable"),
        (json!({"spec": {"bootstrap": restored().spec.bootstrap}}), "bootstrap is immutable"),
    ] {
        let refused = api.patch("demo", &PatchParams::default(), &Patch::Merge(&change)).await;
        let message = refused.expect_err("a rule refuses it").to_string();
        assert!(message.contains(sentence), "{message}");
    }
}

#[tokio::test]
async fn an_autoscaler_is_not_taken_away_without_a_number_of_pods() {
    let api = platforms("autoscaled").await;
    let mut resource = serde_json::to_value(minimal()).unwrap();
    resource["spec"]["components"] = json!({"photo": {"autoscaling": {"minReplicas": 2, "maxReplicas": 8}}});
    api.create(&PostParams::default(), &serde_json::from_value(resource).unwrap()).await.unwrap();
    let patch = async |photo: Value| {
        let change = json!({"spec": {"components": photo}});
        api.patch("demo", &PatchParams::default(), &Patch::Merge(&change)).await.map(drop).map_err(|error| error.to_string())
    };
    for without in [json!(null), json!({"photo": null}), json!({"photo": {"autoscaling": null}})] {
        let message = patch(without).await.expect_err("a rule refuses it");
        assert!(message.contains("components.photo had autoscaling: say in replicas how many pods run without it"), "{message}");
    }
    patch(json!({"photo": {"autoscaling": {"maxReplicas": 9}}})).await.expect("it stays");
    patch(json!({"photo": {"autoscaling": null, "replicas": 4}})).await.expect("a number is said");
    patch(json!(null)).await.expect("nothing decided the number but the resource");
}

#[tokio::test]
async fn platforms_are_found_by_their_version() {
    let api = platforms("selected").await;
    for (name, version) in [("one", "1.0.0"), ("two", "2.0.0"), ("three", "2.0.0")] {
        let mut resource = minimal();
        resource.metadata.name = Some(name.to_owned());
        resource.spec.version = version.to_owned();
        api.create(&PostParams::default(), &resource).await.unwrap();
    }
    // The API server selects by it a moment after it knows that it may.
    eventually("those of 2.0.0 are found", || async {
        let found = api.list(&ListParams::default().fields("spec.version=2.0.0")).await.map_err(|error| error.to_string())?;
        let mut names: Vec<_> = found.iter().map(ResourceExt::name_any).collect();
        names.sort();
        if names == ["three", "two"] { Ok(()) } else { Err(format!("{names:?}")) }
    })
    .await;
}
