//! The migrations: schemas, roles and tables of all services, as the owner of the database. Before them, the object store is tried.

use contracts::Service;
use k8s_openapi::api::core::v1::EnvVar;

use super::{Component, MIGRATE, Probes, database_call, photo, resources, role, signals, trust};
use crate::platform::{Database, Platform, Scale};
use crate::resources::env;
use crate::rotation::Slot;
use crate::secrets::Credentials;

/// The program that a Job runs to its end.
pub fn migrate(platform: &Platform, credentials: &Credentials) -> Component {
    let mut variables =
        vec![env::secret("OWNER_DATABASE_URL", &platform.named(MIGRATE), "OWNER_DATABASE_URL"), env::value("LOG_FORMAT", "json")];
    match platform.database {
        Database::CloudNativePg(_) => variables.push(env::value("ROLES", "Given")),
        _ => variables.extend(Service::ALL.into_iter().flat_map(|service| passwords(platform, service))),
    }
    // No release below the one that runs gets so far; but one that never came to serve may be taken back, and an image may bring
    // an old program back. Of a resource that is new nothing is known, and its database may be of any release.
    if platform.is_migrated {
        variables.push(env::value("NEWER_SCHEMA", "Accepted"));
    }
    let (objects, store) = photo::object_store(platform);
    variables.extend(objects);
    variables.extend(signals::variables(platform, MIGRATE));
    let component = Component {
        name: MIGRATE,
        image: platform.image.clone(),
        command: role(MIGRATE),
        scale: Scale::Fixed(1),
        spread: Vec::new(),
        resources: resources("50m", "64Mi", "256Mi"),
        env: variables,
        ports: Vec::new(),
        probes: Probes::None,
        calls: [Some(database_call(platform, credentials)), Some(store), signals::call(platform)].into_iter().flatten().collect(),
        user: 65532,
        disk: None,
        scratch: Vec::new(),
        secret_files: None,
        config_file: None,
        before_stop: None,
        grace_seconds: 30,
        overrides: None,
    };
    trust::trusting(platform, component)
}

/// The passwords of a service's login roles; a role whose password is not given is closed.
fn passwords(platform: &Platform, service: Service) -> Vec<EnvVar> {
    let password = |slot: Slot| {
        let suffix = if slot == Slot::A { "" } else { "_B" };
        let variable = format!("{}_DATABASE_PASSWORD{suffix}", service.name().to_uppercase());
        env::secret(&variable, &platform.named(&slot.secret(service, "database")), "password")
    };
    platform.rotation.live().map(password).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::crd::{MigrationStatus, SocialPlatformStatus};
    use crate::example::minimal;
    use crate::fixtures::{FixedGenerator, cluster, secret};
    use crate::reconcile::validate::validate;

    #[test]
    fn a_newer_database_is_accepted_only_where_the_operator_knows_what_ran_before() {
        let accepts = |migration: Option<MigrationStatus>| {
            let mut cluster = cluster(minimal());
            cluster.generated.insert("demo-key-encryption".to_owned(), secret("demo-key-encryption", &[("KEY_ENCRYPTION_KEY", "a2V5")]));
            Arc::make_mut(&mut cluster.resource).status = Some(SocialPlatformStatus { migration, ..SocialPlatformStatus::default() });
            let platform = validate(&cluster).unwrap();
            let component = migrate(&platform, &Credentials::complete(&platform, &FixedGenerator));
            component.env.iter().any(|it| it.name == "NEWER_SCHEMA" && it.value.as_deref() == Some("Accepted"))
        };
        assert!(!accepts(None), "a database that was kept, of a resource that is new");
        let migration = MigrationStatus { version: "1.2.3".into(), job: "demo-migrate-1-2-3-0123abcd-1".into(), completed_at: None };
        assert!(accepts(Some(migration)));
    }
}
