//! Everything that happens once, at the start and at the end of a program.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, KeyValue, global};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{Instrument, OTEL_METRIC_EXPORT_INTERVAL, PeriodicReader, SdkMeterProvider, Stream};
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::{Registry, TextEncoder};
use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::caps::caps;
use crate::log_format::{JsonLines, TextLines};
use crate::losses::{self, Losses};
use crate::panics;
use crate::process;
use crate::runtime;
use crate::sampling::{self, New, TraceSampler};
use crate::sql::{self, SqlSpans};

/// What each series on `/metrics` says of its program. A collector that turns the resource into labels says the same, so
/// that one query works on either. Two platforms may have one name, in two namespaces of a cluster.
const ON_EVERY_SERIES: [&str; 4] = ["service.name", "service.namespace", "service.version", "k8s.namespace.name"];

/// The target of the line that says why a program ended.
const FAILURE: &str = "failure";

/// What is sent nowhere. The exporter's own HTTP client would log about what it exports, without end; and the S3 store of `all` and
/// of development puts whole requests into its spans, with their signatures.
const UNSENT: [&str; 5] = ["hyper", "reqwest", "opentelemetry", "h2", "s3s"];

/// How often metrics are sent, unless `OTEL_METRIC_EXPORT_INTERVAL` says otherwise: as often as Prometheus usually asks a collector for
/// them. The SDK would do it once a minute, and rates over a minute or two would have gaps.
const SEND_METRICS: Duration = Duration::from_secs(15);

static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Colored text, for people.
    Text,
}

/// Logs and OTLP, in OpenTelemetry's own variables: `OTEL_EXPORTER_OTLP_ENDPOINT` switches the export of all signals on and says where
/// they go, and those of one signal alone (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and the like) are not read; `OTEL_TRACES_SAMPLER` and
/// `OTEL_TRACES_SAMPLER_ARG`, and our own `TRACES_PER_SECOND`, say which traces are recorded. What else there is, such as
/// `OTEL_EXPORTER_OTLP_HEADERS`, the SDK reads.
#[derive(Clone, Debug, clap::Args)]
pub struct TelemetryConfig {
    /// How log lines look; text on a terminal and JSON elsewhere, unless set.
    #[arg(long, env = "LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// Which log lines are written, such as `info` or `info,social=debug`.
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    pub log: String,
    /// Where traces, metrics and logs go by OTLP over HTTP, such as `http://127.0.0.1:4318`; nowhere unless set.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Which new traces are recorded.
    #[arg(long, env = "OTEL_TRACES_SAMPLER", value_enum, default_value_t = TraceSampler::Ratio)]
    pub trace_sampler: TraceSampler,
    /// With `traceidratio`, the share of new traces that is recorded, from 0 to 1, up to `TRACES_PER_SECOND`.
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value_t = 1.0)]
    pub trace_ratio: f64,
    /// With `traceidratio`, how many new traces are recorded a second, and as many again at once after a quiet one, so that what
    /// recording costs does not grow with who comes. Traces that other services began are not among them.
    #[arg(long, env = "TRACES_PER_SECOND", default_value = "50")]
    pub traces_per_second: NonZeroU32,
}

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The exporter refuses its settings.
    #[error("failed to set up the OTLP export; check OTEL_EXPORTER_OTLP_ENDPOINT")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The Prometheus reader refuses its registry.
    #[error("failed to set up /metrics")]
    Prometheus(#[from] opentelemetry_sdk::error::OTelSdkError),
    /// `RUST_LOG` is not a filter.
    #[error("failed to read the log filter; write RUST_LOG like `info` or `info,social=debug`")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
}

/// Keeps the providers, to flush them at the end.
#[must_use = "signals not yet sent are lost unless `shutdown` is called"]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    logs: SdkLoggerProvider,
}

impl Telemetry {
    /// Starts logs, traces and metrics of the program `service`. Call it once, before anything logs.
    pub fn init(service: &'static str, config: &TelemetryConfig) -> Result<Self, SetupError> {
        sql::name_pool(service);
        // What comes later wins: whoever runs us knows better which platform this is.
        let service = std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| service.to_owned());
        let resource = Resource::builder_empty()
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.namespace", "socialplatform"))
            .with_attribute(KeyValue::new("service.instance.id", process::host()))
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_detector(Box::new(EnvResourceDetector::new()))
            .with_service_name(service)
            .build();

