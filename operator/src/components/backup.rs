//! Backups and restores: the platform's program beside PostgreSQL's own, in PostgreSQL's image.

use k8s_openapi::api::core::v1::EnvVar;

use super::photo::{MAX_BYTES, MEBIBYTE};
use super::{Call, Callee, Component, MIGRATE, Probes, database_call, photo, resources, signals, trust};
use crate::backups::series;
use crate::crd::PhotosSpec;
use crate::platform::{Database, Destination, Outside, Platform, Scale};
use crate::resources::env;
use crate::secrets::Credentials;

/// The component that backs up.
pub const BACKUP: &str = "backup";
/// The component that restores.
pub const RESTORE: &str = "restore";
/// Where the program is in a container whose image is another's.
pub const PROGRAM_FOLDER: &str = "/program";

/// Photos of the largest size that are in memory at once: four, each of which may have grown as it was encoded anew.
const LARGEST: i64 = 8;
/// What the programs take beside them, a part of the dump and PostgreSQL's own among it.
const BASE: i64 = 256 * MEBIBYTE;
/// Enough, however small photos are.
const LEAST: i64 = 512 * MEBIBYTE;

/// What backs up, if the platform says where backups go.
pub fn backup(platform: &Platform, credentials: &Credentials) -> Option<Component> {
    let backup = platform.backup.as_ref()?;
    let mut component = program(platform, credentials, BACKUP, &backup.postgres_image, (Outside::Backups, &backup.destination));
    // A platform of the same name, in another cluster or made later, may keep its backups in the same place.
    let id = format!("{}/{}/{}", platform.namespace, platform.name, platform.owner.uid);
    component.env.push(env::value("BACKUP_PLATFORM_ID", &id));
    if let Some(due) = &backup.due {
        component.env.push(env::value("BACKUP_NAME", &due.name));
        if due.resource.starts_with(&series(&platform.name)) {
            component.env.push(env::value("BACKUP_SERIES", &series(&platform.name)));
            component.env.push(env::value("BACKUP_KEEP", &backup.keep.to_string()));
        }
    }
    Some(component)
}

/// What restores, if the platform is still to begin with a backup.
pub fn restore(platform: &Platform, credentials: &Credentials) -> Option<Component> {
    let origin = platform.origin.as_ref()?;
    let mut component = program(platform, credentials, RESTORE, &origin.postgres_image, (Outside::Origin, &origin.source));
    component.env.push(env::value("BACKUP_NAME", &origin.name));
    if let Database::CloudNativePg(_) = platform.database {
        component.env.push(env::value("ROLES", "Given"));
    }
    Some(component)
}

/// `store` is where the backup is, and which of what is outside that is.
fn program(
    platform: &Platform,
    credentials: &Credentials,
    name: &'static str,
    image: &str,
    (outside, store): (Outside, &Destination),
) -> Component {
    let mut variables = vec![env::secret("OWNER_DATABASE_URL", &platform.named(MIGRATE), "OWNER_DATABASE_URL")];
    let (objects, call) = photo::object_store(platform);
    variables.extend(objects);
    variables.extend(kept(store));
    variables.push(env::value("LOG_FORMAT", "json"));
    variables.extend(signals::variables(platform, name));
    let mut calls = vec![database_call(platform, credentials), call, Call { to: Callee::Outside(outside), port: store.endpoint.port }];
    calls.extend(signals::call(platform));
    let component = Component {
        name,
        image: image.to_owned(),
        command: vec![format!("{PROGRAM_FOLDER}/social-platform"), name.to_owned()],
        scale: Scale::Fixed(1),
        spread: Vec::new(),
        resources: resources("100m", "128Mi", &memory_limit(&platform.photos)),
        env: variables,
        ports: Vec::new(),
        probes: Probes::None,
        calls,
        user: 65532,
        disk: None,
        scratch: vec![PROGRAM_FOLDER, "/tmp"],
        secret_files: None,
        config_file: None,
        before_stop: None,
        grace_seconds: 30,
        overrides: None,
    };
    let mut component = trust::trusting(platform, component);
    // PostgreSQL's image may have no authorities of its own.
    component.env.retain(|variable| variable.name != "SSL_CERT_FILE");
    component.env.push(env::value("SSL_CERT_FILE", &format!("{PROGRAM_FOLDER}/ca-certificates.crt")));
    component
}

/// What a pod may use: enough for the largest photos that the settings let in.
fn memory_limit(photos: &PhotosSpec) -> String {
    let objects = photos.max_bytes.unwrap_or(MAX_BYTES).saturating_mul(LARGEST);
    photo::in_steps(objects.saturating_add(BASE).max(LEAST))
}

fn kept(store: &Destination) -> Vec<EnvVar> {
    let mut variables = vec![
        env::value("BACKUP_ENDPOINT", &store.endpoint.url),
        env::value("BACKUP_BUCKET", &store.bucket),
        env::value("BACKUP_REGION", &store.region),
        env::secret("BACKUP_ACCESS_KEY_ID", &store.secret, "AWS_ACCESS_KEY_ID"),
        env::secret("BACKUP_SECRET_ACCESS_KEY", &store.secret, "AWS_SECRET_ACCESS_KEY"),
    ];
    variables.extend(store.prefix.as_ref().map(|prefix| env::value("BACKUP_PREFIX", prefix)));
    variables
}
