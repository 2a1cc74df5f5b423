//! The CRD and its rules, as the API server sees them.

use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use operator::crd::{DeletionPolicy, LifecycleSpec, ObservabilitySpec, SocialPlatform, SocialPlatformBackup};
use operator::example::{backup, full, minimal, restored};
use serde_json::json;

use crate::harness::{connect, eventually, namespace};

async fn platforms(test: &str) -> Api<SocialPlatform> {
    let client = Client::try_from(connect().await).unwrap();
    let namespace = namespace(&client, test).await;
    let api: Api<SocialPlatform> = Api::namespaced(client, &namespace);
    // A definition is established a moment before it is served.
    eventually("the CRD is served", || async { api.list(&Default::default()).await.map_err(|it| it.to_string()) }).await;
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

    for share in ["1.5", "-0.1", "half", "1e-2", ".5", ""] {
        let mut resource = minimal();
        resource.spec.observability = Some(ObservabilitySpec { trace_sampling: Some(share.to_owned()), ..Default::default() });
        assert!(refusal(&api, &resource).await.contains("spec.observability.traceSampling"), "{share:?}");
    }

    for log in ["loud", "info,", "photo=", "INFO"] {
        let mut resource = minimal();
        resource.spec.observability = Some(ObservabilitySpec { log: Some(log.to_owned()), ..Default::default() });
        assert!(refusal(&api, &resource).await.contains("spec.observability.log"), "{log:?}");
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
        (json!({"spec": {"database": {"development": {"storage": "1Gi"}}}}), "storage can only grow"),
    ] {
        let refused = api.patch("demo", &PatchParams::default(), &Patch::Merge(&change)).await;
        let message = refused.expect_err("a rule refuses it").to_string();
        assert!(message.contains(sentence), "{message}");
    }
}
