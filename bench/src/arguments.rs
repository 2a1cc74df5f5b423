//! What is measured, with which programs, and for how long.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measures the platform on this machine. `scripts/bench` builds what it needs and calls it.
#[derive(Parser)]
#[command(name = "bench", version)]
pub struct Arguments {
    /// What to measure; everything, unless said.
    #[arg(value_enum)]
    sections: Vec<Section>,
    /// The program `social-platform`.
    #[arg(long, env = "BENCH_PROGRAM", default_value = "target/x86_64-unknown-linux-musl/bench-run/social-platform")]
    pub program: PathBuf,
    /// The program `operator`. It works on the cluster of `KUBECONFIG`.
    #[arg(long, env = "BENCH_OPERATOR", default_value = "target/x86_64-unknown-linux-musl/bench-run/operator")]
    pub operator: PathBuf,
    /// The program `pgbench`; the newest of Debian's, unless said.
    #[arg(long, env = "PGBENCH")]
    pub pgbench: Option<PathBuf>,
    /// Where the figures go, one JSON file a section.
    #[arg(long, default_value = "target/bench")]
    pub out: PathBuf,
    /// Seconds of each single measurement.
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 12, value_parser = clap::value_parser!(u64).range(2..=600))]
    pub seconds: u64,
    /// Connections that call at once.
    #[arg(long, env = "BENCH_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=128))]
    pub connections: u16,
    /// Resources of the section `operator`.
    #[arg(long, env = "BENCH_RESOURCES", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub resources: u16,
    /// Who knows whom, for the seeder: an edge list. A graph of the same kind is made where it is not given.
    #[arg(long, env = "BENCH_GRAPH")]
    pub graph: Option<PathBuf>,
    /// Photographs for the seeder.
    #[arg(long, env = "BENCH_PHOTOS")]
    pub photos: Option<PathBuf>,
    /// People to seed: the first of the graph, or as many as are made up. All of the graph, or as many as Reed98 has,
    /// unless said.
    #[arg(long, env = "BENCH_PEOPLE")]
    pub people: Option<u32>,
}

/// A part of the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Section {
    /// Sign-ins, refreshes, tokens.
    Auth,
    /// Timelines.
    Social,
    /// Uploads and pictures.
    Photo,
    /// A thousand platforms.
    Operator,
    /// What telemetry costs.
    Telemetry,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auth => "auth",
            Self::Social => "social",
            Self::Photo => "photo",
            Self::Operator => "operator",
            Self::Telemetry => "telemetry",
        })
    }
}

impl Arguments {
    /// The sections that were asked for, in the order of asking.
    pub fn sections(&self) -> Vec<Section> {
        match self.sections.as_slice() {
            [] => Section::value_variants().to_vec(),
            some => some.to_vec(),
        }
    }

    /// How long one measurement takes.
    pub fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// How many call at once.
    pub fn connections(&self) -> usize {
        usize::from(self.connections)
    }
}

/// The cores that this machine gives us: also the threads of what is measured in this process.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
