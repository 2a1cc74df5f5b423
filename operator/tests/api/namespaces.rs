//! One operator for several namespaces, and for no other.

use k8s_openapi::api::apps::v1::Deployment;
use operator::crd::SocialPlatformBackup;
use operator::example::backup;

use crate::backups::{NAME, pending};
use crate::harness::{Harness, Operator, development};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_looks_after_the_namespaces_that_it_is_told_and_no_other() {
    let one = Harness::prepare("one").await;
    let other = Harness::prepare("other").await;
    let stranger = Harness::prepare("stranger").await;
    let mut stray = backup();
    stray.spec.platform_ref.name = "nobody".to_owned();
    for harness in [&one, &other, &stranger] {
        harness.create(&development()).await;
        harness.create(&stray).await;
    }
    let mut options = one.options();
    options.namespaces.push(other.namespace.clone());
    Operator::start(one.observed(), options).detach();

    for harness in [&one, &other] {
        harness.wait_until_ready().await;
        pending(harness, NAME, "PlatformMissing").await;
    }
    let untouched = stranger.get::<SocialPlatformBackup>(NAME).await.status.unwrap();
    assert_eq!((untouched.observed_generation, untouched.phase), (Some(-1), None));
    assert!(stranger.api::<Deployment>().list(&Default::default()).await.unwrap().items.is_empty());
    let elsewhere = format!("/namespaces/{}/", stranger.namespace);
    assert!(!one.requests.writes().iter().any(|write| write.contains(&elsewhere)));
    assert_eq!(one.requests.reads_of("/api/v1/secrets"), 0, "nothing is listed over all namespaces");
}
