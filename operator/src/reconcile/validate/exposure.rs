//! How requests come in, and the certificate of the domain.

use crate::crd::{ExposureMode, ExposureSpec, TlsSpec};
use crate::platform::{Exposure, Issuer, Tls};

pub(super) fn exposure(spec: &ExposureSpec, served: bool) -> Exposure {
    match spec.mode {
        ExposureMode::None => Exposure::None,
        ExposureMode::Ingress => {
            let ingress = spec.ingress.clone().unwrap_or_default();
            Exposure::Ingress { class: ingress.class_name, annotations: ingress.annotations.unwrap_or_default() }
        }
        ExposureMode::Gateway => {
            let parents = spec.gateway.as_ref().map(|gateway| gateway.parent_refs.clone()).unwrap_or_default();
            Exposure::Gateway { parents, served }
        }
    }
}

pub(super) fn tls(spec: &TlsSpec, platform: &str, served: bool) -> Tls {
    let issuer = spec.issuer_ref.clone().map(|issuer| Issuer { name: issuer.name, kind: issuer.kind.unwrap_or_default(), served });
    Tls { secret: spec.secret_name.clone().unwrap_or_else(|| format!("{platform}-tls")), issuer }
}
