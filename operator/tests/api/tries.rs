//! The reconciles of all operators of this process, as their spans say.

use std::fmt::Debug;
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

/// One reconcile.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// When it began.
    pub begun: Instant,
    /// When it ended.
    pub ended: Instant,
    /// Whether it has to be tried again.
    pub failed: bool,
}

/// With the namespace of each.
static TRIES: Mutex<Vec<(String, Try)>> = Mutex::new(Vec::new());
static LISTENING: OnceLock<()> = OnceLock::new();

/// Remembers tries from now on.
pub fn listen() {
    LISTENING.get_or_init(|| {
        let reconciles = filter_fn(|metadata| metadata.name() == "reconcile" && metadata.target().starts_with("operator"));
        let subscriber = Registry::default().with(Listener.with_filter(reconciles));
        tracing::subscriber::set_global_default(subscriber).expect("no other test listens");
    });
}

/// The tries of the one platform of a namespace, in their order.
pub fn of(namespace: &str) -> Vec<Try> {
    TRIES.lock().unwrap().iter().filter(|(of, _)| of == namespace).map(|(_, it)| *it).collect()
}

struct Listener;

struct Begun {
    at: Instant,
    said: Said,
}

#[derive(Default)]
struct Said {
    namespace: String,
    outcome: String,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "k8s.namespace.name" => self.namespace = value.to_owned(),
            "outcome" => self.outcome = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut said = Said::default();
        attributes.record(&mut said);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Begun { at: Instant::now(), said });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let Some(begun) = extensions.get_mut::<Begun>() {
            values.record(&mut begun.said);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(Begun { at, said }) = span.extensions_mut().remove::<Begun>() else { return };
        // One that took too long, too. Only one that was dropped ends without a word, as when its operator stops.
        let failed = said.outcome == "error";
        TRIES.lock().unwrap().push((said.namespace, Try { begun: at, ended: Instant::now(), failed }));
    }
}
