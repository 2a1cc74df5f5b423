//! How lines look: one JSON object each, or text for people; with the trace that the line belongs to.

use std::fmt;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::fmt::format::{Compact, Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The format of log lines on a terminal.
pub(crate) struct TextLines(Format<Compact>);

impl Default for TextLines {
    fn default() -> Self {
        Self(tracing_subscriber::fmt::format().compact())
    }
}

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, spans: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.clone().with_ansi(writer.has_ansi_escapes()).format_event(spans, Writer::new(&mut line), event)?;
        writer.write_str(line.trim_end())?;
        let context = Context::current();
        let span = context.span();
        if span.span_context().is_valid() {
            write!(writer, " trace_id={}", span.span_context().trace_id())?;
        }
        writeln!(writer)
    }
}

/// The format of log lines off a terminal.
pub(crate) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Map::new();
        line.insert("timestamp".into(), jiff::Timestamp::now().to_string().into());
        line.insert("level".into(), metadata.level().as_str().into());
        line.insert("target".into(), metadata.target().into());
        let context = Context::current();
        let span = context.span();
        if span.span_context().is_valid() {
            line.insert("trace_id".into(), span.span_context().trace_id().to_string().into());
            line.insert("span_id".into(), span.span_context().span_id().to_string().into());
        }
        event.record(&mut Fields(&mut line));
        line.entry("message").or_insert_with(|| name(metadata).into());
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// What stands for the words of an event that has none: the name that its library gave it or, where that is a place in the code,
/// whose it is.
fn name<'a>(metadata: &Metadata<'a>) -> &'a str {
    if metadata.name().starts_with("event ") { metadata.target() } else { metadata.name() }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::written::Written;

    #[test]
    fn a_line_of_an_event_without_words_has_its_name_or_whose_it_is() {
        let written = Written::default();
        let kept = written.clone();
        let lines = fmt::layer().event_format(JsonLines).with_writer(move || kept.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::info!(name: "Export.Failed", target: "exporter", status = 503);
            tracing::info!(target: "sqlx::query", elapsed_secs = 0.5);
            somebody_signed_up();
        });
        let message = |line: &str| serde_json::from_str::<Value>(line).expect("one JSON object a line")["message"].clone();
        let messages: Vec<Value> = written.text().lines().map(message).collect();
        assert_eq!(messages, ["Export.Failed", "sqlx::query", "somebody signed up"]);
    }

    /// What the terminal of somebody shows, with colors or without.
    fn shown(in_color: bool, tell: impl FnOnce()) -> String {
        let written = Written::default();
        let kept = written.clone();
        let lines = fmt::layer().event_format(TextLines::default()).with_ansi(in_color).with_writer(move || kept.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), tell);
        written.text()
    }

    fn somebody_signed_up() {
        tracing::info!(target: "auth", attempts = 2, device = "a phone", "somebody signed up");
    }

    #[test]
    fn a_line_on_a_terminal_reads_from_left_to_right() {
        let line = shown(false, somebody_signed_up);
        let (time, rest) = line.split_once(' ').expect("words");
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{line:?} begins with the time");
        assert_eq!(rest, " INFO auth: somebody signed up attempts=2 device=\"a phone\"\n");
    }

    #[test]
    fn a_line_on_a_terminal_ends_with_its_trace_if_it_has_one() {
        let trace = TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128);
        let context = SpanContext::new(trace, SpanId::from(7_u64), TraceFlags::SAMPLED, true, TraceState::NONE);
        let line = shown(false, || {
            let _inside = Context::new().with_remote_span_context(context).attach();
            somebody_signed_up();
        });
        assert!(line.ends_with(" device=\"a phone\" trace_id=4bf92f3577b34da6a3ce929d0e0e4736\n"), "{line:?}");
        assert_eq!(line.lines().count(), 1, "{line:?}");
    }

    #[test]
    fn a_line_has_colors_where_they_are_shown() {
        assert!(shown(true, somebody_signed_up).contains("\u{1b}[32m"), "what is as it should be is green");
        assert!(!shown(false, somebody_signed_up).contains('\u{1b}'));
    }
}
