//! Passwords and keys that are replaced while everything runs.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use operator::crd::SocialPlatform;
use serde_json::{Value, json};

use crate::harness::{Harness, development, eventually};

const SERVICES: [&str; 4] = ["auth", "photo", "relation", "social"];

/// The Secret that a service's pods read this variable from.
async fn source(harness: &Harness, service: &str, variable: &str) -> String {
    let deployment: Deployment = harness.get(&format!("demo-{service}")).await;
    let containers = deployment.spec.unwrap().template.spec.unwrap().containers;
    let variables = containers[0].env.clone().unwrap();
    let variable = variables.into_iter().find(|it| it.name == variable).unwrap();
    variable.value_from.unwrap().secret_key_ref.unwrap().name
}

/// The public keys that services accept.
async fn keys(harness: &Harness) -> Value {
    let config_map: ConfigMap = harness.get("demo-service-keys").await;
    serde_json::from_str(&config_map.data.unwrap()["SERVICE_KEYS"]).unwrap()
}

async fn rotate(harness: &Harness, request: &str) {
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"lifecycle": {"rotation": request}}})).await;
    eventually("the rotation is through", || async {
        let platform = harness.wait_for("SecretsRotated", "True", "Rotated").await;
        let conditions = platform.status.unwrap().conditions;
        let told = conditions.into_iter().find(|condition| condition.type_ == "SecretsRotated").unwrap().message;
        if told.contains(&format!("{request:?}")) { Ok(()) } else { Err(told) }
    })
    .await;
    harness.wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_and_keys_change_places_and_nothing_of_the_old_ones_is_left() {
    let harness = Harness::start("rotation").await;
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    let before = keys(&harness).await;

    rotate(&harness, "1").await;
    for service in SERVICES {
        assert_eq!(source(&harness, service, "DATABASE_URL").await, format!("demo-{service}-database-b"));
        assert_eq!(source(&harness, service, "SERVICE_KEY").await, format!("demo-{service}-key-b"));
        eventually("the old Secrets are gone", || async {
            for what in ["database", "key"] {
                if harness.api::<Secret>().get_opt(&format!("demo-{service}-{what}")).await.unwrap().is_some() {
                    return Err(format!("demo-{service}-{what} is there"));
                }
            }
            Ok(())
        })
        .await;
    }
    let after = keys(&harness).await;
    assert_eq!(after["auth"].as_array().unwrap().len(), 1);
    assert_ne!(after["auth"], before["auth"]);

    // And back, with other values.
    rotate(&harness, "2").await;
    assert_eq!(source(&harness, "auth", "DATABASE_URL").await, "demo-auth-database");
    assert_ne!(keys(&harness).await["auth"], before["auth"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_new_platform_begins_with_is_no_rotation() {
    let harness = Harness::start("first-rotation").await;
    let mut resource = development();
    resource.spec.lifecycle.get_or_insert_default().rotation = Some("1".to_owned());
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    harness.wait_for("SecretsRotated", "True", "Rotated").await;
    assert_eq!(source(&harness, "auth", "DATABASE_URL").await, "demo-auth-database");
}
