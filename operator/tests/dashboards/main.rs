//! The dashboards and the rules of the chart, read as Grafana and Prometheus would: the rules of Grafana's dashboard
//! linter, in `links` that panels lead to traces that there are, in `pending` that one counts what its title says, in `rules` that
//! every alert has its page, and in `cases` that it has its tests. That the metrics exist, and that no panel is empty, is shown by the launcher's tests and by the stories of
//! e2e/, with a real Prometheus.

mod cases;
mod links;
mod pending;
mod promql;
mod rules;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use promql::{Selector, selectors};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn dashboards() -> Vec<Value> {
    let files = std::fs::read_dir(root().join("charts/social-platform/dashboards")).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

/// Calls `check` with the title, the dashboard and the panel, for each panel that shows something.
fn each_panel(check: impl Fn(&str, &Value, &Value)) {
    for dashboard in dashboards() {
        for panel in list(&dashboard["panels"]).iter().filter(|panel| panel["type"] != "row") {
            check(&format!("{} / {}", text(&dashboard["title"]), text(&panel["title"])), &dashboard, panel);
        }
    }
}

/// The queries of all panels.
fn targets() -> Vec<Value> {
    let panels = dashboards().into_iter().flat_map(|dashboard| list(&dashboard["panels"]).to_vec());
    panels.flat_map(|panel| list(&panel["targets"]).to_vec()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Does it say whose series it means? Otherwise two platforms on one Prometheus would be shown as one.
fn is_scoped(selector: &Selector) -> bool {
    ["service_namespace", "service_name=\"operator\"", "socialplatform_name"].iter().any(|label| selector.matchers.contains(label))
}

/// A counter means something only as a rate; to count its series is fine.
fn is_counter(metric: &str) -> bool {
    ["_total", "_count", "_sum", "_bucket"].iter().any(|end| metric.ends_with(end)) && metric != "db_client_connection_count"
}

#[test]
fn a_dashboard_is_read_only_and_takes_its_sources_from_variables() {
    let mut uids = BTreeSet::new();
    for dashboard in dashboards() {
        let title = text(&dashboard["title"]);
        assert!(uids.insert(text(&dashboard["uid"]).to_owned()), "{title}: its uid is another's");
        // The operator makes each platform's uids of this prefix.
        assert!(text(&dashboard["uid"]).starts_with("socialplatform-"), "{title}");
        let prefixes = dashboard.to_string().matches("socialplatform-").count();
        assert_eq!(prefixes, 1, "{title}: the prefix of uids stands elsewhere too, and would be replaced");
        assert!(title.starts_with("Social platform / "), "{title}");
        assert!(!text(&dashboard["description"]).is_empty(), "{title} has no description");
        assert_eq!(dashboard["editable"], false, "{title}: what is edited in Grafana is lost");
        let variables = list(&dashboard["templating"]["list"]);
        let source = variables.iter().find(|variable| variable["name"] == "datasource").expect("a variable for the source");
        assert_eq!((text(&source["type"]), text(&source["query"])), ("datasource", "prometheus"), "{title}");
        for variable in variables.iter().filter(|variable| variable["type"] == "query") {
            assert_eq!(variable["refresh"], 2, "{title}: {} does not follow the time shown", variable["name"]);
            assert_eq!(variable["datasource"]["uid"], "${datasource}", "{title}");
        }
        for annotation in list(&dashboard["annotations"]["list"]) {
            assert_eq!(annotation["datasource"]["uid"], "${datasource}", "{title}");
            let found = selectors(text(&annotation["target"]["expr"]));
            assert!(!found.is_empty() && found.iter().all(is_scoped), "{title}: {annotation} means everybody's series");
        }
    }
}

#[test]
fn a_panel_says_what_it_shows_in_which_unit_and_from_where() {
    each_panel(|title, _, panel| {
        assert!(!text(&panel["title"]).is_empty(), "{title} has no title");
        assert!(text(&panel["description"]).ends_with('.'), "{title} is not described in a sentence");
        assert!(!text(&panel["fieldConfig"]["defaults"]["unit"]).is_empty(), "{title} has no unit");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = list(&panel["targets"]);
        assert!(!targets.is_empty(), "{title} has no query");
        for target in targets {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            assert!(!text(&target["legendFormat"]).is_empty(), "{title} has no legend");
        }
    });
}

#[test]
fn panels_do_not_lie_over_each_other() {
    for dashboard in dashboards() {
        let place = |panel: &Value| ["x", "y", "w", "h"].map(|it| panel["gridPos"][it].as_u64().unwrap());
        let places: Vec<[u64; 4]> = list(&dashboard["panels"]).iter().map(place).collect();
        for (n, &[x, y, w, h]) in places.iter().enumerate() {
            assert!(x + w <= 24, "{}", dashboard["title"]);
            let is_over = |&[x2, y2, w2, h2]: &[u64; 4]| x < x2 + w2 && x2 < x + w && y < y2 + h2 && y2 < y + h;
            assert!(!places[n + 1..].iter().any(is_over), "{}: panel {n}", dashboard["title"]);
        }
    }
}

#[test]
fn a_query_says_whose_series_it_means_and_takes_counters_as_rates() {
    each_panel(|title, _, panel| {
        for target in list(&panel["targets"]) {
            let found = selectors(text(&target["expr"]));
            assert!(!found.is_empty(), "{title} selects nothing");
            for selector in found {
                assert!(is_scoped(&selector), "{title}: {selector:?} means everybody's series");
                let is_rate = selector.within.iter().any(|it| ["rate", "increase"].contains(&it.as_str()));
                let is_counted = selector.within.iter().any(|it| it == "count");
                assert!(!is_counter(&selector.metric) || is_rate || is_counted, "{title}: {} without rate", selector.metric);
                assert_eq!(is_rate, !selector.range.is_empty(), "{title}: {selector:?}");
                // A fixed range shows holes or nothing where the step is longer than it.
                assert!(["", "$__rate_interval", "$__range"].contains(&selector.range.as_str()), "{title}: [{}]", selector.range);
            }
        }
    });
}

#[test]
fn a_query_uses_the_variables_that_its_dashboard_has() {
    each_panel(|title, dashboard, panel| {
        let known: Vec<_> = list(&dashboard["templating"]["list"]).iter().map(|variable| text(&variable["name"])).collect();
        for target in list(&panel["targets"]) {
            for used in text(&target["expr"]).split('$').skip(1) {
                let name: String = used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                // A number is for Prometheus: what a regular expression has found.
                let is_found = name.parse::<u8>().is_ok();
                assert!(name.starts_with("__") || is_found || known.contains(&name.as_str()), "{title}: ${name}");
            }
        }
    });
}

#[test]
fn selectors_are_found_with_what_is_around_them() {
    let found = selectors(r#"1 - sum by (le) (rate(a_bucket{x="}",y=~".+"}[5m])) / on (le) group_left () max(b) > 0.5 or vector(0)"#);
    let [a, b] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((a.metric.as_str(), a.matchers.as_str(), a.range.as_str()), ("a_bucket", r#"x="}",y=~".+""#, "5m"));
    assert_eq!(a.within, ["sum", "rate"]);
    assert_eq!((b.metric.as_str(), b.range.as_str()), ("b", ""));
    assert_eq!(b.within, ["max"]);
    let found = selectors("slo:burn_rate:1h{a=\"b\"} > 14.4 and x offset 5m");
    assert_eq!(found.iter().map(|it| it.metric.as_str()).collect::<Vec<_>>(), ["slo:burn_rate:1h", "x"]);
}

#[test]
fn a_selector_is_widened_to_every_series_with_its_labels() {
    let found = selectors(r#"rate(a_total{x="1",y!~"|2",z=~"3"}[5m]) or b"#);
    let widened: Vec<_> = found.iter().map(|selector| selector.with_any_values(&["y"])).collect();
    assert_eq!(widened, [r#"a_total{x=~".+",z=~".+"}"#, "b{}"]);
}
