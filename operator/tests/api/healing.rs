//! What someone deletes or edits comes back, because it is seen: the operator of these tests looks at nothing of itself.
//!
//! It is to take less than two seconds. How long it took is printed, median and most of each kind; what fails is far above, because
//! the machine may be busy.

use std::collections::BTreeMap;
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
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
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
use crate::optional_kinds;

const GUARD: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(20);

/// Any kind that the operator writes.
pub trait Child: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize {}

impl<K> Child for K where K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize {}

/// How long each kind took to be in order again.
#[derive(Default)]
struct Times(BTreeMap<String, Vec<Duration>>);

impl Times {
    fn add<K: Child>(&mut self, times: impl IntoIterator<Item = Duration>) {
        self.0.entry(K::kind(&()).into_owned()).or_default().extend(times);
    }

    fn print(mut self) {
        for (kind, times) in &mut self.0 {
            times.sort();
            let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
            println!("{kind}: healed after {:.2} s, at the most {:.2} s, of {}", median.as_secs_f64(), most.as_secs_f64(), times.len());
        }
    }
}

/// A platform whose operator would look at it again in hours.
async fn start(test: &str, resource: &SocialPlatform) -> Harness {
    let harness = Harness::prepare(test).await;
    let options = Options { resync: Duration::from_secs(10_000), ..harness.options() };
    Operator::start(harness.observed(), options).detach();
    harness.create(resource).await;
    harness.wait_until_ready().await;
    harness
}

/// The objects of one kind as the API server has them: a type would not see the fields that it does not know.
fn whole<K: Child>(harness: &Harness) -> Api<DynamicObject> {
    Api::namespaced_with(harness.client.clone(), &harness.namespace, &ApiResource::erase::<K>(&()))
}

