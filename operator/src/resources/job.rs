//! Pods that run to their end.

use contracts::backup::LONGEST_BACKUP;
use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};

use super::metadata::owned;
use super::pod;
use crate::components::{Component, PROGRAM_FOLDER};
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
            // It ends an attempt whose pod cannot start, too.
            active_deadline_seconds: Some(platform.migration_deadline_seconds),
            template,
            ..JobSpec::default()
        }),
        status: None,
    }
}

/// A backup, or a restore. Kubernetes repeats it a few times: what is run again goes on.
pub fn beside_postgres(platform: &Platform, component: &Component, name: &str, configuration: &str) -> Job {
    Job {
        metadata: owned(platform, component.name, name),
        spec: Some(JobSpec {
            backoff_limit: Some(3),
            active_deadline_seconds: i64::try_from(LONGEST_BACKUP.as_secs()).ok(),
            template: with_program(platform, pod::template(platform, component, configuration)),
            ..JobSpec::default()
        }),
        status: None,
    }
}

/// The pod whose first container copies the platform's program to where the second one, which has PostgreSQL's, runs it.
fn with_program(platform: &Platform, mut template: PodTemplateSpec) -> PodTemplateSpec {
    if let Some(pod) = &mut template.spec {
        pod.restart_policy = Some("Never".to_owned());
        pod.init_containers = pod.containers.first().map(|container| {
            vec![Container {
                name: "install".to_owned(),
                image: Some(platform.image.clone()),
                command: Some(["/social-platform", "install", PROGRAM_FOLDER].map(str::to_owned).into()),
                env: None,
                ..container.clone()
            }]
        });
    }
    template
}
