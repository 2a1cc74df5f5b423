//! What the dashboards ask Prometheus for, with this platform in the place of the variables. The operator's is left out: nobody
//! operates here, and the stories of e2e/ have it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::chart;
use crate::promql::{Selector, selectors};

/// A label that only failures have, of which there may be none.
const OF_FAILURES: [&str; 1] = ["error_type"];
/// Prometheus' own, while an alert is about to fire.
const ALERTS: &str = "ALERTS";

/// All but the operator's.
pub fn dashboards() -> Vec<Value> {
    let files = std::fs::read_dir(chart().join("dashboards")).expect("the dashboards are committed");
    let paths = files.map(|file| file.expect("a file").path()).filter(|path| !path.ends_with("operator.json"));
    paths.map(|path| serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")).collect()
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).expect("a list")
}

/// A query with this platform in it, over all of the load.
fn here(query: &Value) -> String {
    let query = query.as_str().expect("a query").replace("$__rate_interval", "10m").replace("$__range", "10m");
    query.replace("$platform", "demo").replace("$namespace", "social").replace("$service", "social-platform")
}

/// Title and query of every panel.
pub fn panels() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for dashboard in dashboards() {
        for panel in list(&dashboard["panels"]).iter().filter(|panel| panel["type"] != "row") {
            let title = format!("{} / {}", dashboard["title"], panel["title"]);
            queries.extend(list(&panel["targets"]).iter().map(|target| (title.clone(), here(&target["expr"]))));
        }
    }
    queries
}

/// Each annotation: its title, the query whose series are marked, and what is written beside a mark.
pub fn marks() -> Vec<(String, String, String)> {
    let mut marks = Vec::new();
    for dashboard in dashboards() {
        for mark in list(&dashboard["annotations"]["list"]) {
            let written = mark["titleFormat"].as_str().expect("text").to_owned();
            marks.push((format!("{} / {}", dashboard["title"], mark["name"]), here(&mark["target"]["expr"]), written));
        }
    }
    marks
}

/// Each variable that is chosen: its title, and what asks for a series with a value of it.
fn choices() -> Vec<(String, String)> {
    let mut choices = Vec::new();
    for dashboard in dashboards() {
        for variable in list(&dashboard["templating"]["list"]).iter().filter(|variable| variable["type"] == "query") {
            let query = here(&variable["query"]["query"]);
            // Of `label_values(metric{…}, label)` both look like metrics.
            let found = selectors(&query);
            let [asked, label] = found.as_slice() else { panic!("{query} is no choice of a label's values") };
            choices.push((format!("{} / {}", dashboard["title"], variable["name"]), labeled(asked, &label.metric)));
        }
    }
    choices
}

/// The series of the selector that have this label.
fn labeled(Selector { metric, matchers, .. }: &Selector, label: &str) -> String {
    format!("{metric}{{{label}=~\".+\",{matchers}}}")
}

/// What there has to be so that the dashboards can show something, even where what they ask is never empty (`or vector(0)`): a
/// query for each metric, with every label by which somebody asks for it; and one of those who do.
pub fn series() -> BTreeMap<String, String> {
    let mut wanted = BTreeMap::from_iter(choices().into_iter().map(|(title, query)| (query, title)));
    let marks = marks();
    for (title, query, written) in &marks {
        let labels: Vec<&str> = written.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()).collect();
        let series = selectors(query).into_iter().flat_map(|asked| labels.iter().map(move |label| labeled(&asked, label)));
        wanted.extend(series.map(|query| (query, title.clone())));
    }
    for (title, query) in panels().into_iter().chain(marks.into_iter().map(|(title, query, _)| (title, query))) {
        let asked = selectors(&query).into_iter().filter(|selector| selector.metric != ALERTS);
        wanted.extend(asked.map(|selector| (selector.with_any_values(&OF_FAILURES), title.clone())));
    }
    wanted
}
