//! The panel of what is pending, held against the answers that are documented: a 202 means that where its body says so, and
//! nowhere else.

use regex::Regex;
use serde_json::Value;

use super::promql::selectors;
use super::{list, read, targets, text};

const SERVICES: [&str; 4] = ["auth", "photo", "relation", "social"];

/// Does a body of this schema say what is pending?
fn says_so(schema: &Value) -> bool {
    !schema["properties"]["pending"].is_null() || list(&schema["allOf"]).iter().any(says_so)
}

/// Each operation that may answer 202: its method, its route, and whether its body then says what is pending.
fn accepting() -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    for service in SERVICES {
        let document: Value = serde_json::from_str(&read(&format!("docs/openapi/{service}.json"))).unwrap();
        for (route, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let answer = &operation["responses"]["202"];
                if answer.is_null() {
                    continue;
                }
                let schema = text(&answer["content"]["application/json"]["schema"]["$ref"]).trim_start_matches('#');
                let is_pending = document.pointer(schema).is_some_and(says_so);
                found.push((method.to_uppercase(), route.clone(), is_pending));
            }
        }
    }
    found
}

#[test]
fn an_answer_of_202_is_pending_where_its_body_says_so() {
    let panel = targets().into_iter().find(|target| target["legendFormat"] == "pending").expect("a panel of what is pending");
    let found = selectors(text(&panel["expr"]));
    let [_, left_out] = found.as_slice() else { panic!("{found:?}") };
    let routes = left_out.matchers.split(',').find_map(|it| it.strip_prefix("http_route=~\"")?.strip_suffix('"')).expect("routes");
    let routes = Regex::new(&format!("^(?:{routes})$")).unwrap();
    assert!(left_out.matchers.contains(r#"http_request_method!="DELETE""#), "{left_out:?}");
    let accepting = accepting();
    assert!(accepting.iter().any(|(.., is_pending)| *is_pending), "{accepting:?}");
    for (method, route, is_pending) in accepting {
        let is_left_out = method != "DELETE" && routes.is_match(&route);
        assert_eq!(is_left_out, !is_pending, "{method} {route}");
    }
}
