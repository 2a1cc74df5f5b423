//! What telemetry costs: the same mix with it and without it, in turns, on one database.

mod ratios;
mod sink;

use std::time::Duration;

use crate::Result;
use crate::arguments::Arguments;
use crate::load::{self, Load};
use crate::report::{Report, Table};
use crate::social::mix;
use crate::social::stage::Stage;
use crate::usage;
use ratios::Ratios;
use sink::Sink;

/// Before the clock starts: connections, caches, and the first export.
const WARM: Duration = Duration::from_secs(3);
/// To and fro, so that what changes over time weighs on none of them; and each that exports stands between two that do not.
const TURNS: [Mode; 13] = {
    use Mode::{AsShipped as S, EveryTrace as A, Nothing as N};
    [N, A, N, S, N, S, N, A, N, A, N, S, N]
};

/// How much is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Spans are made and dropped, metrics are counted and kept for `/metrics`, and lines are written, as ever.
    Nothing,
    EveryTrace,
    /// As it is unless somebody says otherwise: so many traces a second.
    AsShipped,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Nothing, Self::EveryTrace, Self::AsShipped];

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no export, no trace recorded",
            Self::EveryTrace => "OTLP, every trace",
            Self::AsShipped => "OTLP, as shipped: 50 traces a second",
        }
    }

    /// What the platform is started with.
    fn variables(self, sink: &Sink) -> Vec<(&'static str, String)> {
        let sampler = |sampler: &str| ("OTEL_TRACES_SAMPLER", sampler.to_owned());
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url());
        match self {
            Self::Nothing => vec![sampler("always_off")],
            Self::EveryTrace => vec![sampler("always_on"), endpoint],
            Self::AsShipped => vec![endpoint],
        }
    }
}

/// What came of a turn.
struct Turn {
    mode: Mode,
    load: Load,
    /// CPU seconds of the program.
    cpu: f64,
    /// Bytes.
    exported: usize,
}

/// Measures the section.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let sink = Sink::start().await?;
    let mut stage = Stage::seed(arguments).await?;
    let mut turns = Vec::new();
    for mode in TURNS {
        turns.push(turn(arguments, &mut stage, &sink, mode).await?);
    }
    let mut report = Report::new("telemetry");
    report.table(table(&turns));
    let figures = |figure: fn(&Turn) -> f64| -> Vec<(Mode, f64)> { turns.iter().map(|turn| (turn.mode, figure(turn))).collect() };
    let rates = figures(|turn| turn.load.rate());
    let costs = figures(|turn| turn.cpu / turn.load.count() as f64);
    for (mode, aim) in [(Mode::EveryTrace, ""), (Mode::AsShipped, "≥ 0.97")] {
        let rates = ("requests a second / those of the turn beside it", &rates, aim);
        for (what, figures, aim) in [rates, ("CPU a request / that of the turn beside it", &costs, "")] {
            let ratios = Ratios::of(figures, mode, Mode::Nothing);
            let [least, most] = ratios.spread();
            let name = mode.name();
            report.ratio(format!("{name}: {what} without, median"), ratios.median(), aim);
            report.ratio("the same: the least", least, "");
            report.ratio("the same: the most", most, "");
        }
    }
    Ok(report)
}

async fn turn(arguments: &Arguments, stage: &mut Stage, sink: &Sink, mode: Mode) -> Result<Turn> {
    stage.platform.restart(&mode.variables(sink)).await?;
    let viewers = stage.viewers(stage.platform.address()).await?;
    load::run(stage.platform.address(), mix::callers(arguments, stage, &viewers), WARM).await?;
    let program = stage.platform.pid()?;
    let (cpu, exported) = (usage::cpu(program)?, sink.bytes());
    let load = load::run(stage.platform.address(), mix::callers(arguments, stage, &viewers), arguments.time()).await?;
    Ok(Turn { mode, load, cpu: usage::cpu(program)? - cpu, exported: sink.bytes() - exported })
}

/// All turns of a mode together.
fn table(turns: &[Turn]) -> Table {
    let columns = ["telemetry", "a second", "p50 ms", "p99 ms", "CPU ms a request", "bytes exported a request"];
    let mut table = Table::new("the mix of a social network", &columns);
    for mode in Mode::ALL {
        let of_mode = || turns.iter().filter(|turn| turn.mode == mode);
        let load = of_mode().fold(Load::default(), |sum, turn| sum.and(&turn.load));
        let (latencies, count) = (load.all(), load.count() as f64);
        let cpu: f64 = of_mode().map(|turn| turn.cpu).sum();
        let exported: usize = of_mode().map(|turn| turn.exported).sum();
        table.row([
            mode.name().into(),
            load.rate().into(),
            latencies.percentile(0.5).into(),
            latencies.percentile(0.99).into(),
            (1000.0 * cpu / count).into(),
            (exported as f64 / count).into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_that_exports_stands_between_two_that_do_not() {
        let between = TURNS.windows(3).filter(|turns| turns[0] == Mode::Nothing && turns[2] == Mode::Nothing);
        let between: Vec<Mode> = between.map(|turns| turns[1]).filter(|mode| *mode != Mode::Nothing).collect();
        for mode in [Mode::EveryTrace, Mode::AsShipped] {
            let all = TURNS.iter().filter(|turn| **turn == mode).count();
            assert!(all > 2 && between.iter().filter(|turn| **turn == mode).count() == all, "{mode:?}: {between:?}");
        }
    }
}
