//! What `operator diff` and `operator validate` say, held against what the API server says.

use kube::api::{Patch, PatchParams, PostParams};
use kube::client::ClientBuilder;
use operator::crd::{ComponentSpec, ComponentsSpec, SocialPlatform};
use operator::offline::changes::changes;
use operator::offline::problems;

use crate::harness::{Harness, development};
use crate::requests::Requests;

/// The platform of the test, as a file of its namespace would hold it.
fn in_a_file(harness: &Harness) -> SocialPlatform {
    let mut resource = development();
    resource.metadata.namespace = Some(harness.namespace.clone());
    resource
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_changes_nothing_or_something_or_is_refused_and_nothing_is_written() {
    let harness = Harness::start("changes").await;
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    let requests = Requests::default();
    let client = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&requests).build();
    let told = async |resource: &SocialPlatform| {
        let changes = changes(&client, resource, None).await;
        changes.map(|changes| changes.iter().map(ToString::to_string).collect::<Vec<_>>())
    };

    assert_eq!(told(&in_a_file(&harness)).await.unwrap(), [""; 0]);

    let mut larger = in_a_file(&harness);
    let two = ComponentSpec { replicas: Some(2), ..ComponentSpec::default() };
    larger.spec.components = Some(ComponentsSpec { auth: Some(two), ..ComponentsSpec::default() });
    let changes = told(&larger).await.unwrap();
    let scaled = changes.iter().find(|change| change.starts_with("~ Deployment demo-auth")).expect("it would change");
    assert!(scaled.contains(".spec.replicas: 1 → 2"), "{scaled}");

    let mut elsewhere = in_a_file(&harness);
    elsewhere.spec.domain = "elsewhere.localhost".to_owned();
    let refused = told(&elsewhere).await.unwrap_err();
    assert!(refused.contains("domain is immutable"), "{refused}");
    let apply = PatchParams { dry_run: true, ..PatchParams::apply("test").force() };
    let refused = harness.api::<SocialPlatform>().patch("demo", &apply, &Patch::Apply(&elsewhere)).await.unwrap_err();
    assert!(refused.to_string().contains("domain is immutable"), "{refused}");
    assert_eq!(requests.writes(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_api_server_refuses_is_wrong_without_one() {
    let harness = Harness::prepare("refused").await;
    let edits: [fn(&mut SocialPlatform); 5] = [
        |resource| resource.spec.domain = "Not A Host".to_owned(),
        |resource| resource.spec.trusted_proxy_hops = Some(99),
        |resource| resource.spec.version = String::new(),
        |resource| resource.spec.image = Some("with a space".to_owned()),
        |resource| resource.spec.image_pull_secrets = Some(Vec::new()),
    ];
    let tried = PostParams { dry_run: true, ..PostParams::default() };
    assert_eq!(problems(&development()), [""; 0]);
    harness.api::<SocialPlatform>().create(&tried, &development()).await.unwrap();
    for edit in edits {
        let mut resource = development();
        edit(&mut resource);
        let found = problems(&resource);
        let refused = harness.api::<SocialPlatform>().create(&tried, &resource).await.expect_err(&format!("{found:?}")).to_string();
        let field = found.first().and_then(|found| found.split_whitespace().next()).expect(&refused);
        assert!(refused.contains(field), "{refused}: {found:?}");
    }
}