/// Waits until the object of that name is as it should be, and says how long it took.
async fn healed<K: Child>(harness: &Harness, what: &str, name: &str, is_healed: impl Fn(&Value) -> bool) -> Duration {
    let start = Instant::now();
    loop {
        let now = whole::<K>(harness).get_opt(name).await.unwrap().map(|now| serde_json::to_value(now).unwrap());
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
    let uid = old.uid();
    healed::<K>(harness, "deleted", name, |new| new["metadata"]["uid"].as_str() != uid.as_deref()).await
}

/// Edits an object, and waits until what `look` sees is as before.
pub async fn edited<K: Child>(harness: &Harness, name: &str, change: Value, look: &str) -> Duration {
    let objects = whole::<K>(harness);
    let seen = |object: DynamicObject| serde_json::to_value(object).unwrap().pointer(look).cloned();
    let before = seen(objects.get(name).await.unwrap());
    let after = seen(objects.patch(name, &PatchParams::default(), &Patch::Merge(change)).await.unwrap());
    assert_ne!(before, after, "the edit of {} {name} changes {look}", K::kind(&()));
    healed::<K>(harness, &format!("edited at {look}"), name, |now| now.pointer(look) == before.as_ref()).await
}

/// Writes something into a list of an object, which a merge replaces as a whole; and waits until the list is as before.
pub async fn edited_within<K: Child>(harness: &Harness, name: &str, list: &str, edit: impl FnOnce(&mut Value)) -> Duration {
    let object = whole::<K>(harness).get(name).await.unwrap();
    let mut changed = serde_json::to_value(object).unwrap().pointer(list).cloned().unwrap();
    edit(&mut changed);
    let change = list.rsplit('/').filter(|field| !field.is_empty()).fold(changed, |inner, field| json!({ field: inner }));
    edited::<K>(harness, name, change, list).await
}

/// The same, with what every object has.
pub async fn relabeled<K: Child>(harness: &Harness, name: &str) -> Duration {
    let change = json!({"metadata": {"labels": {"app.kubernetes.io/name": "elsewhere"}}});
    edited::<K>(harness, name, change, "/metadata/labels/app.kubernetes.io~1name").await
}

/// Both, with one of `objects`.
async fn heals<K: Child>(harness: &Harness, times: &mut Times, objects: &[Arc<K>], name: &str) {
    assert!(objects.iter().any(|object| object.name_any() == name), "the platform has a {} {name}", K::kind(&()));
    times.add::<K>([relabeled::<K>(harness, name).await, deleted::<K>(harness, name).await]);
}

/// Brings one object of each kind out of order.
async fn every_kind_heals(harness: &Harness, times: &mut Times) {
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
    match ingresses.is_empty() {
        false => heals::<Ingress>(harness, times, &ingresses, "demo").await,
        true => heals::<HttpRoute>(harness, times, &http_routes, "demo").await,
    }
    heals::<ServiceAccount>(harness, times, &service_accounts, "demo-auth").await;
    heals::<ConfigMap>(harness, times, &config_maps, "demo-service-keys").await;
    heals::<NetworkPolicy>(harness, times, &network_policies, "demo-default-deny").await;
    heals::<PodDisruptionBudget>(harness, times, &disruption_budgets, "demo-auth").await;
    heals::<Service>(harness, times, &services, "demo-social").await;
    heals::<Deployment>(harness, times, &deployments, "demo-relation").await;
    heals::<HorizontalPodAutoscaler>(harness, times, &autoscalers, "demo-social").await;
    heals::<PrometheusRule>(harness, times, &prometheus_rules, "demo-alerts").await;
    heals::<ServiceMonitor>(harness, times, &service_monitors, "demo-metrics").await;
    // One that is made of others, and one that is new.
    heals::<Secret>(harness, times, &secrets, "demo-migrate").await;
    heals::<Secret>(harness, times, &secrets, "demo-photo-key").await;
    // Kubernetes keeps a volume as long as a pod uses it.
    times.add::<PersistentVolumeClaim>([relabeled::<PersistentVolumeClaim>(harness, &volume_claims[0].name_any()).await]);
    // A Job cannot be changed once made; its labels say which attempt it is, and whoever edits them hides it.
    times.add::<Job>([deleted::<Job>(harness, &jobs[0].name_any()).await]);
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
    let mut times = Times::default();
    every_kind_heals(&harness, &mut times).await;
    harness.wait_until_ready().await;

    let gateway = json!({"mode": "Gateway", "ingress": null, "gateway": {"parentRefs": [{"name": "public"}]}});
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"exposure": gateway}})).await;
    harness.wait_for("Exposed", "False", "RouteNotAccepted").await;
    assert!(harness.api::<Ingress>().get_opt("demo").await.unwrap().is_some(), "it lets requests in until a Gateway does");
    tokio::spawn(optional_kinds::play(harness.api()));
    eventually("the HTTPRoute takes the place of the Ingress", || async {
        let route = harness.api::<HttpRoute>().get_opt("demo").await.unwrap();
        let ingress = harness.api::<Ingress>().get_opt("demo").await.unwrap();
        if route.is_some() && ingress.is_none() { Ok(()) } else { Err(format!("{ingress:?}, {route:?}")) }
    })
    .await;
    every_kind_heals(&harness, &mut times).await;
    times.print();
    nobody_leads_requests_elsewhere(&harness).await;
    nobody_takes_the_metrics_away(&harness).await;
}

/// What is written into the parts of an HTTPRoute of which the operator says nothing.
async fn nobody_leads_requests_elsewhere(harness: &Harness) {
    let redirect = json!({"type": "RequestRedirect", "requestRedirect": {"hostname": "elsewhere.example.org", "statusCode": 302}});
    for (place, field, value) in [
        ("/0", "filters", json!([redirect])),
        ("/0/backendRefs/0", "filters", json!([redirect])),
        ("/0/backendRefs/0", "name", json!("elsewhere")),
        ("/0/backendRefs/0", "namespace", json!("elsewhere")),
        ("/0/backendRefs/0", "weight", json!(0)),
        ("/0/matches/0", "method", json!("GET")),
    ] {
        let edit = |rules: &mut Value| rules.pointer_mut(place).unwrap()[field] = value;
        edited_within::<HttpRoute>(harness, "demo", "/spec/rules", edit).await;
    }
    edited::<HttpRoute>(harness, "demo", json!({"spec": {"hostnames": ["elsewhere.example.org"]}}), "/spec/hostnames").await;
    edited_within::<HttpRoute>(harness, "demo", "/spec/parentRefs", |parents| parents[0]["port"] = json!(8443)).await;
}

/// Another selector, one that selects less, and no series at all.
async fn nobody_takes_the_metrics_away(harness: &Harness) {
    let of_another = json!({"spec": {"selector": {"matchLabels": {"app.kubernetes.io/instance": "another"}}}});
    edited::<ServiceMonitor>(harness, "demo-metrics", of_another, "/spec/selector").await;
    let fewer = json!({"spec": {"selector": {"matchExpressions": [{"key": "only", "operator": "Exists"}]}}});
    edited::<ServiceMonitor>(harness, "demo-metrics", fewer, "/spec/selector").await;
    let no_series = |endpoints: &mut Value| endpoints[0]["relabelings"][0]["action"] = json!("drop");
    edited_within::<ServiceMonitor>(harness, "demo-metrics", "/spec/endpoints", no_series).await;
}

