//! One request, one trace, through everything that it touches.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::json;

use crate::gateway::{Person, send};
use crate::picture;
use crate::platform::observed;
use crate::scene::{Scene, story};
use crate::traces::{COLLECTOR, Trace};
use crate::wait::eventually;

/// The span that the request says it is below: of whoever calls, and exported by nobody.
const OUTSIDE: &str = "00f067aa0ba902b7";

#[tokio::test]
async fn one_trace_runs_from_the_gateway_through_two_services_to_their_sql() {
    story("traced", async |scene: &Scene| {
        scene.platform().run(&observed(scene, COLLECTOR)).await;
        let gateway = scene.gateway();
        gateway.serves().await;
        let alice = Person::sign_up(&gateway, "alice").await;
        let photo = alice.upload(&picture::jpeg(), "public").await;

        let id = trace_id();
        let post = json!({ "text": "Lift-off", "photos": [photo] });
        let request = alice.request(Method::POST, "/v1/posts").json(&post);
        send(request.header("traceparent", format!("00-{id}-{OUTSIDE}-01"))).await.accepted("post");

        let trace = eventually("the trace of the request has every edge of the drawing", async || {
            let trace = Trace::read(&scene.client, &id).await;
            match missing(&trace) {
                None => Ok(trace),
                Some(edge) => Err(format!("no {edge} in\n{trace}")),
            }
        })
        .await;
        println!("{}: the trace of a post with a photo\n{trace}", scene.namespace);
    })
    .await;
}

/// The first edge that the trace does not have (yet): those of the drawing, and where the request comes in. What the gateway is called
/// in traces, `scripts/e2e` has told it.
fn missing(trace: &Trace) -> Option<&'static str> {
    let Some(gateway) = trace.called_by(OUTSIDE, "gateway") else { return Some("outside → gateway") };
    let Some(social) = trace.called_below(gateway, "social") else { return Some("gateway → social") };
    let Some(photo) = trace.called_below(social, "photo") else { return Some("social → photo") };
    if trace.sql_below(photo, "photo").is_none() {
        return Some("photo → SQL");
    }
    trace.sql_below(social, "social").is_none().then_some("social → SQL")
}

/// A trace id of this run's own. Its low half is small, so that a sampler by ratio keeps it, whatever the ratio.
fn trace_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    format!("{:016x}{:016x}", now.as_secs(), now.subsec_nanos())
}
