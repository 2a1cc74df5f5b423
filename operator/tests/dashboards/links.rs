//! The links from panels to traces, as Grafana opens them.

use serde_json::Value;

use super::promql::selectors;
use super::{each_panel, list, read, text};

/// Which attributes there are: of the services, whose spans are held against it, and of the operator, who writes them there.
const OF_SERVICES: &str = "services/launcher/tests/telemetry/attributes.rs";
const OF_OPERATOR: &str = "operator/src/controller.rs";

/// No span is as long as these.
const UNTRACED: [&str; 3] = [
    "db_client_connection_wait_time_seconds_bucket",
    "socialplatform_auth_password_hash_wait_seconds_bucket",
    "socialplatform_stream_lag_seconds_bucket",
];

/// The queries of a panel.
fn expressions(panel: &Value) -> Vec<&str> {
    list(&panel["targets"]).iter().map(|target| text(&target["expr"])).collect()
}

/// What a panel's links ask Tempo for.
fn links(panel: &Value) -> Vec<String> {
    let query = |link: &Value| {
        let url = decoded(text(&link["url"]));
        let (_, panes) = url.split_once("&panes=").expect("a link to Explore");
        let panes: Value = serde_json::from_str(panes).expect("panes are JSON");
        text(&panes["t"]["queries"][0]["query"]).to_owned()
    };
    list(&panel["fieldConfig"]["defaults"]["links"]).iter().map(query).collect()
}

fn decoded(url: &str) -> String {
    let mut parts = url.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two digits"));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// The names that stand behind each `before`.
fn named(query: &str, before: &str) -> Vec<String> {
    let is_name = |c: &char| c.is_ascii_alphanumeric() || ['_', '.'].contains(c);
    query.split(before).skip(1).map(|rest| rest.chars().take_while(is_name).collect()).collect()
}

/// By which labels each part of a query is grouped.
fn grouped(expression: &str) -> Vec<Vec<&str>> {
    let clauses = expression.split("by (").skip(1);
    clauses.map(|clause| clause.split(')').next().unwrap_or_default().split(", ").collect()).collect()
}

#[test]
fn a_panel_of_routes_or_of_durations_leads_to_their_traces() {
    each_panel(|title, _, panel| {
        let links = links(panel);
        for expression in expressions(panel) {
            let is_of_routes = grouped(expression).iter().any(|labels| labels.contains(&"http_route"));
            let leads_to_route = links.iter().any(|link| link.contains(r#"span.http.route="${__field.labels.http_route}""#));
            assert!(!is_of_routes || leads_to_route, "{title} does not lead to the traces of a route");
            let timed: Vec<_> = selectors(expression).into_iter().map(|it| it.metric).filter(|it| it.ends_with("_bucket")).collect();
            let is_traced = timed.iter().any(|metric| !UNTRACED.contains(&metric.as_str()));
            assert!(!is_traced || !links.is_empty(), "{title} does not lead to the traces of {timed:?}");
        }
    });
}

/// The one label whose values are others than those of the attribute of its name.
#[test]
fn a_link_asks_for_an_operation_of_the_object_store_as_spans_name_it() {
    each_panel(|title, _, panel| {
        for link in links(panel) {
            assert!(!link.contains("__field.labels.rpc_method"), "{title}: no span has a service's name there: {link}");
        }
    });
}

#[test]
fn a_link_asks_for_attributes_labels_and_variables_that_there_are() {
    let (of_services, of_operator) = (read(OF_SERVICES), read(OF_OPERATOR));
    each_panel(|title, dashboard, panel| {
        let variables: Vec<_> = list(&dashboard["templating"]["list"]).iter().map(|variable| text(&variable["name"])).collect();
        for link in links(panel) {
            let is_of_operator = link.contains(r#"resource.service.name="operator""#);
            for attribute in ["span.", "resource."].into_iter().flat_map(|scope| named(&link, scope)) {
                let is_sent = of_services.contains(&format!("\"{attribute}\""));
                let is_operators = is_of_operator && of_operator.contains(&format!(" {attribute} = "));
                assert!(is_sent || is_operators, "{title}: no span has {attribute}: {link}");
            }
            for label in named(&link, "${__field.labels.") {
                for expression in expressions(panel) {
                    let parts = grouped(expression);
                    let is_grouped = !parts.is_empty() && parts.iter().all(|labels| labels.contains(&label.as_str()));
                    let has_label = is_grouped || expression.contains(&format!(r#", "{label}", "$1", "#));
                    assert!(has_label, "{title}: a series has no {label}: {link}");
                }
            }
            for variable in named(&link, "${") {
                assert!(variable.starts_with("__") || variables.contains(&variable.as_str()), "{title}: ${variable} of {link}");
            }
            // Another's traces are in the same Tempo.
            let is_narrowed = link.contains(r#"resource.service.namespace="${platform}""#);
            assert_eq!(is_narrowed, variables.contains(&"platform"), "{title}: whose traces? {link}");
            assert!(is_narrowed || is_of_operator, "{title}: whose traces? {link}");
        }
    });
}
