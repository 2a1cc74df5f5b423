//! Resources that cannot work.

use http::StatusCode;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use crate::backed_up::{BACKUPS, create, endpoint, keep_backups};
use crate::objects;
use crate::platform::{Platform, minimal};
use crate::scene::{Scene, story};

#[tokio::test]
async fn what_cannot_work_is_refused_or_stalls_while_the_last_good_state_runs_on() {
    story("refused", async |scene: &Scene| {
        let platform = scene.platform();
        let mut both = minimal(scene);
        both["exposure"]["gateway"] = json!({ "parentRefs": [{ "name": "public" }] });
        refuses(&platform, &both, "exposure.gateway belongs to exposure.mode Gateway").await;
        let mut neither = minimal(scene);
        neither["database"] = json!({ "mode": "External" });
        refuses(&platform, &neither, "needs the block database.external").await;

        platform.run(&minimal(scene)).await;
        let gateway = scene.gateway();
        gateway.serves().await;
        let good = images(scene).await;

        let mut elsewhere = minimal(scene);
        elsewhere["domain"] = "elsewhere.test".into();
        refuses(&platform, &elsewhere, "domain is immutable").await;

        let mut unknown = minimal(scene);
        unknown["version"] = "99.0.0".into();
        platform.apply(&unknown).await.expect("the API server cannot know which versions there are");
        let why = platform.stalled().await;
        assert!(why.contains("99.0.0"), "the condition names the version: {why}");
        assert_eq!(images(scene).await, good, "every Deployment keeps its image");
        assert_eq!(gateway.get("/.well-known/jwks.json").await.status, StatusCode::OK, "the platform goes on serving");

        platform.apply(&minimal(scene)).await.expect("a good resource is taken again");
        platform.ready().await;
        keys_that_its_store_refuses(scene).await;
    })
    .await;
}

/// Another platform, whose store is there, and has never heard of its keys. Nobody comes to ask for the database, which is nowhere.
async fn keys_that_its_store_refuses(scene: &Scene) {
    keep_backups(scene).await;
    let keys = json!({ "AWS_ACCESS_KEY_ID": "keys-of-nobody", "AWS_SECRET_ACCESS_KEY": "secret-of-nobody" });
    create::<Secret>(scene, json!({ "metadata": { "name": "nobodys" }, "stringData": keys })).await;
    let owner = json!({ "host": "nowhere", "port": "5432", "dbname": "social", "user": "social", "password": "password-of-nobody" });
    create::<Secret>(scene, json!({ "metadata": { "name": "nowhere" }, "stringData": owner })).await;
    let mut spec = minimal(scene);
    spec["database"] = json!({ "mode": "External", "external": { "secretRef": { "name": "nowhere" } } });
    let store = json!({
        "endpoint": endpoint(scene), "bucket": BACKUPS, "region": "us-east-1", "credentialsSecretRef": { "name": "nobodys" },
    });
    spec["objectStore"] = json!({ "mode": "External", "external": store });
    spec["exposure"] = json!({ "mode": "None" });
    let platform = Platform::named(scene, "another");
    platform.apply(&spec).await.expect("the API server cannot know which keys a store takes");
    // Its pod may be no faster than the first attempt.
    let why = platform.fails("ObjectStoreReachable", "ObjectStoreRefuses").await;
    assert!(why.contains(&endpoint(scene)) && why.contains("403"), "the condition says who refused, and how: {why}");
    let deployments = images(scene).await.into_iter().filter(|(name, _)| name.starts_with("another-")).count();
    assert_eq!(deployments, 0, "no service is made that could keep no picture");
    platform.delete().await;
}

/// The API server refuses the spec, and says why in a sentence.
async fn refuses(platform: &Platform, spec: &Value, sentence: &str) {
    match platform.apply(spec).await {
        Err(kube::Error::Api(status)) if status.is_invalid() => {
            assert!(status.message.contains(sentence), "the refusal says “{sentence}”: {}", status.message);
        }
        Err(error) => panic!("the API server was to refuse with “{sentence}”: {error}"),
        Ok(_) => panic!("the API server took what it was to refuse with “{sentence}”: {spec}"),
    }
}

/// The images of the platform's Deployments.
async fn images(scene: &Scene) -> Vec<(String, Value)> {
    let deployments = objects::all(scene).await.into_iter().filter(|(named, _)| named.kind == "Deployment");
    deployments.map(|(named, object)| (named.name, object.data["spec"]["template"]["spec"]["containers"][0]["image"].clone())).collect()
}
