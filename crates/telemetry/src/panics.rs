//! What becomes of a panic.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// The target of their lines.
pub(crate) const TARGET: &str = "panic";

/// Work that panicked.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(String);

impl From<Box<dyn Any + Send>> for Panicked {
    fn from(cause: Box<dyn Any + Send>) -> Self {
        Self(words(&*cause).to_owned())
    }
}

fn words(cause: &(dyn Any + Send)) -> &str {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    text.unwrap_or("without a word")
}

/// Makes every panic of the process a line of its log, with the ids of the trace; once, when lines are set up.
pub(crate) fn become_lines() {
    std::panic::set_hook(Box::new(|info| {
        tracing::error!(
            target: TARGET,
            { exception.type = "panic", exception.message = words(info.payload()), exception.stacktrace = stack(info) },
            "panicked"
        );
    }));
}

/// Where it panicked and, if `RUST_BACKTRACE` asks for it, how it got there.
fn stack(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(|| "at an unknown place".to_owned(), |place| format!("at {place}"));
    let way = Backtrace::capture();
    match way.status() {
        BacktraceStatus::Captured => format!("{place}\n{way}"),
        _ => place,
    }
}

/// Does `work`; if it panics, this piece of work has failed, and whoever does it can go on with the next.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    // Nobody polls it again after it panicked, so nobody sees what it left half done.
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(cause) => Poll::Ready(Err(cause.into())),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::log_format::JsonLines;
    use crate::written::Written;

    #[test]
    fn a_panic_is_one_line_of_the_log() {
        let written = Written::default();
        let kept = written.clone();
        let lines = fmt::layer().event_format(JsonLines).with_writer(move || kept.clone());
        let before = std::panic::take_hook();
        become_lines();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            catch_unwind(|| assert!(black_box(false), "out of luck")).expect_err("it panics")
        });
        std::panic::set_hook(before);
        let line: serde_json::Value = serde_json::from_str(&written.text()).expect("one JSON object");
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["exception.message"], "out of luck");
        assert!(line["exception.stacktrace"].as_str().unwrap().contains("panics.rs:"), "{line}");
    }
}
