//! Many requests at the same moment, each on a connection of its own that is open already.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::call::Call;
use crate::connection::Connection;
use crate::latencies::Latencies;

/// What came back.
#[derive(Debug, Default)]
pub struct Burst {
    /// Until the last answer.
    pub took: Duration,
    /// By status.
    pub answers: BTreeMap<u16, Answers>,
    /// Connections that broke.
    pub broken: usize,
}

/// The answers of one status.
#[derive(Debug, Default)]
pub struct Answers {
    /// How long they took.
    pub latencies: Latencies,
    /// How many of them say when to come again.
    pub say_when: usize,
}

/// Sends them all.
pub async fn run(to: SocketAddr, calls: Vec<Call>) -> Result<Burst> {
    let mut ready = Vec::with_capacity(calls.len());
    for call in calls {
        ready.push((call, Connection::open(to).await?));
    }
    let began = Instant::now();
    let mut running = JoinSet::new();
    for (call, mut connection) in ready {
        running.spawn(async move {
            let asked = Instant::now();
            connection.send(&call).await.map(|answer| (answer.status.as_u16(), answer.says_when(), asked.elapsed()))
        });
    }
    let mut burst = Burst::default();
    while let Some(one) = running.join_next().await {
        let Ok((status, says_when, took)) = one? else {
            burst.broken += 1;
            continue;
        };
        let answers = burst.answers.entry(status).or_default();
        answers.latencies.record(took);
        answers.say_when += usize::from(says_when);
    }
    burst.took = began.elapsed();
    Ok(burst)
}
