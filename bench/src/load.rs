//! Load for a time: so many connections, each with the next request as soon as the last one is answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::call::{Answer, Call};
use crate::connection::Connection;
use crate::latencies::Latencies;

/// Whoever calls over one connection.
pub trait Caller: Send + 'static {
    /// What to ask for next.
    fn next(&mut self) -> Call;

    /// What came back, where the next request depends on it.
    fn answered(&mut self, _answer: &Answer) -> Result<()> {
        Ok(())
    }
}

/// A caller without memory of the answers.
pub struct Asking<F>(pub F);

impl<F: FnMut() -> Call + Send + 'static> Caller for Asking<F> {
    fn next(&mut self) -> Call {
        self.0()
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Load {
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Of the successes.
    kinds: BTreeMap<&'static str, Latencies>,
    /// Other statuses, and how often.
    refused: BTreeMap<u16, usize>,
}

impl Load {
    /// Successes of all kinds.
    pub fn count(&self) -> usize {
        self.kinds.values().map(Latencies::count).sum()
    }

    /// Successes a second.
    pub fn rate(&self) -> f64 {
        self.count() as f64 / self.seconds
    }

    /// Successes of a kind a second.
    pub fn rate_of(&self, kind: &str) -> f64 {
        self.of(kind).count() as f64 / self.seconds
    }

    /// The latencies of a kind.
    pub fn of(&self, kind: &str) -> Latencies {
        self.kinds.get(kind).cloned().unwrap_or_default()
    }

    /// The latencies of all kinds.
    pub fn all(&self) -> Latencies {
        let mut all = Latencies::default();
        self.kinds.values().for_each(|latencies| all.extend(latencies));
        all
    }

    /// The same, unless something was refused: figures of a platform that says no mean nothing.
    pub fn unrefused(self) -> Result<Self> {
        match self.refused.is_empty() && self.count() > 0 {
            true => Ok(self),
            false => Err(format!("{} requests were answered, and by status so many were not: {:?}", self.count(), self.refused).into()),
        }
    }

    /// With what another measurement of the same found.
    pub fn and(mut self, other: &Self) -> Self {
        self.seconds += other.seconds;
        for (kind, latencies) in &other.kinds {
            self.kinds.entry(*kind).or_default().extend(latencies);
        }
        for (status, count) in &other.refused {
            *self.refused.entry(*status).or_default() += count;
        }
        self
    }
}

/// Calls for `time`, and takes nothing but successes.
pub async fn run<C: Caller>(to: SocketAddr, callers: Vec<C>, time: Duration) -> Result<Load> {
    until(to, callers, time, Arc::new(AtomicBool::new(false))).await?.unrefused()
}

/// Calls for `time`, or until `stop` is set.
pub async fn until<C: Caller>(to: SocketAddr, callers: Vec<C>, time: Duration, stop: Arc<AtomicBool>) -> Result<Load> {
    let mut ready = Vec::with_capacity(callers.len());
    for caller in callers {
        ready.push((caller, Connection::open(to).await?));
    }
    let began = Instant::now();
    let mut running = JoinSet::new();
    for (caller, connection) in ready {
        let stop = stop.clone();
        running.spawn(async move { one(caller, connection, || began.elapsed() < time && !stop.load(Ordering::Relaxed)).await });
    }
    let mut load = Load::default();
    while let Some(part) = running.join_next().await {
        load = load.and(&part??);
    }
    load.seconds = began.elapsed().as_secs_f64();
    Ok(load)
}

async fn one(mut caller: impl Caller, mut connection: Connection, go_on: impl Fn() -> bool) -> Result<Load> {
    let mut load = Load::default();
    while go_on() {
        let call = caller.next();
        let asked = Instant::now();
        let answer = connection.send(&call).await?;
        let took = asked.elapsed();
        if answer.status.is_success() || answer.status == http::StatusCode::NOT_MODIFIED {
            load.kinds.entry(call.kind).or_default().record(took);
        } else {
            *load.refused.entry(answer.status.as_u16()).or_default() += 1;
        }
        caller.answered(&answer)?;
    }
    Ok(load)
}
