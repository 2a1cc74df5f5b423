use contracts::backup::BackupReport;
use jiff::Timestamp;
use sqlx::PgConnection;

use crate::manifest::{Manifest, sha256};
use crate::owner::{Owner, rows};
use crate::scratch::{Scratch, goodbye, lock};
use crate::{BackupError, Store, dump, objects, prune};

/// What to back up, where to, and under which name.
pub struct Plan {
    /// The platform's database.
    pub owner: Owner,
    /// The platform's bucket.
    pub objects: Store,
    /// Where backups lie.
    pub destination: Store,
    /// The name of this one. One that is there and verified is left as it is.
    pub name: String,
    /// What no other platform is called. Only backups that say the same are deleted.
    pub platform: Option<String>,
    /// Which older ones to delete afterwards.
    pub keep: Option<Keep>,
}

/// How many backups to keep.
pub struct Keep {
    /// What the names of those begin with that belong together; a time such as `20261129t020000z` follows.
    pub series: String,
    /// How many verified ones of them.
    pub newest: usize,
}

/// Backs up the database and the photos, restores the dump into a scratch database, and compares. A run that was killed is
/// run again, and uses the copies that it finds.
///
/// # Errors
///
/// If something cannot be read or written, or is not what it should be: then there is no verified backup of this name.
pub async fn back_up(plan: &Plan) -> Result<BackupReport, BackupError> {
    let Plan { owner, destination, name, .. } = plan;
    let key = Manifest::key(name);
    let known = destination.get(&key).await?.map(|json| Manifest::parse(&json)).transpose()?;
    let manifest = match known {
        Some(whole) if whole.verified_at.is_some() => whole,
        _ => {
            let begun = Manifest::begun(plan.platform.clone(), Timestamp::now());
            // From here on it can be found, and deleted, whatever becomes of it.
            destination.put(&key, begun.json().into()).await?;
            let mut connection = owner.connect().await?;
            lock(&mut connection).await?;
            let scratch = Scratch::make(&mut connection, owner).await?;
            let made = make(plan, &mut connection, &scratch, begun).await;
            // This one may still hold a snapshot, or have been forgotten by the network in hours of silence.
            let dropped = match owner.connect().await {
                Ok(mut fresh) => scratch.drop(&mut fresh).await,
                Err(error) => Err(error),
            };
            goodbye(connection).await;
            let mut whole = made?;
            dropped?;
            whole.verified_at = Some(Timestamp::now());
            destination.put(&key, whole.json().into()).await?;
            whole
        }
    };
    if let Some(keep) = &plan.keep
        && let Err(error) = prune::prune(destination, keep, plan.platform.as_deref(), name).await
    {
        // This one is good all the same, and the next one tries again.
        tracing::warn!(%error, "failed to delete old backups");
    }
    Ok(report(&manifest, destination, name))
}

/// Everything but the last word of the manifest.
async fn make(plan: &Plan, connection: &mut PgConnection, scratch: &Scratch, mut manifest: Manifest) -> Result<Manifest, BackupError> {
    let Plan { owner, objects: source, destination, name, .. } = plan;

    let snapshot = begin(connection).await?;
    manifest.rows = rows(connection).await?;
    manifest.database = dump::dump(owner, &snapshot, destination, name).await?;
    end(connection).await?;
    tracing::info!(bytes = manifest.database.bytes, rows = manifest.total_rows(), "dumped the database");

    dump::restore(owner, scratch.name(), destination, name, &manifest.database).await?;
    let mut restored = owner.connect_to(scratch.name()).await?;
    if rows(&mut restored).await? != manifest.rows {
        return Err(BackupError::Differs { what: "the number of rows in the restored dump".to_owned() });
    }
    tracing::info!("restored the dump into {}, and counted its rows", scratch.name());

    manifest.objects = objects::copy(&mut restored, source, destination, name).await?;
    goodbye(restored).await;
    objects::verify(destination, name, &manifest.objects).await?;
    tracing::info!(objects = manifest.objects.count, missing = manifest.objects.missing, "compared all objects");
    Ok(manifest)
}

/// Begins a transaction that sees one moment, and lets `pg_dump` see the same one.
async fn begin(connection: &mut PgConnection) -> Result<String, BackupError> {
    let failed = "take a snapshot of the database";
    sqlx::raw_sql("begin isolation level repeatable read, read only")
        .execute(&mut *connection)
        .await
        .map_err(BackupError::database(failed))?;
    sqlx::query_scalar("select pg_export_snapshot()").fetch_one(connection).await.map_err(BackupError::database(failed))
}

async fn end(connection: &mut PgConnection) -> Result<(), BackupError> {
    sqlx::raw_sql("commit").execute(connection).await.map(drop).map_err(BackupError::database("end the snapshot of the database"))
}

/// What there is to say of a backup.
pub(crate) fn report(manifest: &Manifest, destination: &Store, name: &str) -> BackupReport {
    BackupReport {
        location: destination.location(name),
        checksum: sha256(&manifest.json()),
        bytes: manifest.database.bytes + manifest.objects.bytes,
        rows: manifest.total_rows(),
        objects: manifest.objects.count,
        missing: manifest.objects.missing,
        verified: manifest.verified_at.is_some(),
    }
}
