//! The way in, by Ingress.

use contracts::Service;
use contracts::routes::PUBLIC;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec, IngressTLS,
    ServiceBackendPort,
};

use super::metadata::owned;
use crate::components::PUBLIC_PORT;
use crate::platform::{Exposure, Platform};

/// One host, and each service's public paths; nothing else of the platform can be reached.
pub fn ingress(platform: &Platform) -> Option<Ingress> {
    let Exposure::Ingress { class, annotations, tls_secret } = &platform.exposure else { return None };
    let paths = PUBLIC.iter().flat_map(|(service, prefixes)| prefixes.iter().map(move |prefix| path(platform, *service, prefix)));
    let tls = |secret: &String| vec![IngressTLS { hosts: Some(vec![platform.domain.clone()]), secret_name: Some(secret.clone()) }];
    let mut metadata = owned(platform, "gateway", &platform.name);
    metadata.annotations = (!annotations.is_empty()).then(|| annotations.clone());
    Some(Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: class.clone(),
            rules: Some(vec![IngressRule {
                host: Some(platform.domain.clone()),
                http: Some(HTTPIngressRuleValue { paths: paths.collect() }),
            }]),
            tls: tls_secret.as_ref().map(tls),
            default_backend: None,
        }),
        status: None,
    })
}

fn path(platform: &Platform, service: Service, prefix: &str) -> HTTPIngressPath {
    let port = ServiceBackendPort { number: Some(PUBLIC_PORT.into()), name: None };
    let backend = IngressServiceBackend { name: platform.named(service.name()), port: Some(port) };
    HTTPIngressPath {
        path: Some(prefix.to_owned()),
        path_type: "Prefix".to_owned(),
        backend: IngressBackend { service: Some(backend), resource: None },
    }
}
