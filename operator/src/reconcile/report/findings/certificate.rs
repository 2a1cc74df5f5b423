//! What is true of the certificate of the domain.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{APPLY_FAILED, carried};
use crate::platform::{Issuer, Platform, Tls};
use crate::reconcile::Cluster;
use crate::reconcile::apply::Outcome;
use crate::reconcile::conditions::{CERTIFICATE_READY, Finding, Truth};
use crate::reconcile::report::certificate::{Own, own};

/// What is known of the certificate; nothing, if the platform has none.
pub(super) fn certificate(cluster: &Cluster, platform: &Platform, outcome: &Outcome) -> Option<Finding> {
    let Tls { secret, issuer } = platform.tls.as_ref()?;
    match issuer {
        Some(issuer) => Some(kept(secret, issuer, outcome)),
        None => own(cluster).map(|own| given(cluster, secret, own)),
    }
}

fn finding(truth: Truth, reason: &str, message: String) -> Finding {
    Finding::new(CERTIFICATE_READY, truth, reason, message)
}

/// What cert-manager says of the certificate that it keeps.
fn kept(secret: &str, Issuer { name: issuer, served, .. }: &Issuer, outcome: &Outcome) -> Finding {
    if !served {
        let message = format!(
            "the cluster does not know cert-manager: install it, or take exposure.tls.issuerRef away and write the certificate into \
             Secret {secret} yourself"
        );
        return finding(Truth::False, "CertManagerMissing", message);
    }
    if let Some(error) = &outcome.unwritten.certificate {
        return finding(Truth::False, APPLY_FAILED, error.to_string());
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

/// What is in the Secret that the user writes.
fn given(cluster: &Cluster, secret: &str, own: Own) -> Finding {
    match own {
        Own::Missing => {
            let namespace = cluster.namespace();
            let message = format!("Secret {secret} is not in namespace {namespace}: create it with the keys tls.crt and tls.key");
            finding(Truth::False, "SecretMissing", message)
        }
        Own::Unreadable => {
            let message = format!("tls.crt of Secret {secret} holds no certificate in PEM: write the certificate of the domain into it");
            finding(Truth::False, "CertificateUnreadable", message)
        }
        Own::Until(at) if at <= cluster.now => {
            let message = format!("the certificate in Secret {secret} expired at {at}: write a new one into it");
            finding(Truth::False, "Expired", message)
        }
        Own::Until(at) => finding(Truth::True, "NotExpired", format!("the certificate in Secret {secret} expires at {at}")),
    }
}

/// The same as it was, if it was.
pub(super) fn before(old: &[Condition]) -> Option<Finding> {
    old.iter().any(|old| old.type_ == CERTIFICATE_READY).then(|| carried(old, CERTIFICATE_READY))
}
