//! What someone deletes or edits comes back, because it is seen: the operator of these tests looks at nothing of itself.
//!
//! It is to take less than two seconds. How long it took is printed; what fails is far above, because the machine may be busy.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::DeleteParams;
use kube::{Resource, ResourceExt};
use operator::children::Children;
use operator::controller::Options;
use operator::crd::SocialPlatform;
use operator::resources::http_route::HttpRoute;
use operator::resources::monitoring::{PrometheusRule, ServiceMonitor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::harness::{Harness, Operator, development, eventually, external};

const GUARD: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Any kind that the operator writes.
pub trait Child: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize {}

impl<K> Child for K where K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize {}

/// A platform whose operator would look at it again in hours.
async fn start(test: &str, resource: &SocialPlatform) -> Harness {
    let harness = Harness::prepare(test).await;
    let options = Options { resync: Duration::from_secs(10_000), ..harness.options() };
    Operator::start(harness.observed(), options).detach();
    harness.create(resource).await;
    harness.wait_until_ready().await;
    harness
}

/// Waits until the object of that name is as it should be, and says how long it took.
async fn healed<K: Child>(harness: &Harness, what: &str, name: &str, is_healed: impl Fn(&K) -> bool) -> Duration {
    let start = Instant::now();
    loop {
        let now = harness.api::<K>().get_opt(name).await.unwrap();
        let took = start.elapsed();
        if now.as_ref().is_some_and(&is_healed) {
            println!("{} {name} {what}: healed after {:.2} s", K::kind(&()), took.as_secs_f64());
            return took;
        }
        assert!(took < GUARD, "{} {name} {what}: not healed after {} s; it is {now:?}", K::kind(&()), GUARD.as_secs());
        tokio::time::sleep(POLL).await;
    }
}

/// Deletes an object, and waits until there is a new one of its name.
pub async fn deleted<K: Child>(harness: &Harness, name: &str) -> Duration {
    let old: K = harness.get(name).await;
    harness.api::<K>().delete(name, &DeleteParams::background()).await.unwrap();
    healed(harness, "deleted", name, |new: &K| new.uid() != old.uid()).await
}

/// Edits an object, and waits until what `look` sees is as before.
async fn edited<K: Child>(harness: &Harness, name: &str, change: Value, look: &str) -> Duration {
    let seen = |object: &K| serde_json::to_value(object).unwrap().pointer(look).cloned();
    let before = seen(&harness.get(name).await);
    let after = seen(&harness.edit(name, change).await);
    assert_ne!(before, after, "the edit of {} {name} changes {look}", K::kind(&()));
    healed(harness, &format!("edited at {look}"), name, |now: &K| seen(now) == before).await
}

/// The same, with what every object has.
pub async fn relabeled<K: Child>(harness: &Harness, name: &str) -> Duration {
    let change = json!({"metadata": {"labels": {"app.kubernetes.io/name": "elsewhere"}}});
    edited::<K>(harness, name, change, "/metadata/labels/app.kubernetes.io~1name").await
}

/// Both, with one of `objects`.
async fn heals<K: Child>(harness: &Harness, objects: &[Arc<K>], name: &str) -> Duration {
    assert!(objects.iter().any(|object| object.name_any() == name), "the platform has a {} {name}", K::kind(&()));
    let relabeled = relabeled::<K>(harness, name).await;
    relabeled.max(deleted::<K>(harness, name).await)
}

/// Brings one object of each kind out of order, and says how long the slowest took to be in order again.
async fn every_kind_heals(harness: &Harness) -> Duration {
    // Without `..`: a kind that is added and not healed here does not compile.
    let Children {
        service_accounts,
        secrets,
        config_maps,
        network_policies,
        disruption_budgets,
        services,
        volume_claims,
        deployments,
        autoscalers,
        jobs,
        ingresses,
        http_routes,
        prometheus_rules,
        service_monitors,
        // They are healed where somebody says what their own controllers would: in certificate.rs and cloud_native_pg.rs.
        certificates: _,
        postgres_clusters: _,
    } = Children::list(&harness.client, &harness.namespace, "demo").await.unwrap();
    let way_in = match ingresses.is_empty() {
        false => heals::<Ingress>(harness, &ingresses, "demo").await,
        true => heals::<HttpRoute>(harness, &http_routes, "demo").await,
    };
    let times = [
        way_in,
        heals::<ServiceAccount>(harness, &service_accounts, "demo-auth").await,
        heals::<ConfigMap>(harness, &config_maps, "demo-service-keys").await,
        heals::<NetworkPolicy>(harness, &network_policies, "demo-default-deny").await,
        heals::<PodDisruptionBudget>(harness, &disruption_budgets, "demo-auth").await,
        heals::<Service>(harness, &services, "demo-social").await,
        heals::<Deployment>(harness, &deployments, "demo-relation").await,
        heals::<HorizontalPodAutoscaler>(harness, &autoscalers, "demo-social").await,
        heals::<PrometheusRule>(harness, &prometheus_rules, "demo-alerts").await,
        heals::<ServiceMonitor>(harness, &service_monitors, "demo-metrics").await,
        // One that is made of others, and one that is new.
        heals::<Secret>(harness, &secrets, "demo-migrate").await,
        heals::<Secret>(harness, &secrets, "demo-photo-key").await,
        // Kubernetes keeps a volume as long as a pod uses it.
        relabeled::<PersistentVolumeClaim>(harness, &volume_claims[0].name_any()).await,
        // A Job cannot be changed once made; its labels say which attempt it is, and whoever edits them hides it.
        deleted::<Job>(harness, &jobs[0].name_any()).await,
    ];
    times.into_iter().max().unwrap_or_default()
}

/// Development storage, and everything that is made only where it is asked for.
fn with_every_kind() -> SocialPlatform {
    let mut resource = serde_json::to_value(development()).unwrap();
    resource["spec"]["components"] = json!({"auth": {"replicas": 2}, "social": {"autoscaling": {"minReplicas": 2, "maxReplicas": 4}}});
    resource["spec"]["observability"] = json!({"dashboards": "Enabled", "alerts": "Enabled", "serviceMonitors": "Enabled"});
    serde_json::from_value(resource).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_child_is_healed_in_every_mode_that_makes_it() {
    let harness = start("healed", &with_every_kind()).await;
    let behind_an_ingress = every_kind_heals(&harness).await;
    harness.wait_until_ready().await;

    let gateway = json!({"mode": "Gateway", "ingress": null, "gateway": {"parentRefs": [{"name": "public"}]}});
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"exposure": gateway}})).await;
    eventually("the HTTPRoute takes the place of the Ingress", || async {
        let route = harness.api::<HttpRoute>().get_opt("demo").await.unwrap();
        let ingress = harness.api::<Ingress>().get_opt("demo").await.unwrap();
        if route.is_some() && ingress.is_none() { Ok(()) } else { Err(format!("{ingress:?}, {route:?}")) }
    })
    .await;
    let behind_a_gateway = every_kind_heals(&harness).await;
    println!("healed after {:.2} s at the most", behind_an_ingress.max(behind_a_gateway).as_secs_f64());
}

