//! One operator for several namespaces, and for no other.

use k8s_openapi::api::apps::v1::Deployment;

use crate::harness::{Harness, Operator, development};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_looks_after_the_namespaces_that_it_is_told_and_no_other() {
    let one = Harness::prepare("one").await;
    let other = Harness::prepare("other").await;
    let stranger = Harness::prepare("stranger").await;
    for harness in [&one, &other, &stranger] {
        harness.create(&development()).await;
    }
    let mut options = one.options();
    options.namespaces.push(other.namespace.clone());
    Operator::start(one.observed(), options).detach();

    one.wait_until_ready().await;
    other.wait_until_ready().await;
    assert!(stranger.api::<Deployment>().list(&Default::default()).await.unwrap().items.is_empty());
    let elsewhere = format!("/namespaces/{}/", stranger.namespace);
    assert!(!one.requests.writes().iter().any(|write| write.contains(&elsewhere)));
    assert_eq!(one.requests.reads_of("/api/v1/secrets"), 0, "nothing is listed over all namespaces");
}
