//! The migrations: schemas, roles and tables of all services, as the owner of the database.

use contracts::Service;

use super::{Component, MIGRATE, Probes, database_call, resources, role, trust};
use crate::platform::{Platform, Scale};
use crate::resources::env;
use crate::secrets::Credentials;

/// The program that a Job runs to its end.
pub fn migrate(platform: &Platform, credentials: &Credentials) -> Component {
    let password = |service: Service| {
        let variable = format!("{}_DATABASE_PASSWORD", service.name().to_uppercase());
        env::secret(&variable, &platform.named(&format!("{service}-database")), "password")
    };
    let mut variables =
        vec![env::secret("OWNER_DATABASE_URL", &platform.named(MIGRATE), "OWNER_DATABASE_URL"), env::value("LOG_FORMAT", "json")];
    variables.extend(Service::ALL.map(password));
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
        calls: vec![database_call(platform, credentials)],
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
