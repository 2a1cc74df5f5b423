//! Step 3: the objects of a platform, as they should be. Pure: the same platform and the same values give the same
//! objects.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::ResourceExt;

use crate::backups::{PLATFORM_LABEL, SCHEDULED_LABEL, scheduled_name};
use crate::components::{self, BACKUP, Component};
use crate::crd::{PlatformRef, SchedulingSpec, SocialPlatformBackup, SocialPlatformBackupSpec};
use crate::drift::{hash, hash_parts};
use crate::migration::due;
use crate::platform::{Database, ObjectStore, Platform};
use crate::resources::certificate::certificate;
use crate::resources::config_map::service_keys;
use crate::resources::dashboards::dashboards;
use crate::resources::deployment::deployment;
use crate::resources::horizontal_pod_autoscaler::autoscaler;
use crate::resources::http_route::http_route;
use crate::resources::ingress::ingress;
use crate::resources::metadata::kept;
use crate::resources::monitoring::{prometheus_rule, service_monitor};
use crate::resources::network_policy::network_policies;
use crate::resources::persistent_volume_claim::volume_claim;
use crate::resources::pod_disruption_budget::disruption_budget;
use crate::resources::postgres_cluster::postgres_cluster;
use crate::resources::service::service;
use crate::resources::service_account::service_account;
use crate::resources::{Prepared, Resources, env, job, secret};
use crate::secrets::{Credentials, Generator, generated};

/// Builds every object of `platform`; `generator` gives the keys and passwords that do not exist yet.
pub fn build(platform: &Platform, generator: &dyn Generator) -> Resources<Prepared> {
    let credentials = Credentials::complete(platform, generator);
    let stores = components::stores(platform);
    let services = components::services(platform, &credentials);
    let migrate = components::migrate(platform, &credentials);
    let backup = components::backup(platform, &credentials);
    let restore = components::restore(platform, &credentials);
    let jobs = [Some(migrate.clone()), backup.clone(), restore.clone()].into_iter().flatten().collect();
    let all: Vec<Component> = [stores.clone(), services.clone(), jobs].concat();

    let config_map = service_keys(platform, &credentials);
    let secrets = secret::secrets(platform, &credentials);
    let contents = Contents::of(platform, &secrets, &config_map);
    let (new_secrets, secrets) = secrets.into_iter().partition(|secret| is_new(platform, secret));

    Resources {
        service_accounts: all.iter().map(|component| service_account(platform, component)).collect(),
        new_secrets,
        secrets,
        config_maps: [vec![config_map], dashboards(platform)].concat(),
        network_policies: network_policies(platform, &all),
        disruption_budgets: services.iter().filter_map(|component| disruption_budget(platform, component)).collect(),
        services: all.iter().filter_map(|component| service(platform, component)).collect(),
        volume_claims: all.iter().filter_map(|component| volume_claim(platform, component)).collect(),
        prometheus_rules: prometheus_rule(platform).into_iter().collect(),
        service_monitors: service_monitor(platform).into_iter().collect(),
        postgres_clusters: postgres_cluster(platform).into_iter().collect(),
        stores: stores.iter().map(|store| deployment(platform, store, &contents.read_by(store))).collect(),
        restore: restore.map(|component| restoration(platform, &component, &contents)),
        migration: migration(platform, &migrate, &contents),
        deployments: services.iter().map(|of| deployment(platform, of, &contents.read_by(of))).collect(),
        autoscalers: services.iter().filter_map(|component| autoscaler(platform, component)).collect(),
        certificates: certificate(platform).into_iter().collect(),
        ingresses: ingress(platform).into_iter().collect(),
        http_routes: http_route(platform).into_iter().collect(),
        backup: backup.and_then(|component| due_backup(platform, &component, &contents)),
        scheduled: platform.backup.as_ref().filter(|it| !it.is_making).and_then(|backup| Some(scheduled(platform, backup.slot?))),
        state: PhantomData,
    }
}

/// The Job of the backup that is due.
fn due_backup(platform: &Platform, component: &Component, contents: &Contents) -> Option<Job> {
    let due = platform.backup.as_ref()?.due.as_ref()?;
    Some(job::beside_postgres(platform, component, &due.job, &contents.read_by(component)))
}

/// The Job of the restore. A platform has one in its life, so it is always of the same name, whatever else it would be by now.
fn restoration(platform: &Platform, component: &Component, contents: &Contents) -> Job {
    job::beside_postgres(platform, component, &platform.named(component.name), &contents.read_by(component))
}

