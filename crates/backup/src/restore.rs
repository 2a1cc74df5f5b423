use contracts::backup::BackupReport;
use sqlx::PgConnection;

use crate::back_up::report;
use crate::manifest::Manifest;
use crate::owner::{Owner, rows, schemas};
use crate::scratch::{goodbye, lock};
use crate::{BackupError, Store, dump, objects};

/// Where photo keeps its objects.
const PHOTOS: &str = "blobs/";

/// What to restore, and into which new platform.
pub struct RestorePlan {
    /// The new platform's database, which must be empty.
    pub owner: Owner,
    /// Whether somebody else has made the roles of the services: then the owner needs no right to make any.
    pub are_roles_given: bool,
    /// The new platform's bucket, which must have no photos.
    pub objects: Store,
    /// Where backups lie.
    pub origin: Store,
    /// The name of the backup.
    pub name: String,
}

/// What the new database holds.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing.
    Empty,
    /// Everything, and perhaps not all objects.
    Filled,
    /// Everything; since then the platform may have gone on.
    Restored,
}

/// Fills an empty database and a bucket from a backup. A run that was killed is run again, and goes on; one that went through
/// changes nothing any more, and needs the backup no longer: then there may be nothing to report. Services can log in after the
/// migrations, which set their passwords.
///
/// # Errors
///
/// If the database or the bucket is not empty, the backup is not whole, or anything cannot be read or written.
pub async fn restore(plan: &RestorePlan) -> Result<Option<BackupReport>, BackupError> {
    let RestorePlan { owner, are_roles_given, objects: target, origin, name } = plan;
    let mut connection = owner.connect().await?;
    lock(&mut connection).await?;
    let standing = standing(&mut connection, owner.database(), name).await?;
    tracing::info!(?standing, backup = name, "looked at the database");
    if standing == Standing::Restored {
        goodbye(connection).await;
        return Ok(whole(origin, name).await.ok().map(|manifest| report(&manifest, origin, name)));
    }
    let manifest = whole(origin, name).await?;
    if standing == Standing::Empty {
        vacant(target).await?;
        begin(&mut connection, name).await?;
        dump::restore(owner, owner.database(), origin, name, &manifest.database).await?;
    }
    match *are_roles_given {
        true => database::make_schemas(&mut connection).await?,
        false => database::provision(&mut connection, &[]).await?,
    }
    database::adopt(&mut connection).await.map_err(BackupError::database("give the services their rights"))?;
    if rows(&mut connection).await? != manifest.rows {
        return Err(BackupError::Differs { what: "the number of rows in the database".to_owned() });
    }
    objects::bring_back(origin, name, &manifest.objects, target).await?;
    // The network may have forgotten the other one in hours of silence.
    end(&mut owner.connect().await?, name).await?;
    goodbye(connection).await;
    Ok(Some(report(&manifest, origin, name)))
}

/// The manifest of a backup that was verified.
async fn whole(origin: &Store, name: &str) -> Result<Manifest, BackupError> {
    let manifest = origin.get(&Manifest::key(name)).await?.map(|json| Manifest::parse(&json)).transpose()?;
    manifest
        .filter(|manifest| manifest.verified_at.is_some())
        .ok_or_else(|| BackupError::NoBackup { location: origin.location(&Manifest::key(name)) })
}

/// Refuses a bucket that holds photos while the database holds nothing: they are another platform's.
async fn vacant(target: &Store) -> Result<(), BackupError> {
    match target.list(PHOTOS, None).await?.keys.is_empty() {
        true => Ok(()),
        false => Err(BackupError::BucketNotEmpty { location: target.location(PHOTOS) }),
    }
}

/// Whether the database is empty, or holds what an earlier run of the same restore has left. The dump comes in one transaction,
/// so schemas that are there are whole.
async fn standing(connection: &mut PgConnection, database: &str, name: &str) -> Result<Standing, BackupError> {
    let failed = "look what is in the database";
    let (marked, filled): (bool, bool) = sqlx::query_as(
        "select to_regclass('backup.restored') is not null,
             exists (select from pg_catalog.pg_namespace where nspname::text = any($1))",
    )
    .bind(schemas())
    .fetch_one(&mut *connection)
    .await
    .map_err(BackupError::database(failed))?;
    let marker: Option<(String, bool)> = match marked {
        true => sqlx::query_as("select name, ended_at is not null from backup.restored")
            .fetch_optional(connection)
            .await
            .map_err(BackupError::database(failed))?,
        false => None,
    };
    judge(marker, filled, database, name)
}

fn judge(marker: Option<(String, bool)>, filled: bool, database: &str, name: &str) -> Result<Standing, BackupError> {
    let database = database.to_owned();
    match marker {
        Some((other, _)) if other != name => Err(BackupError::OtherBackup { database, other }),
        Some((_, true)) => Ok(Standing::Restored),
        Some(_) if filled => Ok(Standing::Filled),
        None if filled => Err(BackupError::NotEmpty { database }),
        _ => Ok(Standing::Empty),
    }
}

/// Notes that this backup, and no other, is being restored here.
async fn begin(connection: &mut PgConnection, name: &str) -> Result<(), BackupError> {
    let failed = "note the beginning of the restore";
    sqlx::raw_sql(
        "create schema if not exists backup;
         create table if not exists backup.restored (
             name text primary key,
             begun_at timestamptz not null default clock_timestamp(),
             ended_at timestamptz
         )",
    )
    .execute(&mut *connection)
    .await
    .map_err(BackupError::database(failed))?;
    sqlx::query("insert into backup.restored (name) values ($1) on conflict do nothing")
        .bind(name)
        .execute(connection)
        .await
        .map(drop)
        .map_err(BackupError::database(failed))
}

async fn end(connection: &mut PgConnection, name: &str) -> Result<(), BackupError> {
    sqlx::query("update backup.restored set ended_at = clock_timestamp() where name = $1")
        .bind(name)
        .execute(connection)
        .await
        .map(drop)
        .map_err(BackupError::database("note the end of the restore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(marker: Option<(&str, bool)>, filled: bool) -> Result<Standing, &'static str> {
        let marker = marker.map(|(name, ended)| (name.to_owned(), ended));
        judge(marker, filled, "app", "monday").map_err(|error| error.reason())
    }

    #[test]
    fn only_an_empty_database_is_restored_into() {
        assert_eq!(judged(None, false), Ok(Standing::Empty));
        assert_eq!(judged(None, true), Err("DatabaseNotEmpty"));
        assert_eq!(judged(Some(("tuesday", false)), false), Err("DatabaseNotEmpty"));
    }

    #[test]
    fn a_restore_that_was_killed_goes_on() {
        assert_eq!(judged(Some(("monday", false)), false), Ok(Standing::Empty));
        assert_eq!(judged(Some(("monday", false)), true), Ok(Standing::Filled));
        assert_eq!(judged(Some(("monday", true)), true), Ok(Standing::Restored));
    }

    #[tokio::test]
    async fn a_bucket_with_photos_is_another_platforms() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::in_folder(root.path().to_owned());
        store.put("uploads/a", "a".into()).await.unwrap();
        vacant(&store).await.unwrap();
        store.put("blobs/a.original", "a".into()).await.unwrap();
        assert_eq!(vacant(&store).await.unwrap_err().reason(), "BucketNotEmpty");
    }
}
