//! Who decides which traces are recorded: the settings do, and what a stranger's `traceparent` says does not count.

use std::collections::BTreeSet;

use reqwest::RequestBuilder;

use crate::alone;
use crate::platform::Platform;
use crate::sink::Sink;

/// The id of a trace with a small second half, by which the SDK decides about ids of its own, and of one with a large
/// one.
const LOW: &str = "4bf92f3577b34da61000000000000001";
const HIGH: &str = "4bf92f3577b34da6f000000000000001";

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ratio_chooses_whatever_ids_and_flags_strangers_send_and_nothing_of_theirs_goes_further() {
    let _alone = alone().await;
    let sink = Sink::start().await;
    let half = [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")];
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
