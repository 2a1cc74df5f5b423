//! `social-platform backup` and `social-platform restore`: beside PostgreSQL's own programs, on a plain server or in a pod.

use std::path::{Path, PathBuf};

use ::backup::{BackupError, Bucket, Keep, Owner, Plan, RestorePlan, Store};
use contracts::backup::BackupReport;
use telemetry::{Telemetry, TelemetryConfig};

use crate::migrate::{Roles, TERMINATION_LOG};
use crate::{Failure, logged, with_causes};

/// The authorities that everybody trusts, in the image and on most systems.
const AUTHORITIES: &str = "ca-certificates.crt";

/// A platform's database and bucket.
#[derive(clap::Args)]
struct Platform {
    /// The database, as its owner.
    #[arg(long, env = "OWNER_DATABASE_URL", hide_env_values = true)]
    owner_database_url: String,
    /// The folder of `pg_dump` and `pg_restore`, of the server's version. They are found by the PATH, unless set.
    #[arg(long, env = "PG_BIN")]
    pg_bin: Option<PathBuf>,
    /// Base URL of the store of the photos, such as `https://s3.example.org`.
    #[arg(long, env = "S3_ENDPOINT")]
    s3_endpoint: String,
    /// The bucket of the photos.
    #[arg(long, env = "S3_BUCKET")]
    s3_bucket: String,
    /// The region that requests are signed for; many stores take any.
    #[arg(long, env = "S3_REGION", default_value = "us-east-1")]
    s3_region: String,
    /// The access key.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    aws_access_key_id: String,
    /// The secret of the access key.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    aws_secret_access_key: String,
}

/// Where backups lie: a folder, or a bucket.
#[derive(clap::Args)]
struct Kept {
    /// A folder of this machine.
    #[arg(long, env = "BACKUP_FOLDER", conflicts_with = "backup_endpoint", required_unless_present = "backup_endpoint")]
    folder: Option<PathBuf>,
    /// Base URL of a store that speaks S3; then the bucket and the keys are needed too.
    #[arg(long, env = "BACKUP_ENDPOINT", requires_all = ["backup_bucket", "backup_access_key_id", "backup_secret_access_key"])]
    backup_endpoint: Option<String>,
    /// Its bucket.
    #[arg(long, env = "BACKUP_BUCKET")]
    backup_bucket: Option<String>,
    /// What the keys of all backups begin with.
    #[arg(long, env = "BACKUP_PREFIX", default_value = "")]
    backup_prefix: String,
    /// The region that requests are signed for.
    #[arg(long, env = "BACKUP_REGION", default_value = "us-east-1")]
    backup_region: String,
    /// The access key.
    #[arg(long, env = "BACKUP_ACCESS_KEY_ID", hide_env_values = true)]
    backup_access_key_id: Option<String>,
    /// Its secret.
    #[arg(long, env = "BACKUP_SECRET_ACCESS_KEY", hide_env_values = true)]
    backup_secret_access_key: Option<String>,
}

/// What to back up, and where to.
#[derive(clap::Args)]
pub(crate) struct BackupConfig {
    #[command(flatten)]
    telemetry: TelemetryConfig,
    #[command(flatten)]
    platform: Platform,
    #[command(flatten)]
    kept: Kept,
    /// The name of the backup. One that is there and verified is left as it is.
    #[arg(long, env = "BACKUP_NAME", value_parser = name)]
    name: String,
    /// What no other platform is called whose backups lie there too. Older backups are deleted only if they say the same.
    #[arg(long, env = "BACKUP_PLATFORM_ID")]
    platform_id: Option<String>,
    /// Delete older backups whose names are this and a time such as `20261129t020000z`, as far as `--keep` allows.
    #[arg(long, env = "BACKUP_SERIES", requires = "keep")]
    series: Option<String>,
    /// Verified backups of the series to keep.
    #[arg(long, env = "BACKUP_KEEP", requires = "series")]
    keep: Option<usize>,
}

/// What to restore, and into what.
#[derive(clap::Args)]
pub(crate) struct RestoreConfig {
    #[command(flatten)]
    telemetry: TelemetryConfig,
    #[command(flatten)]
    platform: Platform,
    #[command(flatten)]
    kept: Kept,
    /// The name of the backup.
    #[arg(long, env = "BACKUP_NAME", value_parser = name)]
    name: String,
    /// Who makes the roles of the services.
    #[arg(long, env = "ROLES", default_value = "Made")]
    roles: Roles,
}

