//! What is told in events: each change once.

use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt;
use operator::crd::SocialPlatform;

use crate::harness::{Harness, eventually, external};
use crate::scaling::reconciled;

/// The events about the platform: condition, reason, name, and how often it is told.
async fn told(harness: &Harness) -> Vec<(String, String, String, i32)> {
    let events = harness.api::<Event>().list(&Default::default()).await.unwrap();
    let about = events.iter().filter(|event| event.regarding.as_ref().and_then(|it| it.kind.as_deref()) == Some("SocialPlatform"));
    let mut told: Vec<_> = about
        .map(|event| {
            let (action, reason) = (event.action.clone().unwrap_or_default(), event.reason.clone().unwrap_or_default());
            (action, reason, event.name_any(), event.series.as_ref().map_or(1, |series| series.count))
        })
        .collect();
    told.sort();
    told
}

/// Waits until an event tells that the platform is ready.
pub async fn ready_is_told(harness: &Harness) {
    eventually("an event tells that the platform is ready", || async {
        let events = harness.api::<Event>().list(&Default::default()).await.unwrap();
        let told = events.iter().any(|event| event.reason.as_deref() == Some("AllComponentsAvailable"));
        if told { Ok(()) } else { Err(format!("there are {} events", events.items.len())) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_told_once_however_often_it_is_looked_at_and_by_whom() {
    let harness = Harness::prepare("events").await;
    let first = harness.operate(harness.observed());
    let mut resource = external();
    // An autoscaler would change the number of pods whenever it likes.
    resource.spec.components = None;
    harness.create(&resource).await;
    harness.wait_until_ready().await;
    reconciled(&harness).await;
    // Events come a little after the status that they tell of.
    let before = eventually("what the conditions say is told, and by one event each", || async {
        let told = told(&harness).await;
        let conditions = harness.get::<SocialPlatform>("demo").await.status.unwrap().conditions;
        for condition in conditions.iter().filter(|condition| condition.type_ != "Reconciling" && condition.status != "Unknown") {
            let events = told.iter().filter(|(action, reason, ..)| (action, reason) == (&condition.type_, &condition.reason));
            if events.count() != 1 {
                return Err(format!("{condition:?}: {told:#?}"));
            }
        }
        Ok(told)
    })
    .await;
    let ready: Vec<_> = before.iter().filter(|(_, reason, ..)| reason == "AllComponentsAvailable").collect();
    assert!(matches!(ready[..], [(_, _, _, 1)]), "{before:#?}");

    reconciled(&harness).await;
    first.kill().await;
    // One that remembers nothing.
    harness.operate(harness.observed()).detach();
    reconciled(&harness).await;
    assert_eq!(told(&harness).await, before);
}
