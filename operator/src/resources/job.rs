//! Pods that run to their end.

use k8s_openapi::api::batch::v1::{Job, JobSpec};

use super::metadata::owned;
use super::pod;
use crate::components::Component;
use crate::migration::{ATTEMPT_LABEL, KEY_LABEL, VERSION_LABEL, job_name};
use crate::platform::Platform;

/// One attempt at the migrations of this release. Kubernetes does not repeat it: the operator does, with a new Job, so
/// that each attempt can be read. It has no time to live, because an attempt that vanished would be made again.
pub fn migration(platform: &Platform, component: &Component, configuration: &str, key: &str, number: u32) -> Job {
    let mut metadata = owned(platform, component.name, &job_name(&platform.name, &platform.version, key, number));
    metadata.labels.get_or_insert_default().extend([
        (VERSION_LABEL.to_owned(), platform.version.clone()),
        (KEY_LABEL.to_owned(), key.to_owned()),
        (ATTEMPT_LABEL.to_owned(), number.to_string()),
    ]);
    let mut template = pod::template(platform, component, configuration);
    if let Some(pod) = &mut template.spec {
        pod.restart_policy = Some("Never".to_owned());
    }
    Job {
        metadata,
        spec: Some(JobSpec {
            backoff_limit: Some(0),
            // Above what a migration takes; it ends an attempt whose pod cannot start.
            active_deadline_seconds: Some(1800),
            template,
            ..JobSpec::default()
        }),
        status: None,
    }
}
