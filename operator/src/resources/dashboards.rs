//! Grafana's dashboards, as its sidecar finds them.

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};

use super::metadata::owned;
use crate::drift::hash_parts;
use crate::platform::Platform;

/// Every dashboard, by the name of its file.
const DASHBOARDS: [(&str, &str); 9] = [
    ("auth", include_str!("../../../charts/social-platform/dashboards/auth.json")),
    ("mail", include_str!("../../../charts/social-platform/dashboards/mail.json")),
    ("operator", include_str!("../../../charts/social-platform/dashboards/operator.json")),
    ("overview", include_str!("../../../charts/social-platform/dashboards/overview.json")),
    ("photos", include_str!("../../../charts/social-platform/dashboards/photos.json")),
    ("postgresql", include_str!("../../../charts/social-platform/dashboards/postgresql.json")),
    ("service", include_str!("../../../charts/social-platform/dashboards/service.json")),
    ("social", include_str!("../../../charts/social-platform/dashboards/social.json")),
    ("telemetry", include_str!("../../../charts/social-platform/dashboards/telemetry.json")),
];

/// What every uid, and every link to one, begins with in the files.
const UID: &str = "socialplatform-";
/// What every title begins with in the files.
const TITLE: &str = "Social platform /";

/// One ConfigMap a dashboard, if they were asked for. Grafana takes a uid once, so each platform has its own.
pub fn dashboards(platform: &Platform) -> Vec<ConfigMap> {
    if !platform.observability.dashboards {
        return Vec::new();
    }
    let (own, title) = (own(platform), format!("Social platform {} /", platform.name));
    let config_map = |(name, json): &(&str, &str)| {
        let what = format!("dashboard-{name}");
        let mut metadata = owned(platform, &what, &platform.named(&what));
        metadata.labels.get_or_insert_default().insert("grafana_dashboard".to_owned(), "1".to_owned());
        // The sidecar puts the files of all namespaces into one folder.
        let json = narrowed(&uid(platform, json).replace(TITLE, &title), platform);
        ConfigMap { metadata, data: Some([(format!("{own}-{name}.json"), json)].into()), ..ConfigMap::default() }
    };
    DASHBOARDS.iter().map(config_map).collect()
}

/// The platform's own for a uid of the files; also in a text that has one.
pub(super) fn uid(platform: &Platform, text: &str) -> String {
    text.replace(UID, &format!("{}-", own(platform)))
}

/// What a platform's uids and files begin with.
fn own(platform: &Platform) -> String {
    hash_parts([("namespace", platform.namespace.as_bytes()), ("name", platform.name.as_bytes())])
}

/// A dashboard about this platform and no other: what people choose in the files is fixed, and the list of dashboards has
/// the platform's own.
fn narrowed(json: &str, platform: &Platform) -> String {
    let mut dashboard: Value = serde_json::from_str(json).expect("the dashboards are JSON, a test reads them");
    for variable in dashboard["templating"]["list"].as_array_mut().into_iter().flatten() {
        let value = match variable["name"].as_str() {
            Some("platform" | "resource") => &platform.name,
            Some("namespace") => &platform.namespace,
            _ => continue,
        };
        *variable = constant(&variable["name"], value);
    }
    let own = format!("{}/{}", platform.namespace, platform.name);
    for link in dashboard["links"].as_array_mut().into_iter().flatten() {
        link["tags"] = json!([own]);
    }
    dashboard["tags"] = json!(["socialplatform", own]);
    format!("{dashboard:#}")
}

/// A variable that has this value whatever Prometheus knows: of a platform that has fallen silent, too.
fn constant(name: &Value, value: &str) -> Value {
    let current = json!({ "text": value, "value": value });
    json!({ "name": name, "type": "constant", "query": value, "current": current, "hide": 2, "skipUrlSync": true })
}
