//! The SQL that a request runs, as PostgreSQL logs it: so it is that of today, whatever the code looks like.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use contracts::Service;

use crate::Result;
use crate::call::Call;
use crate::connection::Connection;
use crate::platform::Platform;
use crate::sql::Database;

/// How long the server may take to begin logging.
const DEADLINE: Duration = Duration::from_secs(10);
/// What is in the log of each of so many equal requests is the request's own, and not of the work that goes on beside it.
const TIMES: usize = 3;

/// A statement with the values of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub sql: String,
    /// `None` is null.
    pub values: Vec<Option<String>>,
}

/// The log, while it holds every statement.
pub struct StatementLog {
    path: PathBuf,
    /// Who runs what is looked for.
    role: String,
    database: Database,
}

impl StatementLog {
    /// Switches it on.
    pub async fn open(platform: &Platform) -> Result<Self> {
        let mut database = Database::connect(&platform.database_url()).await?;
        database.run("alter system set log_line_prefix = 'bench|%u|'").await?;
        database.run("alter system set log_statement = 'all'").await?;
        database.run("select pg_reload_conf()").await?;
        Ok(Self { path: platform.database_log(), role: database::login_role("postgres", Service::Social, 'a'), database })
    }

    /// What social runs for this request, in order, once whatever it does the first time is done.
    pub async fn of(&self, connection: &mut Connection, call: &Call) -> Result<Vec<Statement>> {
        let deadline = Instant::now() + DEADLINE;
        while self.once(connection, call).await?.is_empty() {
            if Instant::now() > deadline {
                return Err(format!("{} runs no SQL, by the log of PostgreSQL", call.kind).into());
            }
        }
        let mut runs = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            runs.push(self.once(connection, call).await?);
        }
        Ok(in_all(runs))
    }

    /// Switches it off.
    pub async fn close(mut self) -> Result<()> {
        self.database.run("alter system reset log_line_prefix").await?;
        self.database.run("alter system reset log_statement").await?;
        self.database.run("select pg_reload_conf()").await
    }

    async fn once(&self, connection: &mut Connection, call: &Call) -> Result<Vec<Statement>> {
        let before = fs::metadata(&self.path)?.len();
        let answer = connection.send(call).await?;
        answer.json::<serde_json::Value>()?;
        // A statement is logged before it runs, so it is there when the answer is.
        let log = fs::read(&self.path)?;
        let new = log.get(usize::try_from(before)?..).unwrap_or_default();
        Ok(parse(&String::from_utf8_lossy(new), &self.role))
    }
}

/// The statements of the first run that the others have too.
fn in_all(runs: Vec<Vec<Statement>>) -> Vec<Statement> {
    let mut runs = runs.into_iter();
    let first = runs.next().unwrap_or_default();
    runs.fold(first, |kept, other| {
        let mut others: Vec<String> = other.into_iter().map(|statement| statement.sql).collect();
        let is_there = |statement: &Statement| {
            let place = others.iter().position(|sql| *sql == statement.sql);
            place.map(|place| others.swap_remove(place)).is_some()
        };
        kept.into_iter().filter(is_there).collect()
    })
}

/// Reads the statements of `role`. A message begins with the prefix, and goes on in lines that begin with a tab.
fn parse(log: &str, role: &str) -> Vec<Statement> {
    let mut messages: Vec<String> = Vec::new();
    let prefix = format!("bench|{role}|");
    let mut ours = false;
    for line in log.lines() {
        if let (Some(more), true, Some(last)) = (line.strip_prefix('\t'), ours, messages.last_mut()) {
            last.extend(["\n", more]);
        } else {
            let message = line.strip_prefix(&prefix);
            ours = message.is_some();
            messages.extend(message.map(str::to_owned));
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    for message in messages {
        let Some((severity, text)) = message.split_once(':') else { continue };
        let text = text.trim_start();
        match severity {
            "LOG" => statements.extend(statement(text)),
            // Up to version 15 the word began in lower case.
            "DETAIL" => {
                let written = text.strip_prefix("Parameters: ").or_else(|| text.strip_prefix("parameters: "));
                if let (Some(last), Some(written)) = (statements.last_mut(), written) {
                    last.values = values(written);
                }
            }
            _ => {}
        }
    }
    statements
}

fn statement(text: &str) -> Option<Statement> {
    let simple = text.strip_prefix("statement: ");
    let sql = simple.or_else(|| Some(text.strip_prefix("execute ")?.split_once(": ")?.1))?;
    Some(Statement { sql: sql.to_owned(), values: Vec::new() })
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn values(written: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = written;
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(quoted) = after.strip_prefix('\'') else {
            values.push(None);
            rest = after;
            continue;
        };
        let mut value = String::new();
        let mut characters = quoted.chars();
        while let Some(character) = characters.next() {
            if character == '\'' && !characters.as_str().starts_with('\'') {
                break;
            }
            if character == '\'' {
                characters.next();
            }
            value.push(character);
        }
        values.push(Some(value));
        rest = characters.as_str();
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "bench|postgres_social_a|LOG:  statement: BEGIN\n\
        bench|postgres_auth_a|LOG:  execute sqlx_s_1: select 1\n\
        bench|postgres_social_a|LOG:  execute sqlx_s_2: select id as \"id: PostId\"\n\
        \tfrom posts where id = any($1) and text = $2 and $3 is null\n\
        bench|postgres_social_a|DETAIL:  Parameters: $1 = '{1,2}', $2 = 'it''s = $1, \n\tor not', $3 = NULL\n\
        bench|postgres_social_a|LOG:  checkpoint starting: time\n";

    fn sql(text: &str) -> Statement {
        Statement { sql: text.to_owned(), values: Vec::new() }
    }

    #[test]
    fn statements_are_read_with_their_values() {
        let values = vec![Some("{1,2}".to_owned()), Some("it's = $1, \nor not".to_owned()), None];
        let select = "select id as \"id: PostId\"\nfrom posts where id = any($1) and text = $2 and $3 is null";
        assert_eq!(parse(LOG, "postgres_social_a"), [sql("BEGIN"), Statement { sql: select.to_owned(), values }]);
    }

    #[test]
    fn what_runs_beside_a_request_is_not_its_own() {
        let run = |statements: &[&str]| statements.iter().map(|text| sql(text)).collect::<Vec<_>>();
        let runs = vec![run(&["a", "beat", "b", "b"]), run(&["a", "b", "b"]), run(&["beat", "a", "b", "b"])];
        assert_eq!(in_all(runs), run(&["a", "b", "b"]));
    }
}
