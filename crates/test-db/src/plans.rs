//! What requests cost PostgreSQL: the statements that a service sends for them, and the pages of the database that those touch.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

/// What something has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Pages that were touched, in memory or not.
    pub buffers: i64,
    /// Statements that the service sent.
    pub statements: i64,
    /// Statements that were planned or run: those within functions and triggers too, if they report.
    pub plans: i64,
}

/// Connections on which every statement reports its plan; those within functions and triggers too, if `nested`.
pub fn reporting(options: PgConnectOptions, nested: bool) -> PgConnectOptions {
    options.options([
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_buffers", "on"),
        ("auto_explain.log_timing", "off"),
        ("auto_explain.log_format", "json"),
        ("auto_explain.log_nested_statements", if nested { "on" } else { "off" }),
        ("client_min_messages", "log"),
    ])
}

/// Adds up what requests cost that are answered on this thread; what loops in the background ask is not counted.
pub struct Meter {
    counts: Counts,
    _guard: DefaultGuard,
}

/// As long as a process has one subscriber, `tracing` asks nobody but the thread that comes to a place in the code first whether anyone
/// listens there, and remembers a no. With another one it asks both.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Registry::default()));

impl Meter {
    /// Begins to listen, on this thread.
    pub fn install() -> Self {
        LazyLock::force(&ANOTHER);
        let counts = Counts::default();
        let guard = tracing::subscriber::set_default(Registry::default().with(counts.clone()));
        Self { counts, _guard: guard }
    }

    /// The cost since the last time.
    pub fn take(&self) -> Cost {
        let [buffers, statements, plans] = self.counts.0.each_ref().map(|count| count.swap(0, Ordering::SeqCst));
        Cost { buffers, statements, plans }
    }
}

#[derive(Clone, Default)]
struct Counts(Arc<[AtomicI64; 3]>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counts {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !context.event_scope(event).is_some_and(|mut spans| spans.any(|span| span.name() == "http.server")) {
            return;
        }
        let [buffers, statements, plans] = &*self.0;
        match event.metadata().target() {
            "sqlx::query" => {
                statements.fetch_add(1, Ordering::SeqCst);
            }
            "sqlx::postgres::notice" => {
                let mut said = Said::default();
                event.record(&mut said);
                let Some((_, plan)) = said.0.split_once("plan:") else { return };
                let plan: Value = serde_json::from_str(plan).expect("a plan in JSON");
                let of = |counter: &str| plan["Plan"][counter].as_i64().expect("a number");
                buffers.fetch_add(of("Shared Hit Blocks") + of("Shared Read Blocks"), Ordering::SeqCst);
                plans.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
    }
}

/// The message of an event.
#[derive(Default)]
struct Said(String);

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
