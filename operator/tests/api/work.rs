//! What an operator is at when it dies: how it begins, and how it is known to be done.

use kube::client::ClientBuilder;
use operator::crd::{ExposureMode, ObservabilitySpec, SocialPlatform, Switch};
use operator::example;
use serde_json::{Value, json};

use crate::dying::Death;
use crate::harness::{Harness, Operator, development, eventually};

/// What the operator is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Creating,
    Upgrading,
    Rotating,
    /// Of every kind that may be wished for no longer, what is: autoscaler, budgets, dashboards, alerts and the Ingress.
    Dropping,
    Hibernating,
    Waking,
}

impl Work {
    pub const ALL: [Self; 6] = [Self::Creating, Self::Upgrading, Self::Rotating, Self::Dropping, Self::Hibernating, Self::Waking];

    /// The platform that it is about, as it was made.
    fn platform(self) -> SocialPlatform {
        let mut resource = development();
        if matches!(self, Self::Dropping | Self::Hibernating) {
            resource.spec.components = example::full().spec.components;
            resource.spec.database.max_connections = Some(400);
            let (dashboards, alerts) = (Some(Switch::Enabled), Some(Switch::Enabled));
            resource.spec.observability = Some(ObservabilitySpec { dashboards, alerts, ..ObservabilitySpec::default() });
        }
        resource
    }

    fn change(self) -> Value {
        match self {
            Self::Creating => json!({}),
            Self::Upgrading => json!({ "version": "2.0.0" }),
            Self::Rotating => json!({ "lifecycle": { "rotation": "1" } }),
            Self::Dropping => {
                let exposure = json!({ "mode": "Gateway", "ingress": null, "gateway": { "parentRefs": [{ "name": "public" }] } });
                json!({ "components": null, "observability": null, "exposure": exposure })
            }
            Self::Hibernating => json!({ "lifecycle": { "hibernated": true } }),
            Self::Waking => json!({ "lifecycle": { "hibernated": false } }),
        }
    }

    /// Brings a platform to where the work begins; without an effect where it begins with none.
    pub async fn prepare(self, harness: &Harness) {
        if self == Self::Creating {
            return;
        }
        harness.create(&self.platform()).await;
        settled(harness).await;
        if self == Self::Waking {
            Self::Hibernating.begin(harness).await;
            settled(harness).await;
        }
    }

    pub async fn begin(self, harness: &Harness) {
        match self {
            Self::Creating => {
                harness.create(&self.platform()).await;
            }
            _ => {
                harness.edit::<SocialPlatform>("demo", json!({ "spec": self.change() })).await;
            }
        }
    }
}

/// An operator with this death before it.
pub fn operate(harness: &Harness, death: &Death) -> Operator {
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(death).build())
}

/// Waits until the platform is as its spec says: asleep, or running its version with the passwords and keys that it asks for.
pub async fn settled(harness: &Harness) {
    let platform: SocialPlatform = harness.get("demo").await;
    if platform.is_hibernated() {
        harness.wait_for("Ready", "False", "Hibernated").await;
        return;
    }
    if platform.spec.exposure.mode == ExposureMode::Gateway {
        // There is no Gateway here, and nothing comes after this.
        harness.wait_for("Exposed", "False", "RouteNotAccepted").await;
        return;
    }
    eventually("the platform is ready and runs its version", || async {
        let platform = harness.wait_until_ready().await;
        let asks_for_rotation = platform.rotation().is_some();
        let status = platform.status.unwrap_or_default();
        let is_rotated = status.conditions.iter().any(|it| it.type_ == "SecretsRotated" && it.status == "True");
        match status.version == Some(platform.spec.version) && (is_rotated || !asks_for_rotation) {
            true => Ok(()),
            false => Err(format!("{:?} runs: {:?}", status.version, status.conditions)),
        }
    })
    .await;
}
