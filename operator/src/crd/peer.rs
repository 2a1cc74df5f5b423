use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may call, or be called, as a peer of a Kubernetes NetworkPolicy.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("has(self.ipBlock) || has(self.podSelector) || has(self.namespaceSelector)")
        .message("a peer needs a namespaceSelector, a podSelector or an ipBlock"),
    validation = Rule::new("!has(self.ipBlock) || (!has(self.podSelector) && !has(self.namespaceSelector))")
        .message("a peer is an ipBlock or is selected by labels, not both")
)]
#[serde(rename_all = "camelCase")]
pub struct PeerSpec {
    /// The namespaces of the pods; an empty selector is all of them. The platform's own unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelsSpec>,

    /// The pods within those namespaces; all of them unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<LabelsSpec>,

    /// Addresses, for what is no pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_block: Option<IpBlockSpec>,
}

/// Labels that something must have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelsSpec {
    /// All of these; none selects everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 8))]
    pub match_labels: Option<BTreeMap<String, String>>,
}

/// A range of addresses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IpBlockSpec {
    /// The range, such as `192.0.2.0/24` or `2001:db8::/64`.
    #[schemars(length(min = 3, max = 43), regex(pattern = r"^[0-9a-fA-F.:]+/[0-9]{1,3}$"))]
    pub cidr: String,
}
