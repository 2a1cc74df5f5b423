//! Operators that are killed in the middle of their work, at five points of a platform's life, and the one that goes on.
//!
//! The operator knows nothing of these points: what the cluster holds says when one is reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::pin::pin;

use futures::StreamExt as _;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::first_day::only_what_is_kept_is_left;
use crate::platform::minimal;
use crate::scene::{Scene, story};
use crate::victim::Victim;
use crate::wait::DEADLINE;
use crate::{environment, objects, wanted};

#[tokio::test]
async fn wherever_the_operator_is_killed_the_platform_becomes_what_it_was_to_be() {
    story("killed", async |scene: &Scene| {
        let before = objects::all(scene).await;
        let platform = scene.platform();
        let mut deaths = Deaths { scene, lease: None };

        // The victim is chosen before the point is reached, so that it is hit there and not later.
        let victim = deaths.next().await;
        platform.apply(&minimal(scene)).await.expect("the API server takes the resource");
        seen::<ServiceAccount>(scene, "an account is made", |_| true).await;
        deaths.of(victim, "1: the accounts are being made").await;

        let victim = deaths.next().await;
        seen::<Job>(scene, "the migration starts", |_| true).await;
        deaths.of(victim, "2: the migration has started").await;

        let victim = deaths.next().await;
        seen::<Deployment>(scene, "a service is made", is_of("auth")).await;
        deaths.of(victim, "3: the services are being made").await;
        platform.ready().await;

        let victim = deaths.next().await;
        platform.apply(&next_release(scene)).await.expect("the API server takes the resource");
        seen::<Deployment>(scene, "a service is changed", |deployment| is_of("auth")(deployment) && generation(deployment) > 1).await;
        deaths.of(victim, "4: some services are changed").await;
        platform.ready().await;
        scene.gateway().serves().await;
        let survived = wanted::all(scene, &platform).await;
        let migrations = [environment::VERSION, environment::NEXT_VERSION].map(|version| (version.to_owned(), 1));
        assert_eq!(wanted::migrations(scene).await, BTreeMap::from(migrations), "one migration for each release");

        let victim = deaths.next().await;
        platform.delete().await;
        deaths.of(victim, "5: the platform is being deleted").await;
        only_what_is_kept_is_left(scene, &before).await;

        // The next one, on what was kept, is one that nobody disturbs: it differs in nothing.
        platform.run(&next_release(scene)).await;
        let undisturbed = wanted::all(scene, &platform).await;
        assert_eq!(wanted::migrations(scene).await, BTreeMap::from([(environment::NEXT_VERSION.to_owned(), 1)]), "one migration");
        // The migration to the release before is kept as long as that release may be asked about.
        let differing = differing(&survived, &undisturbed);
        let (before, others): (Vec<_>, Vec<_>) = differing.iter().partition(|line| line.starts_with("Job "));
        assert!(others.is_empty() && before.len() == 1, "nothing is missing, nothing left over, nothing another: {differing:#?}");
    })
    .await;
}

/// Who dies next, and what the Lease said when the last one died.
struct Deaths<'a> {
    scene: &'a Scene,
    lease: Option<Lease>,
}

impl Deaths<'_> {
    async fn next(&self) -> Victim {
        Victim::after(&self.scene.client, self.lease.as_ref()).await
    }

    async fn of(&mut self, victim: Victim, point: &str) {
        self.lease = Some(victim.dies().await);
        println!("{}: killed at point {point}", self.scene.namespace);
    }
}

fn next_release(scene: &Scene) -> Value {
    let mut spec = minimal(scene);
    spec["version"] = environment::NEXT_VERSION.into();
    spec
}

/// What one has and the other has not, or has otherwise.
fn differing(one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>) -> Vec<String> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differing = names.into_iter().filter(|name| one.get(*name) != other.get(*name));
    let form = |value: Option<&Value>| value.map_or_else(|| "not there".to_owned(), Value::to_string);
    differing.map(|name| format!("{name}: {}; undisturbed: {}", form(one.get(name)), form(other.get(name)))).collect()
}

fn is_of(component: &'static str) -> impl Fn(&Deployment) -> bool {
    move |deployment| deployment.metadata.name.as_deref().is_some_and(|name| name.ends_with(&format!("-{component}")))
}

fn generation(deployment: &Deployment) -> i64 {
    deployment.metadata.generation.unwrap_or_default()
}

/// Waits until one of the operator's objects of a kind is as `test` wants it, and hears of it as soon as the API server tells.
async fn seen<K>(scene: &Scene, what: &str, test: impl Fn(&K) -> bool)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let api: Api<K> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let config = watcher::Config::default().labels("app.kubernetes.io/managed-by=socialplatform-operator");
    let mut objects = pin!(watcher(api, config).default_backoff().applied_objects());
    let wait = async {
        while let Some(object) = objects.next().await {
            if object.is_ok_and(|object| test(&object)) {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("after {} s still not true: {what}", DEADLINE.as_secs()));
}
