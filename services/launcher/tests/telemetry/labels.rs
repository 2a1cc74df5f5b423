//! Which labels each metric must have whose name is the semantic conventions': what they require, and what we ask by. `flood`
//! shows that nobody makes up more of them.

use std::collections::BTreeSet;

const POOL: &str = "db_client_connection_pool_name";

/// A series of each, and what it must have. A histogram has many; its count stands for all.
const REQUIRED: [(&str, &[&str]); 10] = [
    ("db_client_connection_count", &[POOL, "db_client_connection_state"]),
    ("db_client_connection_max", &[POOL]),
    ("db_client_connection_timeouts_total", &[POOL]),
    ("db_client_connection_wait_time_seconds_count", &[POOL]),
    ("db_client_operation_duration_seconds_count", &["db_namespace", "db_query_summary", "db_system_name"]),
    ("http_client_request_duration_seconds_count", &["http_request_method", "server_address", "server_port"]),
    ("http_server_active_requests", &["http_request_method", "url_scheme"]),
    ("http_server_request_duration_seconds_count", &["http_request_method", "url_scheme"]),
    ("process_cpu_time_seconds_total", &["cpu_mode"]),
    ("rpc_client_call_duration_seconds_count", &["rpc_method", "rpc_system_name", "server_address", "server_port"]),
];

/// What a statement that failed has besides, by PostgreSQL's word or, where the connection broke, by none.
const FAILURE: &str = "error_type";
const STATE: &str = "db_response_status_code";
const CUT_OFF: &str = "connection";

/// A sample's name, and its labels with their values.
fn series(line: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let (name, rest) = line.split_once('{')?;
    let (labels, _) = rest.rsplit_once('}')?;
    // A value with a comma is cut: none is looked at that may have one.
    let labels = labels.split(',').filter_map(|label| label.split_once('='));
    Some((name, labels.map(|(name, value)| (name, value.trim_matches('"'))).collect()))
}

/// Has a statement that PostgreSQL refused its SQLSTATE in both labels, and any other in none?
fn is_of_one_mind(labels: &[(&str, &str)]) -> bool {
    let value = |wanted: &str| labels.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    value(STATE) == value(FAILURE).filter(|failure| *failure != CUT_OFF)
}

/// What is wrong with the pages of `/metrics` of some pods.
fn faults(pages: &[String]) -> Vec<String> {
    let all: Vec<_> = pages.iter().flat_map(|page| page.lines()).filter_map(series).collect();
    let mut faults = Vec::new();
    for (metric, required) in REQUIRED {
        let of_metric: Vec<_> = all.iter().filter(|(name, _)| *name == metric).collect();
        if of_metric.is_empty() {
            faults.push(format!("there is no {metric}"));
        }
        for (_, labels) in of_metric {
            let has = |wanted: &str| labels.iter().any(|(name, value)| *name == wanted && !value.is_empty());
            let missing: Vec<_> = required.iter().filter(|wanted| !has(wanted)).collect();
            if !missing.is_empty() {
                faults.push(format!("{metric} lacks {missing:?}: {labels:?}"));
            }
            if metric.starts_with("db_client_operation_") && !is_of_one_mind(labels) {
                faults.push(format!("{metric} has another {FAILURE} than {STATE}: {labels:?}"));
            }
        }
    }
    for page in pages {
        let labels = page.lines().filter_map(series).flat_map(|(_, labels)| labels);
        let pools: BTreeSet<&str> = labels.filter(|(name, _)| *name == POOL).map(|(_, pool)| pool).collect();
        if pools.len() != 1 {
            faults.push(format!("the one pool of a pod is called {pools:?}"));
        }
    }
    faults
}

/// Every series of every pod has what it must have.
pub fn all_are_there(pages: &[String]) {
    let faults = faults(pages);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_label_that_is_missing_or_empty_is_noticed() {
    let sample = |(metric, required): &(&str, &[&str])| {
        let labels: Vec<String> = required.iter().map(|label| format!("{label}=\"one\"")).collect();
        format!("{metric}{{{}}} 1", labels.join(","))
    };
    let page = REQUIRED.iter().map(sample).collect::<Vec<_>>().join("\n");
    let found = |page: String| faults(&[page]).len();
    assert_eq!(found(page.clone()), 0);
    // Of calls of services, and of the object store.
    assert_eq!(found(page.replace(",server_port=\"one\"", "")), 2);
    assert_eq!(found(page.replace("server_port=\"one\"", "server_port=\"\"")), 2);
    let refused = |labels: &str| page.replace("db_system_name=\"one\"", &format!("db_system_name=\"one\",{labels}"));
    assert_eq!(found(refused("error_type=\"23505\",db_response_status_code=\"23505\"")), 0);
    assert_eq!(found(refused("error_type=\"connection\"")), 0);
    assert_eq!(found(refused("error_type=\"23505\"")), 1);
    assert_eq!(found(page.replacen("pool_name=\"one\"", "pool_name=\"another\"", 1)), 1);
    assert_eq!(found(page.replace("rpc_client_call_duration_seconds_count", "rpc_client_duration_seconds_count")), 1);
}
