//! What leaves the platform as telemetry, and what never does: `all` as its user runs it, watched from outside; and
//! `pods`, where it matters that services are processes of their own.
//!
//! | file | shows |
//! |---|---|
//! | `spans`, `routes` | each documented route has the spans that it must have |
//! | `attributes` | each kind of span has what it must and no more, and none lacks its parent |
//! | `labels` | each metric of the conventions has the labels that they require |
//! | `calls` | every call of the drawing in docs/architecture.md is in a trace, between the pods that it names |
//! | `edges` | every fact of that drawing, and every job, is linked to what caused it |
//! | `failures` | what fails is marked, and so is what asked for it; and the line about it names its span |
//! | `lines` | what a program writes is one JSON object a line |
//! | `pools` | who waits in vain for a connection is counted, and who is connected to the server |
//! | `sampling` | who decides which traces are recorded: the settings, the service that calls, and never a stranger |
//! | `guesses` | a guess at a name that nobody has makes the work of a wrong password |
//! | `flood` | nothing that a stranger or a member makes up adds a series |
//! | `losses` | what no collector takes, and what no queue holds, is counted |
//! | `secrets` | no password, token, cookie or address of a person is in anything that is emitted |
//! | `dashboards::linked` | the links from panels to traces find spans |
//! | `dashboards` | a real Prometheus executes every panel's query, by way of `/metrics` and of a collector, and none is empty or asks for what nobody counts |
//! | `collector` | a real collector gets traces, metrics and logs, under the names that `/metrics` has |

mod attributes;
#[path = "../../../auth/tests/api/authenticator.rs"]
mod authenticator;
mod calls;
mod collector;
mod dashboards;
mod database;
#[path = "../authorization/documented.rs"]
mod documented;
mod edges;
mod failures;
mod flood;
mod guesses;
mod labels;
mod lines;
mod losses;
mod platform;
mod pods;
mod pools;
#[path = "../../../../operator/tests/dashboards/promql.rs"]
#[allow(dead_code, reason = "the tests of the dashboards themselves use the rest")]
mod promql;
mod routes;
mod sampling;
mod secrets;
mod sink;
mod spans;
mod store;
mod tour;

use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard};

/// Longer than anything takes, shorter than anybody waits.
const GUARD: Duration = Duration::from_secs(120);

static STAGE: Mutex<()> = Mutex::const_new(());

/// One platform at a time: each brings a PostgreSQL, and what one is busy with would show in the figures of another.
async fn alone() -> MutexGuard<'static, ()> {
    STAGE.lock().await
}

/// Tries again until `attempt` succeeds; fails with its last answer at the deadline.
async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + GUARD;
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(last) if Instant::now() > deadline => panic!("not within {GUARD:?}: {what}; {last}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
