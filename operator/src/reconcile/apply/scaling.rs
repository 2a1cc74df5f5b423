//! Deployments under an autoscaler: how many pods run is not the operator's to say.
//!
//! With server-side apply, a field that its only owner leaves out goes back to its default: `replicas` would become 1 at the
//! moment an autoscaler is switched on. So before the operator lets go of the field, a second field manager takes it over
//! at the value that it has.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::ResourceExt;

use super::writer::{Error, Writer, find};
use crate::resources::deployment::{AUTOSCALER, SCALED_BY, replicas};

/// Applies the services; those that one of `autoscalers` is about keep the number of pods that they have.
pub(super) async fn apply(
    writer: &mut Writer<'_>,
    desired: Vec<Deployment>,
    autoscalers: &[HorizontalPodAutoscaler],
    live: &[Arc<Deployment>],
) -> Result<Vec<Deployment>, Error> {
    let mut applied = Vec::with_capacity(desired.len());
    for deployment in desired {
        let name = deployment.name_any();
        let live = find(live, &name);
        let autoscaler = autoscalers.iter().find(|autoscaler| autoscaler.name_any() == name);
        applied.push(match least(autoscaler) {
            None => writer.apply_one(deployment, live).await?,
            Some(least) => under_autoscaler(writer, deployment, least, live).await?,
        });
    }
    Ok(applied)
}

/// The least number of pods that an autoscaler allows.
fn least(autoscaler: Option<&HorizontalPodAutoscaler>) -> Option<i32> {
    autoscaler?.spec.as_ref().map(|spec| spec.min_replicas.unwrap_or(1))
}

async fn under_autoscaler(
    writer: &mut Writer<'_>,
    desired: Deployment,
    least: i32,
    live: Option<Arc<Deployment>>,
) -> Result<Deployment, Error> {
    let Some(live) = live else {
        // A new one begins with one pod, unless it is told otherwise; one that was only out of sight has as many as it has.
        let mut made = writer.apply_one(desired, None).await?;
        let Some(replicas) = handed_over(&made, least) else { return Ok(made) };
        // Its controller writes to it at once, and nobody has decided on its pods yet.
        made.metadata.resource_version = None;
        return writer.scale(&made, replicas).await;
    };
    match handed_over(&live, least) {
        Some(replicas) => {
            let live = writer.scale(&live, replicas).await?;
            writer.apply_one(desired, Some(Arc::new(live))).await
        }
        None => writer.apply_one(desired, Some(live)).await,
    }
}

/// The value at which `replicas` has to be taken over before it is left out; none if the autoscaler has it already. What stands
/// below the least number has not been looked at by any: it is new, and whoever made it came no further; or it is at 0, for which
/// an autoscaler does nothing, so this is also how a platform wakes.
fn handed_over(live: &Deployment, least: i32) -> Option<i32> {
    let is_scaled = live.annotations().get(SCALED_BY).is_some_and(|by| by == AUTOSCALER);
    match replicas(live) {
        0 => Some(least),
        replicas if is_scaled => (replicas < least).then_some(least),
        replicas => Some(replicas),
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::DeploymentSpec;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;

    fn live(replicas: i32, scaled_by: Option<&str>) -> Deployment {
        let annotations = scaled_by.map(|by| [(SCALED_BY.to_owned(), by.to_owned())].into());
        Deployment {
            metadata: ObjectMeta { annotations, ..ObjectMeta::default() },
            spec: Some(DeploymentSpec { replicas: Some(replicas), ..DeploymentSpec::default() }),
            status: None,
        }
    }

    #[test]
    fn the_number_of_pods_is_handed_over_once_and_as_it_is() {
        assert_eq!(handed_over(&live(5, None), 2), Some(5));
        assert_eq!(handed_over(&live(5, Some(AUTOSCALER)), 2), None);
    }

    #[test]
    fn what_was_made_and_told_no_number_gets_the_least() {
        assert_eq!(handed_over(&live(1, Some(AUTOSCALER)), 2), Some(2));
        assert_eq!(handed_over(&live(2, Some(AUTOSCALER)), 2), None);
    }

    #[test]
    fn what_sleeps_wakes_with_the_least_number() {
        assert_eq!(handed_over(&live(0, None), 2), Some(2));
        assert_eq!(handed_over(&live(0, Some(AUTOSCALER)), 2), Some(2));
    }
}
