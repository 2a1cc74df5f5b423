use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where traces, metrics and logs go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservabilitySpec {
    /// The base URL of an OpenTelemetry collector that takes OTLP over HTTP, such as
    /// `http://otel-collector.observability:4318`. Its port is opened in the NetworkPolicies. Nothing is exported
    /// unless set; `/metrics` is there either way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 8, max = 512), regex(pattern = r"^https?://[^/?#\s]+/?$"))]
    pub otlp_endpoint: Option<String>,
}
