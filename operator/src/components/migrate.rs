//! The migrations: schemas, roles and tables of all services, as the owner of the database.

use contracts::Service;
use k8s_openapi::api::core::v1::EnvVar;

use super::{Component, MIGRATE, Probes, database_call, resources, role, signals, trust};
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
        calls: [Some(database_call(platform, credentials)), signals::call(platform)].into_iter().flatten().collect(),
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
