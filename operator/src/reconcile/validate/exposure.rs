//! How requests come in, and the certificate of the domain.

use super::Problem;
use crate::crd::{ExposureMode, ExposureSpec, TlsSpec};
use crate::platform::{Exposure, Issuer, Platform, Tls};
use crate::resources::metadata::PREFIX;

pub(super) fn exposure(spec: &ExposureSpec, served: bool) -> Exposure {
    match spec.mode {
        ExposureMode::None => Exposure::None,
        ExposureMode::Ingress => {
            let ingress = spec.ingress.clone().unwrap_or_default();
            Exposure::Ingress { class: ingress.class_name, annotations: ingress.annotations.unwrap_or_default() }
        }
        ExposureMode::Gateway => {
            let parents = spec.gateway.as_ref().map(|gateway| gateway.parent_refs.clone()).unwrap_or_default();
            let request_timeout = spec.gateway.as_ref().and_then(|gateway| gateway.request_timeout.clone());
            Exposure::Gateway { parents, request_timeout, served }
        }
    }
}

/// By the operator's own annotations it knows what it has written: with others' values in them it would write for ever.
pub(super) fn check(platform: &Platform) -> Option<Problem> {
    let Exposure::Ingress { annotations, .. } = &platform.exposure else { return None };
    let ours = annotations.keys().find(|name| name.starts_with(PREFIX))?;
    let message = format!("exposure.ingress.annotations: {ours} is the operator's own; take it out");
    Some(Problem::in_spec("AnnotationRefused", message))
}

pub(super) fn tls(spec: &TlsSpec, platform: &str, served: bool) -> Tls {
    let issuer = spec.issuer_ref.clone().map(|issuer| Issuer { name: issuer.name, kind: issuer.kind.unwrap_or_default(), served });
    Tls { secret: spec.secret_name.clone().unwrap_or_else(|| format!("{platform}-tls")), issuer }
}

#[cfg(test)]
mod tests {
    use crate::crd::IngressSpec;
    use crate::example::minimal;
    use crate::fixtures::cluster;
    use crate::reconcile::validate::tests::problem;
    use crate::reconcile::validate::validate;

    #[test]
    fn an_annotation_of_the_operators_own_is_refused() {
        let with = |name: &str| {
            let mut resource = minimal();
            let annotations = Some([(name.to_owned(), "0".to_owned())].into());
            resource.spec.exposure.ingress = Some(IngressSpec { class_name: None, annotations });
            cluster(resource)
        };
        let problem = problem(&with("socialplatform.dev/applied"));
        assert_eq!((problem.reason, problem.stalled), ("AnnotationRefused", true));
        assert!(problem.message.contains("socialplatform.dev/applied"), "{}", problem.message);
        validate(&with("example.org/applied")).unwrap();
    }
}