/// The backup of a time of the schedule. Whoever deletes the platform may want to restore it.
fn scheduled(platform: &Platform, at: Timestamp) -> SocialPlatformBackup {
    let platform_ref = PlatformRef { name: platform.name.clone() };
    let mut backup = SocialPlatformBackup::new(&scheduled_name(&platform.name, at), SocialPlatformBackupSpec { platform_ref });
    backup.metadata = kept(platform, BACKUP, &scheduled_name(&platform.name, at));
    let labels = [(SCHEDULED_LABEL, "true"), (PLATFORM_LABEL, platform.owner.uid.as_str())];
    backup.metadata.labels.get_or_insert_default().extend(labels.map(|(label, value)| (label.to_owned(), value.to_owned())));
    backup
}

/// The attempt that is due: the release, its image, what the migrations read, the store that they try and where they may run make it
/// another Job. One whose pod finds no node would otherwise wait for its end, and pods of photo would meet a store that nobody tried.
fn migration(platform: &Platform, component: &Component, contents: &Contents) -> Job {
    let configuration = contents.read_by(component);
    // Its keys are among what is read; where it is stands in the variables themselves.
    let object_store = hash(&component.env.iter().filter(|variable| variable.name.starts_with("S3_")).collect::<Vec<_>>());
    let mut parts = vec![
        ("version", platform.version.as_bytes()),
        ("image", platform.image.as_bytes()),
        ("configuration", configuration.as_bytes()),
        ("object store", object_store.as_bytes()),
    ];
    let scheduling = (platform.scheduling != SchedulingSpec::default()).then(|| hash(&platform.scheduling));
    parts.extend(scheduling.iter().map(|scheduling| ("scheduling", scheduling.as_bytes())));
    let mut key = hash_parts(parts);
    key.truncate(8);
    let number = due(&platform.attempts, &key, platform.allowance, platform.now);
    job::migration(platform, component, &configuration, &key, number)
}

fn is_new(platform: &Platform, secret: &Secret) -> bool {
    let own_database = !matches!(platform.database, Database::External(_));
    let own_object_store = matches!(platform.object_store, ObjectStore::Development { .. });
    let name = secret.name_any();
    let is_generated = generated(&platform.name, own_database, own_object_store, &platform.rotation).iter().any(|(it, _)| *it == name);
    is_generated && !platform.stored.contains(&name)
}

/// Hashes of the Secrets and ConfigMaps that pods read, by name.
struct Contents(BTreeMap<String, String>);

impl Contents {
    fn of(platform: &Platform, secrets: &[Secret], config_map: &ConfigMap) -> Self {
        let mut contents: BTreeMap<_, _> = secrets.iter().map(|secret| (secret.name_any(), hash(&secret.data))).collect();
        contents.insert(config_map.name_any(), hash(&config_map.data));
        if let ObjectStore::External { secret, fingerprint, .. } = &platform.object_store {
            contents.insert(secret.clone(), fingerprint.clone());
        }
        if let Some((secret, fingerprint)) = platform.mail.as_ref().and_then(|mail| mail.credentials.clone()) {
            contents.insert(secret, fingerprint);
        }
        let backups = platform.backup.iter().map(|backup| &backup.destination);
        for store in backups.chain(platform.origin.iter().map(|origin| &origin.source)) {
            contents.insert(store.secret.clone(), store.fingerprint.clone());
        }
        if let Some(trust) = &platform.trust {
            contents.insert(in_config_map(&trust.config_map), trust.fingerprint.clone());
        }
        Self(contents)
    }

    /// One hash of everything that a component reads.
    fn read_by(&self, component: &Component) -> String {
        let variables = component.env.iter().filter_map(env::source);
        let files = component.secret_files.iter().map(|files| files.secret.as_str());
        let config_file = component.config_file.iter().map(|file| in_config_map(&file.config_map));
        let mut names: Vec<String> = variables.chain(files).map(str::to_owned).chain(config_file).collect();
        names.sort_unstable();
        names.dedup();
        hash_parts(names.iter().map(|name| (name.as_str(), self.0.get(name).map_or(&b""[..], |hash| hash.as_bytes()))))
    }
}

/// A ConfigMap that someone else writes may have the name of a Secret.
fn in_config_map(name: &str) -> String {
    format!("configmap/{name}")
}
