use std::collections::BTreeMap;

use contracts::Service;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{AutoscalingSpec, PodOverrides, TopologySpreadSpec};

/// The size of each service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentsSpec {
    /// Accounts, sign-in and tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<ComponentSpec>,

    /// Profiles, posts, comments, reactions and timelines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub social: Option<ComponentSpec>,

    /// Photos and their bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<ComponentSpec>,

    /// Who follows and who blocks whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<ComponentSpec>,
}

impl ComponentsSpec {
    /// What was written about one service.
    pub fn of(&self, service: Service) -> Option<&ComponentSpec> {
        match service {
            Service::Auth => self.auth.as_ref(),
            Service::Social => self.social.as_ref(),
            Service::Photo => self.photo.as_ref(),
            Service::Relation => self.relation.as_ref(),
        }
    }
}

/// The size of one service.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("!(has(self.replicas) && has(self.autoscaling))")
    .message("either replicas or autoscaling: a number that two decide never comes to rest"))]
#[serde(rename_all = "camelCase")]
pub struct ComponentSpec {
    /// How many pods run; 1 unless set. With two or more, a disruption budget lets nodes be drained one pod at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub replicas: Option<i32>,

    /// Let the load decide how many pods run, instead of `replicas`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<AutoscalingSpec>,

    /// What each pod asks for and may use, instead of all of the operator's own figures for this service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourcesSpec>,

    /// How its pods are spread; over nodes, as far as there are enough of them, unless set. An empty list spreads
    /// nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4))]
    pub topology_spread: Option<Vec<TopologySpreadSpec>>,

    /// Part of a PodTemplateSpec that is merged over the operator's own, by the names of containers, volumes and
    /// variables: for what has no field of its own, such as `spec.tolerations`, `spec.affinity`, `metadata.annotations`
    /// or more variables of the service's container, which bears the service's name. Refused are what the Pod Security
    /// level `restricted` refuses, other images, containers and service accounts, and the operator's own labels and
    /// variables; the condition `Stalled` says which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_overrides: Option<PodOverrides>,
}

/// What a pod asks for and may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourcesSpec {
    /// What each pod is sure to get, by resource, such as `cpu: 100m` and `memory: 128Mi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "quantities")]
    pub requests: Option<BTreeMap<String, Quantity>>,

    /// What each pod may use at the most, by resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "quantities")]
    pub limits: Option<BTreeMap<String, Quantity>>,
}

/// Kubernetes' own schema of quantities carries four kilobytes of prose, and takes any text.
fn quantities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 8,
        "additionalProperties": {
            "x-kubernetes-int-or-string": true,
            "pattern": r"^[0-9]+(\.[0-9]+)?([KMGTPE]i|[mkMGTPE])?$",
        },
    })
}
