//! What telemetry costs: the same mix with it and without it, in turns, on one database.

mod sink;

use std::time::Duration;

use crate::Result;
use crate::arguments::Arguments;
use crate::load::{self, Load};
use crate::report::{Report, Table};
use crate::social::mix;
use crate::social::stage::Stage;
use sink::Sink;

/// Before the clock starts: connections, caches, and the first export.
const WARM: Duration = Duration::from_secs(3);
/// Which of [`Mode::ALL`] comes when. To and fro, so that what changes over time weighs on none of them.
const TURNS: [usize; 6] = [0, 1, 2, 2, 1, 0];

/// How much is recorded.
#[derive(Clone, Copy)]
enum Mode {
    Nothing,
    EveryTrace,
    OneTraceInTen,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Nothing, Self::EveryTrace, Self::OneTraceInTen];

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no export, no trace recorded",
            Self::EveryTrace => "OTLP, every trace",
            Self::OneTraceInTen => "OTLP, one trace in ten",
        }
    }

    /// What the platform is started with.
    fn variables(self, sink: &Sink) -> Vec<(&'static str, String)> {
        let share = |share: &str| ("OTEL_TRACES_SAMPLER_ARG", share.to_owned());
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url());
        match self {
            Self::Nothing => vec![share("0")],
            Self::EveryTrace => vec![share("1"), endpoint],
            Self::OneTraceInTen => vec![share("0.1"), endpoint],
        }
    }
}

/// Measures the section.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let sink = Sink::start().await?;
    let mut stage = Stage::seed(arguments).await?;
    let mut loads = [Load::default(), Load::default(), Load::default()];
    let mut exported = [0; 3];
    for turn in TURNS {
        stage.platform.restart(&Mode::ALL[turn].variables(&sink)).await?;
        let viewers = stage.viewers(stage.platform.address()).await?;
        load::run(stage.platform.address(), mix::callers(arguments, &stage, &viewers), WARM).await?;
        let before = sink.bytes();
        let load = load::run(stage.platform.address(), mix::callers(arguments, &stage, &viewers), arguments.time()).await?;
        exported[turn] += sink.bytes() - before;
        loads[turn] = std::mem::take(&mut loads[turn]).and(&load);
    }

    let mut report = Report::new("telemetry");
    let mut table = Table::new("the mix of a social network", &["telemetry", "a second", "p50 ms", "p99 ms", "bytes exported a request"]);
    for ((mode, load), exported) in Mode::ALL.into_iter().zip(&loads).zip(exported) {
        let latencies = load.all();
        let bytes = exported as f64 / load.count() as f64;
        table.row([
            mode.name().into(),
            load.rate().into(),
            latencies.percentile(0.5).into(),
            latencies.percentile(0.99).into(),
            bytes.into(),
        ]);
    }
    report.table(table);
    for (mode, load) in Mode::ALL.into_iter().zip(&loads).skip(1) {
        report.ratio(format!("{}: requests a second / those without", mode.name()), load.rate() / loads[0].rate(), "≥ 0.97");
    }
    Ok(report)
}
