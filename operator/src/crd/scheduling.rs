use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// On which nodes the pods of a platform may run, and before whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SchedulingSpec {
    /// Labels that a node must have; any node unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minProperties" = 1, "maxProperties" = 16))]
    pub node_selector: Option<BTreeMap<String, String>>,

    /// Taints of nodes that keep no pod of the platform away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub tolerations: Option<Vec<TolerationSpec>>,

    /// The PriorityClass of the pods; the cluster's default unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub priority_class_name: Option<String>,
}

/// Taints, in the words of a pod's tolerations.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("has(self.key) || (has(self.operator) && self.operator == 'Exists')")
        .message("a toleration without a key is for every taint, and its operator has to be Exists"),
    validation = Rule::new("!has(self.value) || !has(self.operator) || self.operator != 'Exists'")
        .message("a toleration with the operator Exists is for every value, and has none"),
    validation = Rule::new("!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')")
        .message("tolerationSeconds belongs to the effect NoExecute")
)]
#[serde(rename_all = "camelCase")]
pub struct TolerationSpec {
    /// The key of the taint; every key unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 316))]
    pub key: Option<String>,

    /// Whether the taint needs the `value` (`Equal`) or may have any (`Exists`); `Equal` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<TolerationOperator>,

    /// The value of the taint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub value: Option<String>,

    /// What the taint does; anything unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,

    /// How many seconds a pod stays on a node that gets a taint of the effect `NoExecute`; for ever unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86_400))]
    pub toleration_seconds: Option<i64>,
}

/// How a toleration is compared with a taint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum TolerationOperator {
    /// By key and value.
    Equal,
    /// By key.
    Exists,
}

impl TolerationOperator {
    /// Its name in a pod.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "Equal",
            Self::Exists => "Exists",
        }
    }
}

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "")]
pub enum TaintEffect {
    /// New ones go elsewhere.
    NoSchedule,
    /// New ones go elsewhere if they can.
    PreferNoSchedule,
    /// Those that are there leave.
    NoExecute,
}

impl TaintEffect {
    /// Its name in a pod.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::minimal;

    fn refusal(toleration: TolerationSpec) -> Option<String> {
        let mut resource = minimal();
        resource.spec.scheduling = Some(SchedulingSpec { tolerations: Some(vec![toleration]), ..SchedulingSpec::default() });
        resource.validate_cel().err().map(|error| error.to_string())
    }

    #[test]
    fn what_kubernetes_would_refuse_of_a_toleration_is_refused() {
        let spot = TolerationSpec { key: Some("spot".to_owned()), ..TolerationSpec::default() };
        let exists = TolerationSpec { operator: Some(TolerationOperator::Exists), ..TolerationSpec::default() };
        for right in [spot.clone(), exists.clone()] {
            assert_eq!(refusal(right), None);
        }
        assert!(refusal(TolerationSpec::default()).unwrap().contains("without a key"));
        let of_a_value = TolerationSpec { value: Some("true".to_owned()), ..exists };
        assert!(refusal(of_a_value).unwrap().contains("has none"));
        let for_a_while = TolerationSpec { toleration_seconds: Some(60), ..spot };
        assert!(refusal(for_a_while.clone()).unwrap().contains("belongs to the effect NoExecute"));
        assert_eq!(refusal(TolerationSpec { effect: Some(TaintEffect::NoExecute), ..for_a_while }), None);
    }
}
