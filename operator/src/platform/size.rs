//! How many pods run, and how large they are.

use k8s_openapi::api::core::v1::{PodTemplateSpec, ResourceRequirements};

use crate::crd::TopologySpreadSpec;

/// The size of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Size {
    /// How many pods run.
    pub scale: Scale,
    /// What each asks for and may use, quantities in canonical form.
    pub resources: Option<ResourceRequirements>,
    /// How they are spread; over nodes, if none.
    pub spread: Option<Vec<TopologySpreadSpec>>,
    /// What is merged over the pods' template, quantities in canonical form.
    pub overrides: Option<PodTemplateSpec>,
}

/// How many pods of a component run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// That many.
    Fixed(i32),
    /// As many as the load asks for.
    Auto(Autoscaling),
}

impl Default for Scale {
    fn default() -> Self {
        Self::Fixed(1)
    }
}

impl Scale {
    /// The least number of pods.
    pub fn least(self) -> i32 {
        match self {
            Self::Fixed(replicas) => replicas,
            Self::Auto(autoscaling) => autoscaling.least,
        }
    }
}

/// How many pods run under which load; only what the cluster can measure, and at least one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscaling {
    /// The least number of pods.
    pub least: i32,
    /// The greatest number of pods.
    pub greatest: i32,
    /// CPU in percent of what is requested.
    pub cpu: Option<i32>,
    /// Memory in percent of what is requested.
    pub memory: Option<i32>,
    /// Requests a second for each pod.
    pub requests: Option<i32>,
}
