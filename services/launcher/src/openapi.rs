//! `social-platform openapi <service>`: what `just generate` writes into `docs/openapi/`.

use contracts::Service;

use crate::Failure;

/// Whose document.
#[derive(Debug, clap::Args)]
pub(crate) struct OpenapiConfig {
    /// auth, social, photo or relation.
    service: Service,
}

pub(crate) fn run(config: &OpenapiConfig) -> Result<(), Failure> {
    let mut document = match config.service {
        Service::Auth => auth::openapi(),
        Service::Social => social::openapi(),
        Service::Photo => photo::openapi(),
        Service::Relation => relation::openapi(),
    };
    document.info.title = config.service.to_string();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    println!("{}", document.to_pretty_json()?);
    Ok(())
}