/// Where to copy the program to.
#[derive(clap::Args)]
pub(crate) struct InstallConfig {
    /// A folder, which must be there.
    folder: PathBuf,
}

pub(crate) async fn back_up(config: BackupConfig) -> Result<(), Failure> {
    let telemetry = Telemetry::init("backup", &config.telemetry)?;
    let keep = config.series.zip(config.keep).map(|(series, newest)| Keep { series, newest });
    let work = async {
        let owner = config.platform.owner()?;
        let (objects, destination) = (config.platform.objects(), config.kept.store());
        let (name, platform) = (config.name, config.platform_id);
        ::backup::back_up(&Plan { owner, objects, destination, name, platform, keep }).await.map(Some)
    };
    logged(telemetry, async { tell(work.await) }).await
}

pub(crate) async fn restore(config: RestoreConfig) -> Result<(), Failure> {
    let telemetry = Telemetry::init("restore", &config.telemetry)?;
    let work = async {
        let owner = config.platform.owner()?;
        let (objects, origin) = (config.platform.objects(), config.kept.store());
        let are_roles_given = config.roles == Roles::Given;
        ::backup::restore(&RestorePlan { owner, are_roles_given, objects, origin, name: config.name }).await
    };
    logged(telemetry, async { tell(work.await) }).await
}

/// Copies what a container of PostgreSQL's image needs to run this program.
pub(crate) fn install(config: &InstallConfig) -> Result<(), Failure> {
    let copy = |from: &Path, name: &str| {
        let to = config.folder.join(name);
        std::fs::copy(from, &to).map(drop).map_err(|error| format!("failed to copy {} to {}: {error}", from.display(), to.display()))
    };
    copy(&std::env::current_exe()?, "social-platform")?;
    Ok(copy(&Path::new("/etc/ssl/certs").join(AUTHORITIES), AUTHORITIES)?)
}

/// Says what came of it: to whoever reads the output, and to the operator, which takes JSON for a report and a word before a colon
/// for the reason of a failure. Outside of a pod there is no such file to write.
fn tell(outcome: Result<Option<BackupReport>, BackupError>) -> Result<(), Failure> {
    match outcome {
        Ok(None) => Ok(()),
        Ok(Some(report)) => {
            let json = serde_json::to_string(&report)?;
            let _ = std::fs::write(TERMINATION_LOG, &json);
            println!("{json}");
            Ok(())
        }
        Err(error) => {
            let _ = std::fs::write(TERMINATION_LOG, format!("{}: {}", error.reason(), with_causes(&error)));
            Err(error.into())
        }
    }
}

impl Platform {
    fn owner(&self) -> Result<Owner, BackupError> {
        Owner::new(&self.owner_database_url, self.pg_bin.clone())
    }

    fn objects(&self) -> Store {
        Store::in_bucket(&Bucket {
            endpoint: self.s3_endpoint.clone(),
            region: self.s3_region.clone(),
            bucket: self.s3_bucket.clone(),
            prefix: String::new(),
            access_key_id: self.aws_access_key_id.clone(),
            secret_access_key: self.aws_secret_access_key.clone(),
        })
    }
}

impl Kept {
    fn store(&self) -> Store {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        match &self.folder {
            Some(folder) => Store::in_folder(folder.clone()),
            None => Store::in_bucket(&Bucket {
                endpoint: text(&self.backup_endpoint),
                region: self.backup_region.clone(),
                bucket: text(&self.backup_bucket),
                prefix: self.backup_prefix.clone(),
                access_key_id: text(&self.backup_access_key_id),
                secret_access_key: text(&self.backup_secret_access_key),
            }),
        }
    }
}

/// A name that is a part of a key, and of a path.
fn name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    match !text.is_empty() && text.len() <= 253 && text.chars().all(allowed) && text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        true => Ok(text.to_owned()),
        false => Err("a name is made of a-z, 0-9, - and ., begins with a letter or a digit, and is at most 253 long".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_folder() {
        assert!(name("demo-20261129t020000").is_ok());
        for bad in ["", "..", "../a", "a/b", "A", "-a"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
