//! Figures of the running platform, and ratios of two figures of one run: `docs/performance.md` says what they mean.
//!
//! ```text
//!   bench ──► social-platform all ──► PostgreSQL       auth, social, photo, telemetry
//!     │  └──► pgbench ────────────────────┘            the same SQL, for the ratio
//!     └─────► operator ──► kube-apiserver              operator
//! ```

mod arguments;
mod auth;
mod burst;
mod call;
mod connection;
mod latencies;
mod load;
mod operator;
mod people;
mod photo;
mod platform;
mod process;
mod report;
mod social;
mod sql;
mod telemetry;
mod usage;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use arguments::{Arguments, Section};
use report::Report;

// As in the programs that are measured: their allocator must not be what a ratio shows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a section gave no figures.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failure>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Dropped when we are asked to end, and with it every program that was started.
    let all_measured = tokio::select! {
        all_measured = measure(&arguments) => all_measured,
        () = asked_to_end() => false,
    };
    if all_measured { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures each section, whatever becomes of the others.
async fn measure(arguments: &Arguments) -> bool {
    let mut all_measured = true;
    for section in arguments.sections() {
        eprintln!("── {section}");
        let began = Instant::now();
        let kept = match run(section, arguments).await {
            Ok(report) => report.publish(arguments, began.elapsed()),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = kept {
            eprintln!("bench: failed to measure {section}: {failure}");
            all_measured = false;
        }
    }
    all_measured
}

async fn run(section: Section, arguments: &Arguments) -> Result<Report> {
    match section {
        Section::Auth => auth::measure(arguments).await,
        Section::Social => social::measure(arguments).await,
        Section::Photo => photo::measure(arguments).await,
        Section::Operator => operator::measure(arguments).await,
        Section::Telemetry => telemetry::measure(arguments).await,
    }
}

async fn asked_to_end() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
