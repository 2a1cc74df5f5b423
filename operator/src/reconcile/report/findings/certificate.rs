//! What is true of a certificate that cert-manager keeps.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::carried;
use crate::platform::{Issuer, Platform, Tls};
use crate::reconcile::apply::Outcome;
use crate::reconcile::conditions::{CERTIFICATE_READY, Finding, Truth};

/// What cert-manager says of the certificate; nothing, if it keeps none.
pub(super) fn certificate(platform: &Platform, outcome: &Outcome) -> Option<Finding> {
    let Tls { secret, issuer } = platform.tls.as_ref()?;
    let Issuer { name: issuer, served, .. } = issuer.as_ref()?;
    let finding = |truth, reason: &str, message: String| Some(Finding::new(CERTIFICATE_READY, truth, reason, message));
    if !served {
        let message = format!(
            "the cluster does not know cert-manager: install it, or take exposure.tls.issuerRef away and write the certificate into \
             Secret {secret} yourself"
        );
        return finding(Truth::False, "CertManagerMissing", message);
    }
    let Some(ready) = outcome.resources.certificates.first().and_then(|certificate| certificate.ready()) else {
        let message = format!("cert-manager has not yet answered: does it run, and is there an issuer {issuer}?");
        return finding(Truth::False, "NotTakenUp", message);
    };
    let reason = |otherwise| if ready.reason.is_empty() { otherwise } else { ready.reason.as_str() };
    match ready.status.as_str() {
        "True" => finding(Truth::True, reason("Issued"), format!("the certificate is in Secret {secret}: {}", ready.message)),
        _ => finding(Truth::False, reason("NotIssued"), format!("cert-manager says of the certificate: {}", ready.message)),
    }
}

/// The same as it was, if it was.
pub(super) fn before(old: &[Condition]) -> Option<Finding> {
    old.iter().any(|old| old.type_ == CERTIFICATE_READY).then(|| carried(old, CERTIFICATE_READY))
}
