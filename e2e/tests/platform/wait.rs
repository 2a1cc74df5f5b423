//! Waiting for what must become true: with a deadline, and never longer than needed.

use std::time::{Duration, Instant};

use tokio::time::timeout;

/// How long anything in the cluster may take: minutes on a busy two-core machine, seconds else.
pub const DEADLINE: Duration = Duration::from_secs(300);

const PAUSE: Duration = Duration::from_millis(250);

/// Asks until there is an answer; `Err` says what is there instead.
///
/// # Panics
/// With `what` and the last `Err`, when there is none within [`DEADLINE`].
pub async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Result<T, String>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = timeout(DEADLINE, ask()).await.unwrap_or_else(|_| Err("no answer".to_owned()));
        match answer {
            Ok(answer) => return answer,
            Err(instead) if Instant::now() > deadline => {
                panic!("after {} s still not true: {what}; instead: {instead}", DEADLINE.as_secs())
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Asks until the answer has been the same for as long as `quiet`.
///
/// # Panics
/// With `what`, when it goes on changing past [`DEADLINE`].
pub async fn settled<T: PartialEq>(what: &str, quiet: Duration, ask: impl AsyncFn() -> T) -> T {
    let deadline = Instant::now() + DEADLINE;
    let (mut last, mut since) = (ask().await, Instant::now());
    while since.elapsed() < quiet {
        assert!(Instant::now() < deadline, "after {} s still changing: {what}", DEADLINE.as_secs());
        tokio::time::sleep(PAUSE).await;
        let now = ask().await;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}