/// What PostgreSQL's pod reads, and the Job that has migrated the database.
async fn users_of_the_password(harness: &Harness) -> (String, String) {
    let template = harness.get::<Deployment>("demo-postgres").await.spec.unwrap().template;
    let configuration = template.metadata.unwrap().annotations.unwrap()["socialplatform.dev/configuration"].clone();
    (configuration, harness.get::<SocialPlatform>("demo").await.status.unwrap().migration.unwrap().job)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_of_the_database_is_told_to_postgresql_and_to_the_migration() {
    let harness = start("password", &development()).await;
    let before = users_of_the_password(&harness).await;
    deleted::<Secret>(&harness, "demo-database").await;
    eventually("both have another configuration", || async {
        let now = users_of_the_password(&harness).await;
        if now.0 != before.0 && now.1 != before.1 { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    harness.wait_until_ready().await;
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
    edited::<Service>(&harness, "demo-auth", json!({"spec": {"selector": {"of": "nobody"}}}), "/spec/selector").await;
    let elsewhere = json!({"spec": {"type": "ExternalName", "externalName": "elsewhere.example.org"}});
    edited::<Service>(&harness, "demo-social", elsewhere, "/spec/type").await;
    edited::<Deployment>(&harness, "demo-photo", json!({"spec": {"replicas": 9}}), "/spec/replicas").await;
    let of_nobody = json!({"spec": {"selector": {"matchLabels": {"of": "nobody"}}}});
    edited::<PodDisruptionBudget>(&harness, "demo-auth", of_nobody, "/spec/selector").await;
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
    let constraint = json!({"maxSkew": 3, "topologyKey": "rack", "whenUnsatisfiable": "ScheduleAnyway"});
    let restricted = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    let watcher = json!({"name": "watcher", "image": "example.org/watcher:1", "securityContext": restricted});
    let containers = json!([{"name": "auth", "env": [{"name": "TEAM", "value": "x"}]}, watcher]);
    let added = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "demo-auth"},
        "spec": {"template": {"spec": {"topologySpreadConstraints": [constraint], "containers": containers}}},
    });
    harness.api::<Deployment>().patch("demo-auth", &PatchParams::apply("team"), &Patch::Apply(added)).await.unwrap();
    // Each reconcile reads the Secret that someone else writes.
    let seen = harness.requests.reads_of("/secrets/demo-pg-app");
    eventually("some reconciles have seen it", || async {
        let reconciles = harness.requests.reads_of("/secrets/demo-pg-app") - seen;
        if reconciles >= 3 { Ok(()) } else { Err(format!("{reconciles}")) }
    })
    .await;
    let is_of_deployment = |write: &String| write.contains("/deployments/demo-auth") && !write.contains("/status");
    harness.requests.clear();
    eventually("and some more", || async {
        let reconciles = harness.requests.reads_of("/secrets/demo-pg-app");
        if reconciles >= 3 { Ok(()) } else { Err(format!("{reconciles}")) }
    })
    .await;
    assert_eq!(harness.requests.writes().into_iter().filter(is_of_deployment).collect::<Vec<_>>(), Vec::<String>::new());
    // Two changes of ours later it is still there.
    for replicas in [1, 2] {
        let change = json!({"spec": {"components": {"auth": {"replicas": replicas}}}});
        harness.edit::<operator::crd::SocialPlatform>("demo", change).await;
        harness.wait_until_ready().await;
    }
    let deployment: Deployment = harness.get("demo-auth").await;
    assert_eq!(deployment.annotations()["team"], "x");
    let spec = deployment.spec.unwrap();
    assert_eq!(spec.replicas, Some(2));
    let pod = spec.template.spec.unwrap();
    assert!(pod.topology_spread_constraints.unwrap().iter().any(|it| it.topology_key == "rack"));
    let containers: BTreeMap<_, _> = pod.containers.into_iter().map(|container| (container.name.clone(), container)).collect();
    assert!(containers.contains_key("watcher"));
    assert!(containers["auth"].env.iter().flatten().any(|variable| variable.name == "TEAM"));
}
