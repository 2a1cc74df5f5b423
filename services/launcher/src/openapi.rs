//! `social-platform openapi <service>`: what `just generate` writes into `docs/openapi/`.

use contracts::Service;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};

use crate::Failure;

/// Whose document.
#[derive(Debug, clap::Args)]
pub(crate) struct OpenapiConfig {
    /// auth, social, photo or relation.
    service: Service,
}

fn document(service: Service) -> utoipa::openapi::OpenApi {
    match service {
        Service::Auth => auth::openapi(),
        Service::Social => social::openapi(),
        Service::Photo => photo::openapi(),
        Service::Relation => relation::openapi(),
    }
}

pub(crate) fn run(config: &OpenapiConfig) -> Result<(), Failure> {
    let mut document = document(config.service);
    document.info.title = config.service.to_string();
    document.info.description =
        Some(format!("The public API of {}. The rules that hold for every route are in docs/api-design.md.", config.service));
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    // Where a visitor is welcome too, the token is left out.
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new()), SecurityRequirement::default()]);
    println!("{}", document.to_pretty_json()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_sends_every_route_to_the_service_that_has_it() {
        for service in Service::ALL {
            let paths = document(service).paths.paths;
            assert!(!paths.is_empty(), "{service} documents its routes");
            for path in paths.keys() {
                assert_eq!(contracts::routes::service_of(path), Some(service), "{path}");
            }
        }
    }
}
