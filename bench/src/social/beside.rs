//! A read through the API, and the SQL that it runs without a platform around it, in turns.

use super::mix::Read;
use super::pgbench::{Script, scripts_per_second};
use super::stage::Stage;
use super::statements::StatementLog;
use crate::Result;
use crate::arguments::Arguments;
use crate::call::{Call, address};
use crate::connection::Connection;
use crate::load::{self, Asking, Load};
use crate::sql::Database;

/// Different reads that both sides repeat.
const SAMPLES: usize = 16;
/// Measured in turns, so that what else the machine does meets both.
const ROUNDS: u32 = 2;

/// Both sides.
pub struct Compared {
    pub api: Load,
    /// The same a second, by pgbench.
    pub bare: f64,
    /// SQL statements of one read.
    pub statements: usize,
}

/// Measures both on as many connections.
pub async fn compare(arguments: &Arguments, stage: &Stage, read: Read) -> Result<Compared> {
    let platform = &stage.platform;
    let viewers = stage.viewers(platform.address()).await?;
    let samples: Vec<Call> =
        viewers.iter().zip(&stage.accounts).take(SAMPLES).map(|(viewer, account)| read.call(viewer, account)).collect();
    let scripts = scripts(stage, &samples).await?;
    let statements = scripts.iter().map(|(statements, _)| *statements).max().unwrap_or_default();
    let scripts: Vec<Script> = scripts.into_iter().map(|(_, script)| script).collect();

    let (mut api, mut bare) = (Load::default(), 0.0);
    for _ in 0..ROUNDS {
        let callers = (0..arguments.connections()).map(|n| {
            // Each connection begins elsewhere, and goes round.
            let calls: Vec<Call> = samples.iter().cycle().skip(n).take(SAMPLES).map(|call| call.clone().sent_from(address(n))).collect();
            let mut calls = calls.into_iter().cycle();
            Asking(move || calls.next().expect("a cycle of something has no end"))
        });
        api = api.and(&load::run(platform.address(), callers.collect(), arguments.time() / ROUNDS).await?);
        bare += scripts_per_second(arguments, &platform.database_url(), &scripts, arguments.time() / ROUNDS).await?;
    }
    Ok(Compared { api, bare: bare / f64::from(ROUNDS), statements })
}

/// A script of each read, and how many statements it has.
async fn scripts(stage: &Stage, samples: &[Call]) -> Result<Vec<(usize, Script)>> {
    let log = StatementLog::open(&stage.platform).await?;
    let mut database = Database::connect(&stage.platform.database_url()).await?;
    let mut connection = Connection::open(stage.platform.address()).await?;
    let mut scripts = Vec::with_capacity(samples.len());
    for (n, call) in samples.iter().enumerate() {
        let statements = log.of(&mut connection, call).await?;
        scripts.push((statements.len(), Script::new(&mut database, n, &statements).await?));
    }
    log.close().await?;
    Ok(scripts)
}
