//! What is found of somebody, in the database and in the store.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::{AssertSqlSafe, PgPool};

/// The rows of the services that hold `needle`, each with its table, but for those in tables named in `but`.
pub async fn rows_with(database: &PgPool, needle: &str, but: &[&str]) -> Vec<(String, String)> {
    let tables = "select schemaname::text, tablename::text from pg_tables
                  where schemaname in ('auth', 'social', 'photo', 'relation') order by 1, 2";
    let tables: Vec<(String, String)> = sqlx::query_as(tables).fetch_all(database).await.unwrap();
    assert!(tables.len() > 50, "these are all tables: {tables:?}");
    let mut found = Vec::new();
    for (schema, table) in tables.iter().filter(|(_, table)| !but.contains(&table.as_str())) {
        let rows = AssertSqlSafe(format!("select t::text from {schema}.{table} t where position($1 in t::text) > 0"));
        let rows: Vec<String> = sqlx::query_scalar(rows).bind(needle).fetch_all(database).await.unwrap();
        found.extend(rows.into_iter().map(|row| (format!("{schema}.{table}"), row)));
    }
    found
}

/// The tables of those rows, each once.
pub fn tables_of(rows: &[(String, String)]) -> BTreeSet<&str> {
    rows.iter().map(|(table, _)| table.as_str()).collect()
}

/// Every object in a folder of the store.
pub fn objects(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeSet::new() };
    let found = entries.flatten().flat_map(|entry| match entry.path() {
        path if path.is_dir() => objects(&path),
        path => BTreeSet::from([path.display().to_string()]),
    });
    found.collect()
}
