//! Tables for people, and the same as JSON for comparing.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::Result;
use crate::arguments::{Arguments, cores};

/// What a section found.
pub struct Report {
    name: &'static str,
    tables: Vec<Table>,
    ratios: Vec<Ratio>,
}

/// Figures with something in common.
pub struct Table {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

/// Two figures of this run, one divided by the other.
struct Ratio {
    what: String,
    value: f64,
    aim: &'static str,
}

/// A cell.
pub enum Value {
    /// Words.
    Text(String),
    /// A count.
    Whole(u64),
    /// Anything measured.
    Number(f64),
}

impl Report {
    /// Of a section.
    pub fn new(name: &'static str) -> Self {
        Self { name, tables: Vec::new(), ratios: Vec::new() }
    }

    /// Adds a table.
    pub fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Adds a ratio, with what it should be (empty where nothing was promised).
    pub fn ratio(&mut self, what: impl Into<String>, value: f64, aim: &'static str) {
        self.ratios.push(Ratio { what: what.into(), value, aim });
    }

    /// Prints it and writes `SECTION.json`.
    pub fn publish(&self, arguments: &Arguments, took: Duration) -> Result<()> {
        println!("{}", self.text());
        let ratios = self.ratios.iter().map(|ratio| json!({ "what": ratio.what, "value": ratio.value, "aim": ratio.aim }));
        let whole = json!({
            "section": self.name,
            "version": env!("CARGO_PKG_VERSION"),
            "at": jiff::Timestamp::now().to_string(),
            "seconds": took.as_secs(),
            "machine": {
                "cores": cores(),
                "processor": proc_field("/proc/cpuinfo", "model name"),
                "memory": proc_field("/proc/meminfo", "MemTotal"),
            },
            "settings": { "seconds": arguments.seconds, "connections": arguments.connections, "resources": arguments.resources },
            "tables": self.tables.iter().map(Table::json).collect::<Vec<_>>(),
            "ratios": ratios.collect::<Vec<_>>(),
        });
        std::fs::create_dir_all(&arguments.out)?;
        let path = arguments.out.join(format!("{}.json", self.name));
        std::fs::write(&path, format!("{whole:#}\n")).map_err(|error| format!("failed to write {}: {error}", path.display()))?;
        eprintln!("written: {}", path.display());
        Ok(())
    }

    /// Everything as Markdown.
    fn text(&self) -> String {
        let mut text = String::new();
        for table in &self.tables {
            text.push_str(&table.text());
        }
        if !self.ratios.is_empty() {
            let mut ratios = Table::new(format!("{}: ratios within this run", self.name), &["ratio", "value", "aim"]);
            for Ratio { what, value, aim } in &self.ratios {
                ratios.row([what.as_str().into(), (*value).into(), (*aim).into()]);
            }
            text.push_str(&ratios.text());
        }
        text
    }
}

impl Table {
    /// An empty one.
    pub fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, with a cell for each column.
    pub fn row<const N: usize>(&mut self, cells: [Value; N]) {
        self.rows.push(cells.into());
    }

    fn json(&self) -> Json {
        let rows: Vec<Vec<Json>> = self.rows.iter().map(|row| row.iter().map(Value::json).collect()).collect();
        json!({ "title": self.title, "columns": self.columns, "rows": rows })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let _ = write!(text, "\n{}\n\n", self.title);
        text.push_str(&line(self.columns.iter().map(|&column| column.to_owned()).collect()));
        text.push_str(&line(vec!["---".to_owned(); self.columns.len()]));
        for row in &self.rows {
            text.push_str(&line(row.iter().map(Value::text).collect()));
        }
        text
    }
}

impl Value {
    fn json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Whole(count) => json!(count),
            Self::Number(number) => json!(number),
        }
    }

    /// Three digits tell enough.
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(count) => count.to_string(),
            Self::Number(number) if number.abs() < 10.0 => format!("{number:.2}"),
            Self::Number(number) if number.abs() < 100.0 => format!("{number:.1}"),
            Self::Number(number) => format!("{number:.0}"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Whole(count as u64)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// What a file of `/proc` says first of something.
fn proc_field(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_table_that_can_be_pasted() {
        let mut table = Table::new("what there is", &["what", "count", "ms"]);
        table.row(["posts".into(), 7_usize.into(), 12.345.into()]);
        let mut report = Report::new("test");
        report.table(table);
        report.ratio("one of two", 0.5, "≥ 0.8");
        let text = report.text();
        assert!(text.contains("| what | count | ms |\n| --- | --- | --- |\n| posts | 7 | 12.3 |\n"), "{text}");
        assert!(text.contains("| one of two | 0.50 | ≥ 0.8 |\n"), "{text}");
    }
}