/// What is opened beside what the operator says: in a direction of which a policy says nothing, and within its rules.
async fn network_policies_are_closed(harness: &Harness) {
    for (name, direction) in [("demo-default-deny", "ingress"), ("demo-default-deny", "egress"), ("demo-migrate", "ingress")] {
        let opened = json!({"spec": {direction: [{}]}});
        edited::<NetworkPolicy>(harness, name, opened, &format!("/spec/{direction}")).await;
    }
    let policy = serde_json::to_value(harness.get::<NetworkPolicy>("demo-photo").await).unwrap();
    let mut ports = policy["spec"]["ingress"].clone();
    ports[0]["ports"][0]["endPort"] = json!(65535);
    edited::<NetworkPolicy>(harness, "demo-photo", json!({"spec": {"ingress": ports}}), "/spec/ingress").await;
    let mut peers = policy["spec"]["egress"].clone();
    let of_the_platform = peers.as_array_mut().unwrap().iter_mut().find(|rule| rule["to"][0]["podSelector"].is_object()).unwrap();
    of_the_platform["to"][0]["namespaceSelector"] = json!({});
    edited::<NetworkPolicy>(harness, "demo-photo", json!({"spec": {"egress": peers}}), "/spec/egress").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_edited_becomes_what_it_was() {
    let harness = start("edited", &external()).await;
    let token = json!({"automountServiceAccountToken": true});
    edited::<ServiceAccount>(&harness, "demo-auth", token, "/automountServiceAccountToken").await;
    edited::<ConfigMap>(&harness, "demo-service-keys", json!({"data": {"SERVICE_KEYS": "{}"}}), "/data").await;
    let url = json!({"stringData": {"DATABASE_URL": "postgres://elsewhere"}});
    edited::<Secret>(&harness, "demo-social-database", url, "/data").await;
    let opened = json!({"spec": {"ingress": [{}]}});
    edited::<NetworkPolicy>(&harness, "demo-photo", opened, "/spec/ingress").await;
    network_policies_are_closed(&harness).await;
    let label = "app.kubernetes.io/component";
    edited::<Service>(&harness, "demo-auth", json!({"spec": {"selector": {label: "social"}}}), "/spec/selector").await;
    edited::<Deployment>(&harness, "demo-photo", json!({"spec": {"replicas": 9}}), "/spec/replicas").await;
    edited::<PodDisruptionBudget>(&harness, "demo-auth", json!({"spec": {"maxUnavailable": 2}}), "/spec/maxUnavailable").await;
    edited::<HorizontalPodAutoscaler>(&harness, "demo-social", json!({"spec": {"maxReplicas": 50}}), "/spec/maxReplicas").await;
    let host = json!({"spec": {"rules": [{"host": "elsewhere.example.org"}]}});
    edited::<Ingress>(&harness, "demo", host, "/spec/rules").await;
    let silenced = json!({"spec": {"groups": []}});
    edited::<PrometheusRule>(&harness, "demo-alerts", silenced, "/spec/groups").await;
    harness.wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_add_stays() {
    let harness = Harness::start("foreign").await;
    harness.create(&external()).await;
    harness.wait_until_ready().await;
    harness.edit::<Deployment>("demo-auth", json!({"metadata": {"annotations": {"team": "x"}}})).await;
    // Two changes of ours later it is still there.
    for replicas in [1, 2] {
        let change = json!({"spec": {"components": {"auth": {"replicas": replicas}}}});
        harness.edit::<operator::crd::SocialPlatform>("demo", change).await;
        harness.wait_until_ready().await;
    }
    let deployment: Deployment = harness.get("demo-auth").await;
    assert_eq!(deployment.annotations()["team"], "x");
    assert_eq!(deployment.spec.unwrap().replicas, Some(2));
}
