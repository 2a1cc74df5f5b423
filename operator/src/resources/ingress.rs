//! The way in, by Ingress.

use std::collections::BTreeMap;

use contracts::Service;
use contracts::routes::PUBLIC;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec, IngressTLS,
    ServiceBackendPort,
};

use super::metadata::owned;
use crate::components::PUBLIC_PORT;
use crate::platform::{Exposure, Platform, Tls};

const MEGABYTE: i64 = 1 << 20;
/// As long as the services themselves give an upload.
const UPLOAD_SECONDS: &str = "300";

/// One host, and each service's public paths; nothing else of the platform can be reached.
pub fn ingress(platform: &Platform) -> Option<Ingress> {
    let Exposure::Ingress { class, annotations } = &platform.exposure else { return None };
    let paths = PUBLIC.iter().flat_map(|(service, prefixes)| prefixes.iter().map(move |prefix| path(platform, *service, prefix)));
    let tls = |tls: &Tls| vec![IngressTLS { hosts: Some(vec![platform.domain.clone()]), secret_name: Some(tls.secret.clone()) }];
    let mut metadata = owned(platform, "gateway", &platform.name);
    let mut all = match class.as_deref() {
        Some("nginx") => for_nginx(platform),
        _ => BTreeMap::new(),
    };
    all.extend(annotations.clone());
    metadata.annotations = (!all.is_empty()).then_some(all);
    Some(Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: class.clone(),
            rules: Some(vec![IngressRule {
                host: Some(platform.domain.clone()),
                http: Some(HTTPIngressRuleValue { paths: paths.collect() }),
            }]),
            tls: platform.tls.as_ref().map(tls),
            default_backend: None,
        }),
        status: None,
    })
}

/// What nginx has to be told so that uploads come through, unless the resource says otherwise: without it, it takes 1 MiB, keeps
/// a body until it has all of it (and nothing of one that breaks off), and waits a minute for an answer.
fn for_nginx(platform: &Platform) -> BTreeMap<String, String> {
    // The file and the form around it.
    let megabytes = platform.photos.max_bytes.unwrap_or(20 * MEGABYTE).saturating_add(2 * MEGABYTE - 1) / MEGABYTE;
    let said = [
        ("proxy-body-size", format!("{megabytes}m")),
        ("proxy-request-buffering", "off".to_owned()),
        ("proxy-read-timeout", UPLOAD_SECONDS.to_owned()),
        ("proxy-send-timeout", UPLOAD_SECONDS.to_owned()),
    ];
    said.into_iter().map(|(name, value)| (format!("nginx.ingress.kubernetes.io/{name}"), value)).collect()
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
