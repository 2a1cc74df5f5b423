//! Timelines: the mix of a social network, each read beside its own SQL, and how both grow.

mod beside;
mod growth;
pub mod mix;
mod pgbench;
pub mod stage;
mod statements;

use crate::Result;
use crate::arguments::{Arguments, cores};
use crate::load::{self, Load};
use crate::platform::Platform;
use crate::report::{Report, Table};
use crate::usage;
use mix::Read;
use stage::Stage;

/// Measures the section.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let mut report = Report::new("social");
    let stage = Stage::seed(arguments).await?;
    mixed(arguments, &stage, &mut report).await?;

    let mut table = Table::new(
        format!("each read, beside pgbench with the SQL that it runs, {} connections each", arguments.connections),
        &["read", "statements", "a second", "p50 ms", "p99 ms", "pgbench a second"],
    );
    for read in Read::ALL {
        let compared = beside::compare(arguments, &stage, read).await?;
        let latencies = compared.api.all();
        table.row([
            read.name().into(),
            compared.statements.into(),
            compared.api.rate().into(),
            latencies.percentile(0.5).into(),
            latencies.percentile(0.99).into(),
            compared.bare.into(),
        ]);
        report.ratio(format!("{}: reads through the API / pgbench", read.name()), compared.api.rate() / compared.bare, "≥ 0.8");
    }
    report.table(table);
    growth::measure(arguments, &stage, &mut report).await?;
    Ok(report)
}

/// The mix, and what it takes.
async fn mixed(arguments: &Arguments, stage: &Stage, report: &mut Report) -> Result<()> {
    let platform = &stage.platform;
    let callers = mix::callers(arguments, stage, &stage.viewers(platform.address()).await?);
    let before = spent(platform)?;
    let load = load::run(platform.address(), callers, arguments.time()).await?;
    let after = spent(platform)?;

    let title = format!("60 % home, 30 % person, 10 % compose; {} posts, {} connections", stage.posts, arguments.connections);
    let mut table = Table::new(title, &["what", "a second", "p50 ms", "p99 ms"]);
    for kind in mix::KINDS {
        let latencies = load.of(kind);
        table.row([kind.into(), load.rate_of(kind).into(), latencies.percentile(0.5).into(), latencies.percentile(0.99).into()]);
    }
    let all = load.all();
    table.row(["all".into(), load.rate().into(), all.percentile(0.5).into(), all.percentile(0.99).into()]);
    report.table(table);
    report.table(costs(&load, before, after));

    let memory = usage::memory(platform.pid()?)?;
    let mut table = Table::new("memory of `all` after the mix", &["what", "MiB"]);
    table.row(["resident".into(), memory.resident.into()]);
    table.row(["the most since its start, seeding included".into(), memory.peak.into()]);
    report.table(table);
    Ok(())
}

/// CPU seconds so far, of those who share the cores.
fn spent(platform: &Platform) -> Result<[(&'static str, f64); 3]> {
    Ok([
        ("`all`", usage::cpu(platform.pid()?)?),
        ("PostgreSQL", usage::cpu_of_family(platform.postmaster()?)?),
        ("the load itself", usage::cpu(std::process::id())?),
    ])
}

fn costs(load: &Load, before: [(&'static str, f64); 3], after: [(&'static str, f64); 3]) -> Table {
    let mut table = Table::new("where the time of the mix goes", &["who", "CPU ms a request", "share of the cores"]);
    for ((who, before), (_, after)) in before.into_iter().zip(after) {
        let seconds = after - before;
        let a_request = 1000.0 * seconds / load.count() as f64;
        table.row([who.into(), a_request.into(), (seconds / (load.seconds * cores() as f64)).into()]);
    }
    table
}
