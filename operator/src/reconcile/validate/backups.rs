//! Where backups go, which is due, and which one a new platform begins with.

use contracts::backup::{KEEP_DELETED, LONGEST_BACKUP};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;

use super::secrets::read;
use super::{Problem, endpoint};
use crate::backups::{Due, KEEP, is_making_scheduled, slot};
use crate::crd::BackupDestinationSpec;
use crate::drift::hash_parts;
use crate::platform::{Backup, Destination, Origin};
use crate::reconcile::Cluster;
use crate::reconcile::conditions::BACKUP_RESTORED;
use crate::schedule::Schedule;
use crate::secrets::key_encryption;

// A backup must end before photo deletes what it has still to copy.
const _: () = assert!(LONGEST_BACKUP.as_secs() < KEEP_DELETED.as_secs());

pub(super) fn backup(cluster: &Cluster) -> Result<Option<Backup>, Problem> {
    let resource = &*cluster.resource;
    let name = resource.name_any();
    let Some(spec) = &resource.spec.backup else { return Ok(None) };
    let schedule = spec.schedule.as_deref().map(|text| {
        let wrong = |wrong: String| Problem::in_spec("InvalidSchedule", format!("backup.schedule is {text:?}: {wrong}, as in `0 2 * * *`"));
        Schedule::parse(text).map_err(wrong)
    });
    let schedule = schedule.transpose()?;
    let created = resource.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let last = resource.status.as_ref().and_then(|status| status.backups.as_ref()?.last_scheduled_at.as_ref().map(|time| time.0));
    Ok(Some(Backup {
        postgres_image: spec.postgres_image.clone(),
        destination: destination(cluster, "backup.destination.endpoint", &spec.destination)?,
        slot: schedule.as_ref().filter(|_| created.is_some()).and_then(|schedule| slot(schedule, last.max(created), cluster.now)),
        is_making: is_making_scheduled(&cluster.backups),
        schedule,
        keep: spec.keep.and_then(|keep| usize::try_from(keep).ok()).unwrap_or(KEEP),
        due: Due::among(&name, &cluster.backups).filter(|due| due.may_go(&name, &cluster.unreadable_backups, &cluster.children.jobs)),
    }))
}

/// None, once it was restored, or the database was migrated, which comes after it. A key that was made anew would read nothing of what
/// the backup holds, so the old one comes first.
pub(super) fn origin(cluster: &Cluster) -> Result<Option<Origin>, Problem> {
    let resource = &*cluster.resource;
    let is_restored = |it: &Condition| it.type_ == BACKUP_RESTORED && it.status == "True";
    let is_begun = resource.status.as_ref().is_some_and(|it| it.migration.is_some() || it.conditions.iter().any(is_restored));
    match &resource.spec.bootstrap {
        Some(bootstrap) if !is_begun => {
            let from = &bootstrap.from_backup;
            let source = destination(cluster, "bootstrap.fromBackup.source.endpoint", &from.source)?;
            let key = key_encryption(&resource.name_any());
            match cluster.generated.contains_key(&key) {
                true => Ok(Some(Origin { name: from.name.clone(), postgres_image: from.postgres_image.clone(), source })),
                false => Err(key_missing(&key, &cluster.namespace())),
            }
        }
        _ => Ok(None),
    }
}

fn key_missing(key: &str, namespace: &str) -> Problem {
    let message = format!(
        "Secret {key} is not in namespace {namespace}: without the key of the platform that was backed up, auth cannot read what is \
         restored. Copy it, with that platform's name in place of OLD: kubectl get secret OLD-key-encryption -n {namespace} -o json | jq \
         '{{apiVersion, kind, type, data, metadata: {{name: \"{key}\"}}}}' | kubectl apply -n {namespace} -f -"
    );
    Problem::in_secret("SecretMissing", message)
}

fn destination(cluster: &Cluster, field: &str, spec: &BackupDestinationSpec) -> Result<Destination, Problem> {
    let name = &spec.credentials_secret_ref.name;
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let values = read(cluster, name, keys)?;
    Ok(Destination {
        endpoint: endpoint(field, &spec.endpoint)?,
        bucket: spec.bucket.clone(),
        prefix: spec.prefix.clone(),
        region: spec.region.clone(),
        secret: name.clone(),
        fingerprint: hash_parts(keys.iter().copied().zip(values.iter().map(String::as_bytes))),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::crd::{MigrationStatus, SocialPlatformStatus};
    use crate::example::{minimal, restored};
    use crate::fixtures::cluster;
    use crate::reconcile::conditions::{Finding, SECRETS_RESOLVED, Truth, merged};
    use crate::reconcile::validate::tests::problem;
    use crate::reconcile::validate::validate;

    #[test]
    fn a_platform_begins_once() {
        let mut resource = minimal();
        resource.spec.bootstrap = restored().spec.bootstrap;
        assert!(validate(&cluster(resource.clone())).unwrap().origin.is_some());
        let migration = MigrationStatus { version: "1.2.3".into(), job: "demo-migrate-1-2-3-0-1".into(), completed_at: None };
        resource.status = Some(SocialPlatformStatus { migration: Some(migration), ..SocialPlatformStatus::default() });
        assert!(validate(&cluster(resource.clone())).unwrap().origin.is_none());

        // Whatever becomes of the Job and of the Secret before the migration is through.
        let finding = |truth| Finding::new(BACKUP_RESTORED, truth, "Told", "what was seen");
        for (truth, is_over) in [(Truth::False, false), (Truth::Unknown, false), (Truth::True, true)] {
            let conditions = merged(&[], vec![finding(truth)], Some(1), Timestamp::UNIX_EPOCH);
            resource.status = Some(SocialPlatformStatus { conditions, ..SocialPlatformStatus::default() });
            assert_eq!(validate(&cluster(resource.clone())).unwrap().origin.is_none(), is_over, "{truth:?}");
        }
    }

    #[test]
    fn nothing_is_restored_without_the_key_of_the_platform_that_was_backed_up() {
        let mut resource = minimal();
        resource.spec.bootstrap = restored().spec.bootstrap;
        let mut cluster = cluster(resource);
        cluster.generated.remove("demo-key-encryption");
        let problem = problem(&cluster);
        assert_eq!((problem.condition, problem.reason, problem.stalled), (SECRETS_RESOLVED, "SecretMissing", false));
        let command = "| jq '{apiVersion, kind, type, data, metadata: {name: \"demo-key-encryption\"}}' | kubectl apply -n social -f -";
        assert!(problem.message.contains(command), "{}", problem.message);
    }
}
