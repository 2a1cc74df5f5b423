//! The tests of the rules, read as promtool does: that they look at what their names say.

use std::collections::BTreeSet;

use serde_json::Value;

use super::promql::selectors;
use super::rules::{ALERTS, OBJECTIVES, rules, yaml};
use super::{list, root, text};

/// Where they are.
const TESTS: &str = "charts/social-platform/rules/tests";

/// Every test of every file.
fn cases() -> Vec<Value> {
    let files = std::fs::read_dir(root().join(TESTS)).unwrap();
    let files = files.map(|file| yaml(&format!("{TESTS}/{}", file.unwrap().file_name().to_string_lossy())));
    files.flat_map(|file| list(&file["tests"]).to_vec()).collect()
}

/// What a case expects of an alert: each time how many there are of it.
fn expected(case: &Value, alert: &str) -> Vec<usize> {
    let looks = list(&case["alert_rule_test"]).iter().filter(|look| look["alertname"] == alert);
    looks.map(|look| list(&look["exp_alerts"]).len()).collect()
}

/// Is there something in it that the alert looks at? It would be silent about nothing at all.
fn has_what_it_asks_for(case: &Value, rule: &Value) -> bool {
    let asked: BTreeSet<_> = selectors(text(&rule["expr"])).into_iter().map(|selector| selector.metric).collect();
    let mut given = list(&case["input_series"]).iter().flat_map(|input| selectors(text(&input["series"])));
    given.any(|selector| asked.contains(&selector.metric))
}

#[test]
fn each_way_to_fire_and_to_be_silent_has_a_case_that_shows_it() {
    let cases = cases();
    for rule in ALERTS.into_iter().flat_map(rules) {
        let name = text(&rule["alert"]);
        let called = |how: &str| {
            let beginning = format!("{name} {how}");
            let is_it =
                move |case: &&Value| text(&case["name"]).strip_prefix(&beginning).is_some_and(|it| it.is_empty() || it.starts_with(' '));
            cases.iter().filter(is_it).collect::<Vec<_>>()
        };
        let (fires, is_silent) = (called("fires"), called("is silent"));
        assert!(!is_silent.is_empty(), "no case says that {name} is silent");
        let ways = 1 + text(&rule["expr"]).split_whitespace().filter(|word| *word == "or").count();
        assert!(fires.len() >= ways, "{name} fires in {ways} ways, of which {} have a case", fires.len());
        for case in &fires {
            assert!(expected(case, name).iter().any(|alerts| *alerts > 0), "{}: it is not looked for", case["name"]);
        }
        for case in &is_silent {
            let looks = expected(case, name);
            assert!(!looks.is_empty() && looks.iter().all(|alerts| *alerts == 0), "{}: {looks:?}", case["name"]);
            assert!(has_what_it_asks_for(case, &rule), "{}: of nothing that it could fire for", case["name"]);
        }
    }
}

/// Where nothing burns, a rule about a metric that does not exist says the same.
#[test]
fn each_objective_burns_in_a_case() {
    let cases = cases();
    let samples = cases.iter().flat_map(|case| list(&case["promql_expr_test"])).filter(|it| text(&it["expr"]).contains("slo:burn_rate:"));
    let burning = samples.flat_map(|it| list(&it["exp_samples"])).filter(|sample| sample["value"].as_f64().is_some_and(|rate| rate > 0.0));
    let burning: Vec<_> = burning.map(|sample| text(&sample["labels"])).collect();
    for rule in OBJECTIVES.into_iter().flat_map(rules) {
        let slo = format!("slo=\"{}\"", text(&rule["labels"]["slo"]));
        assert!(burning.iter().any(|labels| labels.contains(&slo)), "no case has {slo} burn");
    }
}
