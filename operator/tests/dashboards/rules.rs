//! The rules: objectives that are recorded and read, and alerts that have their page and their dashboard. Their tests are looked at
//! in `cases`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::promql::selectors;
use super::{dashboards, is_scoped, list, read, root, targets, text};

/// Of platforms, and of the operator itself: what is recorded, and the alerts that read it.
pub const OBJECTIVES: [&str; 2] = ["charts/social-platform/rules/objectives.yaml", "charts/social-platform/rules/operator-objectives.yaml"];
pub const ALERTS: [&str; 2] = ["charts/social-platform/rules/alerts.yaml", "charts/social-platform/rules/operator-alerts.yaml"];

/// What is in a file.
pub fn yaml(path: &str) -> Value {
    serde_yaml_ng::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every rule of a file.
pub fn rules(path: &str) -> Vec<Value> {
    list(&yaml(path)["groups"]).iter().flat_map(|group| list(&group["rules"])).cloned().collect()
}

/// Prometheus 3 keeps the bucket of one second as `1.0`, and those before it as the `1` that they read.
#[test]
fn a_bucket_of_whole_seconds_is_asked_for_by_both_of_its_names() {
    let rules = OBJECTIVES.into_iter().chain(ALERTS).flat_map(rules);
    for query in rules.chain(targets()) {
        let query = text(&query["expr"]);
        for matcher in selectors(query).iter().flat_map(|selector| selector.matchers.split(',')) {
            let bound = matcher.strip_prefix("le=\"").and_then(|rest| rest.strip_suffix('"'));
            let is_whole = bound.and_then(|bound| bound.parse::<f64>().ok()).is_some_and(|bound| bound.fract() == 0.0);
            assert!(!is_whole, "{matcher} of {query} finds nothing on one of them");
        }
    }
}

#[test]
fn every_objective_has_every_record_and_each_is_read() {
    for (objectives, alerts) in OBJECTIVES.into_iter().zip(ALERTS) {
        let written = rules(objectives);
        let recorded: BTreeSet<(&str, &str)> = written.iter().map(|rule| (text(&rule["labels"]["slo"]), text(&rule["record"]))).collect();
        let slos: BTreeSet<_> = recorded.iter().map(|(slo, _)| *slo).collect();
        let records: BTreeSet<_> = recorded.iter().map(|(_, record)| (*record).to_owned()).collect();
        assert_eq!(recorded.len(), slos.len() * records.len(), "{objectives}");
        // By alerts, by other records, and by panels, which are of both.
        let rules = written.iter().cloned().chain(rules(alerts));
        let queries = rules.chain(targets()).flat_map(|query| selectors(text(&query["expr"])));
        let used: BTreeSet<_> = queries.map(|it| it.metric).filter(|metric| metric.starts_with("slo:")).collect();
        assert_eq!(used, records, "{alerts}");
    }
}

/// Two platforms may have one name, in two namespaces of a cluster.
#[test]
fn a_rule_keeps_platforms_of_one_name_apart() {
    for rule in OBJECTIVES.into_iter().chain(ALERTS).flat_map(rules) {
        for clause in text(&rule["expr"]).split("by (").skip(1) {
            let labels: Vec<_> = clause.split(')').next().unwrap_or_default().split(", ").collect();
            assert_eq!(labels.contains(&"service_namespace"), labels.contains(&"k8s_namespace_name"), "{labels:?} of {rule}");
        }
    }
}

#[test]
fn every_alert_has_its_page_and_its_dashboard() {
    let index = read("docs/runbooks/README.md");
    let mut pages = BTreeSet::from(["README.md".to_owned()]);
    for rule in ALERTS.into_iter().flat_map(rules) {
        let name = text(&rule["alert"]).to_owned();
        assert!(["page", "ticket"].contains(&text(&rule["labels"]["severity"])), "{name}");
        let annotations = &rule["annotations"];
        for annotation in ["summary", "description"] {
            assert!(!text(&annotations[annotation]).is_empty(), "{name} has no {annotation}");
        }
        assert_eq!(text(&annotations["runbook_url"]), format!("docs/runbooks/{name}.md"));
        let page = read(text(&annotations["runbook_url"]));
        for part in [format!("# {name}\n").as_str(), "## What it means", "## Look at", "## Do"] {
            assert!(page.contains(part), "the page of {name} has no {part}");
        }
        assert!(index.contains(&format!("[{name}]({name}.md)")), "{name} is not in docs/runbooks/README.md");
        // Its uid.
        let dashboard = text(&annotations["dashboard"]).strip_prefix("socialplatform-").unwrap_or_default();
        read(&format!("charts/social-platform/dashboards/{dashboard}.json"));
        for selector in selectors(text(&rule["expr"])) {
            assert!(is_scoped(&selector), "{name}: {selector:?} means everybody's series");
            // The operator puts the platform in the place of these; see resources/monitoring.rs.
            let is_open = !selector.matchers.contains("service_namespace") || selector.matchers.contains(r#"service_namespace=~".+""#);
            assert!(is_open, "{name}: {selector:?}");
        }
        pages.insert(format!("{name}.md"));
    }
    let written: BTreeSet<_> =
        std::fs::read_dir(root().join("docs/runbooks")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(written, pages, "a page without an alert, or an alert without a page");
}

#[test]
fn the_operator_exports_the_metrics_that_are_read_of_it() {
    let exported = [
        "socialplatform_operator_reconcile_duration_seconds",
        "socialplatform_operator_condition",
        "socialplatform_operator_certificate_expiry_seconds",
        "socialplatform_operator_leader",
        "socialplatform_operator_listed",
        "socialplatform_operator_queue_depth",
        "socialplatform_operator_queue_age_seconds",
        "socialplatform_operator_reconcile_errors_total",
        "socialplatform_operator_drift_corrections_total",
        "socialplatform_operator_watch_restarts_total",
        "socialplatform_operator_api_calls_total",
        "socialplatform_telemetry_problems_total",
        "process_memory_usage_bytes",
        "process_cpu_time_seconds_total",
    ];
    let operators = dashboards().into_iter().find(|dashboard| dashboard["uid"] == "socialplatform-operator").unwrap();
    let targets = list(&operators["panels"]).iter().flat_map(|panel| list(&panel["targets"]));
    let marks = list(&operators["annotations"]["list"]).iter().map(|annotation| &annotation["target"]);
    let panels = targets.chain(marks).map(|target| text(&target["expr"]).to_owned());
    // What comes after the comma is the label whose values are chosen from.
    let variables = list(&operators["templating"]["list"]).iter().filter_map(|variable| variable["query"]["query"].as_str());
    let variables = variables.map(|query| selectors(query).remove(0));
    let alerts = ALERTS.into_iter().flat_map(rules).map(|rule| text(&rule["expr"]).to_owned());
    let alerts = alerts.filter(|expr| expr.contains("socialplatform_operator_"));
    // What rules record is theirs.
    let found = panels.chain(alerts).flat_map(|expr| selectors(&expr)).filter(|selector| !selector.metric.starts_with("slo:"));
    for selector in found.chain(variables) {
        let family = ["_bucket", "_count", "_sum"].iter().find_map(|end| selector.metric.strip_suffix(end)).unwrap_or(&selector.metric);
        assert!(exported.contains(&family), "{} is not exported", selector.metric);
    }
}
