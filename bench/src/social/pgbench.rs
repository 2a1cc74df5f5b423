//! PostgreSQL's own load generator, with the statements of requests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::statements::Statement;
use crate::Result;
use crate::arguments::{Arguments, cores};
use crate::sql::Database;

/// A request's statements as a script, and the values that it names.
pub struct Script {
    text: String,
    variables: Vec<(String, String)>,
}

impl Script {
    /// The n-th script. Each parameter gets the type that PostgreSQL gave it, because pgbench names it anew at each place.
    pub async fn new(database: &mut Database, n: usize, statements: &[Statement]) -> Result<Self> {
        let mut script = Self { text: String::new(), variables: Vec::new() };
        for (place, statement) in statements.iter().enumerate() {
            let types = match statement.values.is_empty() {
                true => Vec::new(),
                false => types(database, &statement.sql).await?,
            };
            let variable = |parameter: usize| format!("v{n}_{place}_{parameter}");
            let parameters = statement.values.iter().zip(types).enumerate().map(|(parameter, (value, type_))| match value {
                Some(_) => format!(":{}::{type_}", variable(parameter)),
                None => format!("null::{type_}"),
            });
            let parameters: Vec<String> = parameters.collect();
            script.text.push_str(&with_parameters(&statement.sql, &parameters));
            script.text.push_str(";\n");
            let values = statement.values.iter().enumerate();
            script.variables.extend(values.filter_map(|(parameter, value)| Some((variable(parameter), value.clone()?))));
        }
        Ok(script)
    }
}

/// The types of a statement's parameters.
async fn types(database: &mut Database, sql: &str) -> Result<Vec<String>> {
    database.run(&format!("prepare bench_probe as {sql}")).await?;
    let asked =
        "select type::text from pg_prepared_statements cross join unnest(parameter_types) with ordinality as parameters (type, place)
                 where name = 'bench_probe' order by place";
    let types = database.texts(asked).await?;
    database.run("deallocate bench_probe").await?;
    Ok(types)
}

/// The statement with other words for `$1`, `$2`, …
fn with_parameters(sql: &str, parameters: &[String]) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let parameter = part[..digits].parse::<usize>().ok().and_then(|number| parameters.get(number.checked_sub(1)?));
        match parameter {
            Some(parameter) => text.push_str(parameter),
            None => text.extend(["$", &part[..digits]]),
        }
        text.push_str(&part[digits..]);
    }
    text
}

/// Runs the scripts, each as often as the others, over as many connections as the platform is called; how many a second.
pub async fn scripts_per_second(arguments: &Arguments, url: &str, scripts: &[Script], time: Duration) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(program(arguments)?);
    command
        .args(["--no-vacuum", "--protocol=prepared"])
        .arg(format!("--client={}", arguments.connections))
        .arg(format!("--jobs={}", cores().min(arguments.connections())))
        .arg(format!("--time={}", time.as_secs().max(1)))
        .env("PGOPTIONS", "-c search_path=social,extensions");
    for (n, script) in scripts.iter().enumerate() {
        let file = folder.path().join(format!("{n}.sql"));
        std::fs::write(&file, &script.text)?;
        command.arg("--file").arg(file);
        for (name, value) in &script.variables {
            command.arg("--define").arg(format!("{name}={value}"));
        }
    }
    let output = command.arg(url).kill_on_drop(true).output().await?;
    let printed = String::from_utf8_lossy(&output.stdout);
    match rate(&printed).filter(|_| output.status.success()) {
        Some(rate) => Ok(rate),
        None => Err(format!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// The number in `tps = 1234.5 (without initial connection time)`.
fn rate(printed: &str) -> Option<f64> {
    let line = printed.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The one that was named, else the newest of Debian's.
fn program(arguments: &Arguments) -> Result<PathBuf> {
    if let Some(program) = &arguments.pgbench {
        return Ok(program.clone());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    let program = newest.map(|version| Path::new("/usr/lib/postgresql").join(version.to_string()).join("bin/pgbench"));
    let there = program.filter(|program| program.exists());
    there.ok_or_else(|| "pgbench is missing: install PostgreSQL's programs (Debian: postgresql), or name it with --pgbench".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_replaced_by_number_and_dollars_are_left() {
        let parameters: Vec<String> = (1..=10).map(|n| format!(":p{n}::bigint")).collect();
        let sql = "select $1, $10::text, '$', $11 where a = any($2)";
        assert_eq!(with_parameters(sql, &parameters), "select :p1::bigint, :p10::bigint::text, '$', $11 where a = any(:p2::bigint)");
    }

    #[test]
    fn the_rate_is_read_from_what_is_printed() {
        assert_eq!(rate("latency average = 1.2 ms\ntps = 812.5 (without initial connection time)\n"), Some(812.5));
        assert_eq!(rate("pgbench: error"), None);
    }
}
