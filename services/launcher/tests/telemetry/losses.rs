//! What is lost on the way to a collector shows on `/metrics`, as the alert TelemetryLost reads it there.

use tokio::net::TcpSocket;

use crate::platform::Platform;
use crate::{alone, eventually};

/// Traces, metrics and logs that nobody took, and spans for which there was no room.
const LOSSES: [&str; 4] = [
    "BatchSpanProcessor.ExportError",
    "BatchLogProcessor.ExportError",
    "PeriodicReader.ExportError",
    "BatchSpanProcessor.SpanDroppingStarted",
];

/// How often the program has said so.
fn counted(page: &str, problem: &str) -> f64 {
    let label = format!("problem=\"{problem}\"");
    let line = page.lines().find(|line| line.starts_with("socialplatform_telemetry_problems_total{") && line.contains(&label));
    let count = line.and_then(|line| line.rsplit_once(' ')).and_then(|(_, count)| count.parse().ok());
    count.unwrap_or_else(|| panic!("{problem} is not on the page from the start:\n{page}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_collector_takes_and_no_queue_holds_is_counted() {
    let _alone = alone().await;
    // Bound and not listening: nobody is given the port, and whoever connects is refused.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let nowhere = format!("http://{}", socket.local_addr().expect("a bound socket"));
    let platform = Platform::start_with(Some(&nowhere), &[("OTEL_BSP_MAX_QUEUE_SIZE", "1")]).await;
    for problem in LOSSES {
        eventually(problem, async || {
            let asked = platform.http.get(format!("{}/v1/timelines/public", platform.url)).send().await;
            asked.map_err(|error| error.to_string())?;
            if counted(&platform.metrics().await, problem) > 0.0 { Ok(()) } else { Err("none is counted".to_owned()) }
        })
        .await;
    }
}
