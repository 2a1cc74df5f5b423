//! What an operator is at when it dies: how it begins, and how it is known to be done.

use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use kube::client::ClientBuilder;
use operator::crd::{
    ComponentSpec, ComponentsSpec, DeletionPolicy, ExposureMode, LifecycleSpec, ObservabilitySpec, SocialPlatform, SocialPlatformBackup,
    Switch,
};
use operator::example;
use serde_json::{Value, json};

use crate::backups::report;
use crate::dying::Death;
use crate::everything::everything;
use crate::harness::{Harness, Operator, development, eventually, external};
use crate::optional_kinds;
use crate::player::Jobs;
use crate::restored::key_of_the_old_platform;

/// The pods of the service that an autoscaler takes over. It measures nothing here, so it leaves them as they are.
const PODS: i32 = 3;

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
    /// How many pods of a service run is handed over to an autoscaler, which would be content with fewer.
    Autoscaling,
    /// What somebody asks for is made, verified and told.
    BackingUp,
    /// Another platform's backup is what a new one begins with.
    Restoring,
    /// A platform that takes its data along is made, and deleted while no operator looks.
    Deleting,
}

impl Work {
    pub const ALL: [Self; 10] = [
        Self::Creating,
        Self::Upgrading,
        Self::Rotating,
        Self::Dropping,
        Self::Hibernating,
        Self::Waking,
        Self::Autoscaling,
        Self::BackingUp,
        Self::Restoring,
        Self::Deleting,
    ];

    /// The platform that it is about, as it was made.
    fn platform(self) -> SocialPlatform {
        if self == Self::BackingUp {
            return external();
        }
        let mut resource = development();
        if self == Self::Restoring {
            resource.spec.bootstrap = example::restored().spec.bootstrap;
        }
        if self == Self::Deleting {
            resource.spec.lifecycle = Some(LifecycleSpec { deletion_policy: Some(DeletionPolicy::Delete), ..LifecycleSpec::default() });
        }
        if self == Self::Creating {
            // What a platform is made with is no rotation, wherever its first operator died: the same Secrets are in use.
            resource.spec.lifecycle = Some(LifecycleSpec { rotation: Some("1".to_owned()), ..LifecycleSpec::default() });
        }
        if self == Self::Autoscaling {
            let social = Some(ComponentSpec { replicas: Some(PODS), ..ComponentSpec::default() });
            resource.spec.components = Some(ComponentsSpec { social, ..ComponentsSpec::default() });
        }
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
            Self::Creating | Self::BackingUp | Self::Restoring | Self::Deleting => json!({}),
            Self::Upgrading => json!({ "version": "2.0.0" }),
            Self::Rotating => json!({ "lifecycle": { "rotation": "1" } }),
            Self::Dropping => {
                let exposure = json!({ "mode": "Gateway", "ingress": null, "gateway": { "parentRefs": [{ "name": "public" }] } });
                let social = json!({ "replicas": 1, "autoscaling": null });
                let components = json!({ "auth": null, "photo": null, "relation": null, "social": social });
                json!({ "components": components, "observability": null, "exposure": exposure })
            }
            Self::Hibernating => json!({ "lifecycle": { "hibernated": true } }),
            Self::Waking => json!({ "lifecycle": { "hibernated": false } }),
            Self::Autoscaling => {
                json!({ "components": { "social": { "replicas": null, "autoscaling": { "minReplicas": 2, "maxReplicas": 8 } } } })
            }
        }
    }

    /// Brings a platform to where the work begins; without an effect where it begins with none.
    pub async fn prepare(self, harness: &Harness) {
        match self {
            Self::Creating | Self::Deleting => return,
            Self::Restoring => {
                harness.create(&key_of_the_old_platform()).await;
                return;
            }
            Self::BackingUp => harness.player.jobs(Jobs::Report(report())),
            _ => {}
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
            Self::Creating | Self::Restoring | Self::Deleting => {
                harness.create(&self.platform()).await;
            }
            Self::BackingUp => {
                harness.create(&example::backup()).await;
            }
            _ => {
                harness.edit::<SocialPlatform>("demo", json!({ "spec": self.change() })).await;
            }
        }
    }

    /// Fails if `end` is not what the work is for. That all ends are the same would not show it.
    pub fn judge(self, end: &[String]) {
        let replicas = format!(r#""replicas":{PODS}"#);
        let has_its_pods = |object: &String| object.contains(r#""name":"demo-social""#) && object.contains(&replicas);
        assert!(self != Self::Autoscaling || end.iter().any(has_its_pods), "{end:#?}");
    }

    /// What happens while no operator lives.
    pub async fn meanwhile(self, harness: &Harness) {
        if self == Self::Deleting {
            harness.api::<SocialPlatform>().delete("demo", &DeleteParams::background()).await.unwrap();
        }
    }
}

/// An operator with this death before it.
pub fn operate(harness: &Harness, death: &Death) -> Operator {
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(death).build())
}

/// Waits until the platform is as its spec says: asleep, or running its version with the passwords and keys that it asks for, what
/// it began with restored, and what it was asked for backed up. One that is not there has nothing to wait for.
pub async fn settled(harness: &Harness) {
    let Some(platform) = harness.api::<SocialPlatform>().get_opt("demo").await.unwrap() else { return };
    if platform.is_hibernated() {
        harness.wait_for("Ready", "True", "Hibernated").await;
        return;
    }
    if platform.spec.exposure.mode == ExposureMode::Gateway {
        // The Ingress goes when a Gateway has taken the route, and nothing comes after this.
        tokio::select! {
            _ = harness.wait_for("Exposed", "True", "RouteAccepted") => {}
            () = optional_kinds::play(harness.api()) => {}
        }
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
    if platform.spec.bootstrap.is_some() {
        harness.wait_for("BackupRestored", "True", "Restored").await;
        eventually("what only the restore needed is gone", || async {
            let left = everything(harness).await.into_iter().find(|object| object.contains(r#""name":"demo-restore""#));
            left.map_or(Ok(()), Err)
        })
        .await;
    }
    eventually("each backup is verified, and the platform knows of it", || async {
        let backups = harness.api::<SocialPlatformBackup>().list(&ListParams::default()).await.unwrap().items;
        let platform: SocialPlatform = harness.get("demo").await;
        let known = platform.status.and_then(|status| status.backups?.last_verified);
        let is_done = |backup: &SocialPlatformBackup| backup.is_verified() && known == Some(backup.name_any());
        match backups.iter().find(|backup| !is_done(backup)) {
            None => Ok(()),
            Some(backup) => Err(format!("{:?}", backup.status)),
        }
    })
    .await;
}
