//! On which nodes pods may run.

use k8s_openapi::api::core::v1::{PodSpec, Toleration};

use crate::crd::{SchedulingSpec, TolerationSpec};

/// The part of a pod that says where it may run.
pub fn pod(spec: &SchedulingSpec) -> PodSpec {
    PodSpec {
        node_selector: spec.node_selector.clone(),
        tolerations: tolerations(spec),
        priority_class_name: spec.priority_class_name.clone(),
        ..PodSpec::default()
    }
}

/// The taints that keep no pod away.
pub fn tolerations(spec: &SchedulingSpec) -> Option<Vec<Toleration>> {
    spec.tolerations.as_ref().map(|tolerations| tolerations.iter().map(toleration).collect())
}

fn toleration(spec: &TolerationSpec) -> Toleration {
    Toleration {
        key: spec.key.clone(),
        operator: spec.operator.map(|operator| operator.name().to_owned()),
        value: spec.value.clone(),
        effect: spec.effect.map(|effect| effect.name().to_owned()),
        toleration_seconds: spec.toleration_seconds,
    }
}