        let sampler = sampling::sampler(New::of(config.trace_sampler, config.trace_ratio, config.traces_per_second));
        let mut traces = SdkTracerProvider::builder().with_resource(resource.clone()).with_sampler(sampler);
        let mut logs = SdkLoggerProvider::builder().with_resource(resource.clone());
        let registry = Registry::new();
        let labels: HashSet<Key> = ON_EVERY_SERIES.map(Key::from_static_str).into();
        let reader = opentelemetry_prometheus::exporter().with_registry(registry.clone()).with_resource_selector(labels).build()?;
        let mut metrics = SdkMeterProvider::builder().with_resource(resource).with_reader(reader).with_view(room_for_routes);
        if let Some(base) = config.otlp_endpoint.as_deref().filter(|base| !base.is_empty()) {
            use opentelemetry_otlp::WithExportConfig;
            let at = |signal: &str| format!("{}/v1/{signal}", base.trim_end_matches('/'));
            traces = traces.with_batch_exporter(SpanExporter::builder().with_http().with_endpoint(at("traces")).build()?);
            logs = logs.with_batch_exporter(LogExporter::builder().with_http().with_endpoint(at("logs")).build()?);
            let mut reader = PeriodicReader::builder(MetricExporter::builder().with_http().with_endpoint(at("metrics")).build()?);
            if std::env::var_os(OTEL_METRIC_EXPORT_INTERVAL).is_none_or(|interval| interval.is_empty()) {
                reader = reader.with_interval(SEND_METRICS);
            }
            metrics = metrics.with_reader(reader.build());
        }
        let telemetry = Self { traces: traces.build(), metrics: metrics.build(), logs: logs.build() };
        global::set_tracer_provider(telemetry.traces.clone());
        global::set_meter_provider(telemetry.metrics.clone());
        let _ = REGISTRY.set(registry);
        process::observe();
        runtime::observe();
        losses::observe();
        telemetry.subscribe(config)?;
        Ok(telemetry)
    }

    fn subscribe(&self, config: &TelemetryConfig) -> Result<(), SetupError> {
        let format = config.log_format.unwrap_or_else(|| match std::io::stdout().is_terminal() {
            true => LogFormat::Text,
            false => LogFormat::Json,
        });
        let lines = match format {
            LogFormat::Json => fmt::layer().event_format(JsonLines).boxed(),
            LogFormat::Text => fmt::layer().event_format(TextLines::default()).boxed(),
        };
        let mut filter = EnvFilter::try_new(&config.log)?;
        for always in [FAILURE, panics::TARGET] {
            filter = filter.add_directive(format!("{always}=error").parse()?);
        }
        let ours = || Targets::new().with_default(LevelFilter::INFO).with_targets(UNSENT.map(|unsent| (unsent, LevelFilter::OFF)));
        // Nothing of what the bridge could add, such as the place in the code, which the name tells: it costs something on every span.
        let spans = tracing_opentelemetry::layer()
            .with_tracer(self.traces.tracer("socialplatform"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        tracing_subscriber::registry()
            .with(SqlSpans.with_filter(filter_fn(sql::concerns).with_max_level_hint(LevelFilter::DEBUG)))
            .with(spans.with_filter(ours()))
            .with(Losses.with_filter(Targets::new().with_target(losses::TARGET, LevelFilter::WARN)))
            .with(OpenTelemetryTracingBridge::new(&self.logs).with_filter(ours()))
            .with(lines.with_filter(filter.and(caps())))
            .init();
        panics::become_lines();
        Ok(())
    }

    /// Says why the program ends, whatever `RUST_LOG` leaves out.
    pub fn report(&self, failure: &str) {
        tracing::error!(target: FAILURE, error = failure, "the program failed");
    }

    /// Sends what is not yet sent. The exporters block, so this runs off the runtime's own threads.
    pub fn shutdown(self) {
        // At once: to a collector that does not answer, each may take five seconds, and a pod has a few for its end.
        let flush = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                scope.spawn(|| self.traces.shutdown());
                scope.spawn(|| self.metrics.shutdown());
                scope.spawn(|| self.logs.shutdown());
            });
        });
        let _ = flush.join();
    }
}

/// `all` has some two hundred operations, and each has a handful of statuses: more than the 2,000 series that the SDK keeps of a
/// metric unless told otherwise.
fn room_for_routes(instrument: &Instrument) -> Option<Stream> {
    if instrument.name() != "http.server.request.duration" {
        return None;
    }
    Stream::builder().with_cardinality_limit(6_000).build().ok()
}

/// All metrics in Prometheus' text format, for `/metrics`; empty before [`Telemetry::init`].
pub fn metrics_text() -> String {
    let families = REGISTRY.get().map(Registry::gather).unwrap_or_default();
    TextEncoder::new().encode_to_string(&families).unwrap_or_default()
}
