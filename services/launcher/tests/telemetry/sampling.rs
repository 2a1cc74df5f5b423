//! Who decides which traces are recorded: the settings do, and what a stranger's `traceparent` says does not count.

use reqwest::RequestBuilder;

use crate::platform::Platform;
use crate::sink::Sink;
use crate::{alone, eventually};

/// The id of a trace that a ratio of a half records, because its second half is small, and of one that it does not.
const LOW: &str = "4bf92f3577b34da61000000000000001";
const HIGH: &str = "4bf92f3577b34da6f000000000000001";

/// Whether the caller says that the trace is recorded, in the last byte of `traceparent`.
#[derive(Clone, Copy)]
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

/// A public request, by a stranger.
async fn ask_as_stranger(platform: &Platform, trace: &str, says: Says) {
    let request = platform.http.get(format!("{}/v1/timelines/public", platform.url));
    assert!(with_trace(request, trace, says).send().await.expect("an answer").status().is_success());
}

/// Spans leave in the order in which they end, so whatever ended before this one has arrived with it.
async fn arrived(sink: &Sink, trace: &str) {
    eventually("the trace was exported", async || if has(sink, trace) { Ok(()) } else { Err("it was not".to_owned()) }).await;
}

fn has(sink: &Sink, trace: &str) -> bool {
    sink.spans().iter().any(|span| span.trace == trace)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ratio_chooses_by_the_id_whatever_the_caller_says() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let half = [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")];
    let platform = Platform::start_with(Some(&sink.url), &half).await;
    ask_as_stranger(&platform, HIGH, Says::Recorded).await;
    ask_as_stranger(&platform, LOW, Says::NotRecorded).await;
    arrived(&sink, LOW).await;
    assert!(!has(&sink, HIGH), "a stranger's flag was trusted");
}
