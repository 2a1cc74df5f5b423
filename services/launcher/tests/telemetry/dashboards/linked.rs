//! Where the links of panels lead: for some series of the panel, each has to find a span.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Url;
use serde_json::Value;

use super::asked::{dashboards, list};
use crate::promql::selectors;
use crate::sink::Span;

/// Failures, which there need not be: what remains of the link has to find something.
const OF_FAILURES: [&str; 2] = ["status=error", "span.error.type"];
/// Whose, where there is only one platform.
const WHOSE: &str = "resource.service.namespace=";

type Labels = BTreeMap<String, String>;

/// Panels with links that find none of `spans`; `page` has the series.
pub fn astray(page: &str, spans: &[Span]) -> Vec<String> {
    let mut astray = Vec::new();
    for dashboard in dashboards() {
        for panel in list(&dashboard["panels"]) {
            let series = series_of(panel, page);
            for link in links(panel) {
                let conditions = conditions(&link);
                let finds = |labels: &Labels| spans.iter().any(|span| conditions.iter().all(|it| holds(it, span, labels)));
                if !series.iter().any(finds) {
                    astray.push(format!("{} / {}: {link}", dashboard["title"], panel["title"]));
                }
            }
        }
    }
    astray
}

/// The labels of all series that a panel asks for.
fn series_of(panel: &Value, page: &str) -> Vec<Labels> {
    let expressions = panel["targets"].as_array().into_iter().flatten().filter_map(|target| target["expr"].as_str());
    let metrics: BTreeSet<String> = expressions.flat_map(selectors).map(|selector| selector.metric).collect();
    let samples = page.lines().filter_map(|line| line.split_once('{'));
    samples.filter(|(metric, _)| metrics.contains(*metric)).map(|(_, rest)| labels(rest)).collect()
}

/// Of `name="value",…} 1`; no value of ours holds a quote.
fn labels(rest: &str) -> Labels {
    let mut parts = rest.split('"');
    let mut labels = Labels::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        labels.insert(name.trim_start_matches(',').trim_end_matches('=').to_owned(), value.to_owned());
    }
    // As the panels make it (`by_operation` of scripts/dashboards).
    if let Some(operation) = labels.get("rpc_method").and_then(|method| method.strip_prefix("S3/")).map(str::to_owned) {
        labels.insert("operation".to_owned(), operation);
    }
    labels
}

fn links(panel: &Value) -> Vec<String> {
    let grafana = Url::parse("http://grafana").expect("an address");
    let query = |link: &Value| {
        let url = grafana.join(link["url"].as_str()?).ok()?;
        let (_, panes) = url.query_pairs().find(|(name, _)| name == "panes")?;
        let panes: Value = serde_json::from_str(&panes).ok()?;
        panes["t"]["queries"][0]["query"].as_str().map(str::to_owned)
    };
    let links = panel["fieldConfig"]["defaults"]["links"].as_array().into_iter().flatten();
    links.map(|link| query(link).unwrap_or_else(|| panic!("no query for traces: {link}"))).collect()
}

/// What a span has to be like.
fn conditions(link: &str) -> Vec<&str> {
    let all = link.trim_matches(['{', '}']).split(" && ");
    all.filter(|it| !it.starts_with(WHOSE) && !OF_FAILURES.iter().any(|failure| it.starts_with(failure))).collect()
}

fn holds(condition: &str, span: &Span, labels: &Labels) -> bool {
    let at = condition.find(['=', '!', '<', '>']).unwrap_or_else(|| panic!("no comparison: {condition}"));
    let (name, rest) = condition.split_at(at);
    let operator_end = rest.find(|c| !"=!<>~".contains(c)).expect("a value");
    let (operator, value) = rest.split_at(operator_end);
    let wanted = match value.trim_matches('"').split_once("${__field.labels.") {
        Some((before, label)) => labels.get(label.trim_end_matches('}')).map(|value| format!("{before}{value}")),
        None => Some(value.trim_matches('"').replace("${service}", "social-platform")),
    };
    let found = match name {
        "kind" => ["", "internal", "server", "client", "producer", "consumer"].get(usize::try_from(span.kind).unwrap_or(0)).copied(),
        "name" => Some(span.name.as_str()),
        "resource.service.name" => Some(span.service.as_str()),
        _ => span.attributes.get(name.strip_prefix("span.").unwrap_or_else(|| panic!("unknown: {condition}"))).map(String::as_str),
    };
    let (Some(found), Some(wanted)) = (found, wanted) else { return false };
    let number = |text: &str| text.parse::<i64>().unwrap_or_else(|_| panic!("no number: {condition}"));
    match operator {
        "=" => found == wanted,
        "!=" => found != wanted,
        // As much of regular expressions as links have.
        "=~" => wanted.split('|').any(|one| match one.split_once(".*") {
            Some((beginning, end)) => found.starts_with(beginning) && found.ends_with(end),
            None => found == one,
        }),
        ">=" => number(found) >= number(&wanted),
        "<" => number(found) < number(&wanted),
        _ => panic!("unknown: {condition}"),
    }
}
