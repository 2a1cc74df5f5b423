//! Who decides which traces are recorded: the settings do where a trace begins, and on a private port the service that
//! calls does. What a stranger's `traceparent` says does not count.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

use crate::platform::Platform;
use crate::pods::{Pods, Samplers};
use crate::sink::Sink;
use crate::{alone, eventually};

/// The id of a trace with a small second half, by which the SDK decides about ids of its own, and of one with a large
/// one.
const LOW: &str = "4bf92f3577b34da61000000000000001";
const HIGH: &str = "4bf92f3577b34da6f000000000000001";

/// What social asks of photo, on its private port.
const CALL: &str = "POST /internal/photos/usable";

/// Whether the caller says that the trace is recorded, in the last byte of `traceparent`.
#[derive(Clone, Copy, Debug)]
enum Says {
    Recorded,
    NotRecorded,
}

fn with_trace(request: RequestBuilder, trace: &str, says: Says) -> RequestBuilder {
    let flags = match says {
        Says::Recorded => "01",
        Says::NotRecorded => "00",
    };
    request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-{flags}"))
}

/// A request of a stranger, to a public port.
async fn ask_as_stranger(request: RequestBuilder, trace: &str, says: Says) {
    assert!(with_trace(request, trace, says).send().await.expect("an answer").status().is_success());
}

/// Somebody's post with a picture that does not exist: social asks photo, and refuses it for what photo answers.
async fn post_with_picture(pods: &Pods, token: &str, trace: &str, says: Says) {
    let post = json!({ "text": "Look", "photos": ["1"] });
    let request = pods.http.post(format!("{}/v1/posts", pods.social)).bearer_auth(token).json(&post);
    let answer = with_trace(request, trace, says).send().await.expect("an answer");
    let (status, text) = (answer.status(), answer.text().await.expect("a body"));
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("there is no such photo"), "{status}: {text}");
}

/// Spans leave in the order in which they end, so whatever ended before this one has arrived with it.
async fn arrived(sink: &Sink, trace: &str) {
    eventually("the trace was exported", async || if has(sink, trace) { Ok(()) } else { Err("it was not".to_owned()) }).await;
}

fn has(sink: &Sink, trace: &str) -> bool {
    sink.spans().iter().any(|span| span.trace == trace)
}

/// The traces of social's calls that photo recorded.
fn traces_of_calls(sink: &Sink) -> Vec<String> {
    sink.spans().into_iter().filter(|span| span.name == CALL).map(|span| span.trace).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ratio_chooses_whatever_ids_and_flags_strangers_send_and_nothing_of_theirs_goes_further() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let half = [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5"), ("TRACES_PER_SECOND", "1000000")];
    let platform = Platform::start_with(Some(&sink.url), &half).await;
    let kinds = [(LOW, Says::Recorded), (LOW, Says::NotRecorded), (HIGH, Says::Recorded), (HIGH, Says::NotRecorded)];
    let traces = |kind: usize| (0..100).map(move |n| format!("{}{kind}{n:03x}", &kinds[kind].0[..28]));
    for (kind, (_, says)) in kinds.into_iter().enumerate() {
        for trace in traces(kind) {
            let timeline = platform.http.get(format!("{}/v1/timelines/public", platform.url)).header("tracestate", "stranger=kilroy");
            ask_as_stranger(timeline, &trace, says).await;
        }
    }
    // What is not sent yet is sent at the end.
    platform.stop();
    let recorded: BTreeSet<String> = sink.spans().into_iter().map(|span| span.trace).collect();
    for (kind, what) in kinds.iter().enumerate() {
        let share = traces(kind).filter(|trace| recorded.contains(trace)).count();
        // Six standard deviations: no key is as unlucky.
        assert!((20..=80).contains(&share), "{share} of 100 traces of {what:?} were recorded");
    }
    let carried = sink.bodies("traces").iter().any(|body| body.windows(6).any(|window| window == b"kilroy"));
    assert!(!carried, "a stranger's tracestate is carried along");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_traces_are_recorded_in_a_second_than_are_to_be_and_every_request_is_counted() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let platform = Platform::start_with(Some(&sink.url), &[("OTEL_TRACES_SAMPLER", "traceidratio"), ("TRACES_PER_SECOND", "2")]).await;
    // Asked for by nobody else, and for so long that there is room for some of them, whatever else has begun before.
    let (began, mut asked) = (Instant::now(), 0);
    while asked < 200 || began.elapsed() < Duration::from_secs(2) {
        let request = || platform.http.get(format!("{}/v1/timelines/tags/bounded", platform.url));
        ask_as_stranger(request(), &format!("{}{asked:08x}", &LOW[..24]), Says::Recorded).await;
        assert!(request().send().await.expect("an answer").status().is_success());
        asked += 2;
    }
    let room = 2.0 * began.elapsed().as_secs_f64() + 3.0;
    let counted = platform.metrics().await;
    platform.stop();
    let recorded = sink.spans().into_iter().filter(|span| span.name == "GET /v1/timelines/tags/{tag}").count();
    assert!(recorded > 0 && recorded as f64 <= room, "{recorded} of {asked} requests were recorded, and there was room for {room}");
    let of_route =
        |line: &&str| line.starts_with("http_server_request_duration_seconds_count") && line.contains("/v1/timelines/tags/{tag}");
    let lines: Vec<&str> = counted.lines().filter(of_route).collect();
    let requests: f64 = lines.iter().filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
    assert_eq!(requests, f64::from(asked), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_records_nothing_of_its_own_records_what_its_caller_does() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let pods = Pods::start(&sink, Samplers { social: "always_on", photo: "always_off" }).await;
    let token = pods.sign_up("ada").await;
    ask_as_stranger(pods.http.get(format!("{}/v1/photos", pods.photo)), HIGH, Says::Recorded).await;
    // Neither does social trust what its own stranger says.
    post_with_picture(&pods, &token, LOW, Says::NotRecorded).await;
    eventually("photo recorded social's call", async || match traces_of_calls(&sink).as_slice() {
        [trace] if trace == LOW => Ok(()),
        others => Err(format!("it recorded {others:?}")),
    })
    .await;
    assert!(!has(&sink, HIGH), "a stranger's flag was trusted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_records_everything_does_not_record_what_its_caller_does_not() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let pods = Pods::start(&sink, Samplers { social: "always_off", photo: "always_on" }).await;
    let token = pods.sign_up("ada").await;
    post_with_picture(&pods, &token, LOW, Says::Recorded).await;
    ask_as_stranger(pods.http.get(format!("{}/v1/photos", pods.photo)), HIGH, Says::NotRecorded).await;
    arrived(&sink, HIGH).await;
    assert_eq!(traces_of_calls(&sink), [""; 0], "the caller's decision was not kept");
    assert!(!has(&sink, LOW), "the caller's decision was not kept");
}
