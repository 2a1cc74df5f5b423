use super::*;
use crate::crd::TlsSpec;
use crate::fixtures::{EXPIRED, VALID, secret};

#[test]
fn a_certificate_without_cert_manager_is_a_condition_and_no_crash() {
    let mut resource = minimal();
    resource.spec.exposure.tls = full().spec.exposure.tls;
    let (cluster, platform, outcome) = applied(resource, Progress::Migrated, true);
    let reasons = reasons(&status(&cluster, View::Applied(&platform, &outcome)).conditions);
    assert!(reasons.contains(&"CertificateReady=False CertManagerMissing".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"Ready=False CertManagerMissing".to_owned()), "{reasons:?}");
}

/// What is told of a platform whose pods all serve and whose certificate the user writes into the Secret `own`: `Ready`, and
/// `CertificateReady` with its message.
fn told(tls_crt: Option<&str>) -> (String, String, String) {
    let mut resource = minimal();
    resource.spec.exposure.tls = Some(TlsSpec { secret_name: Some("own".into()), issuer_ref: None });
    let (mut cluster, platform, outcome) = applied(resource, Progress::Migrated, true);
    cluster.referenced.extend(tls_crt.map(|it| ("own".to_owned(), secret("own", &[("tls.crt", it), ("tls.key", "a secret")]))));
    let conditions = status(&cluster, View::Applied(&platform, &outcome)).conditions;
    let certificate = conditions.iter().find(|it| it.type_ == "CertificateReady").unwrap().message.clone();
    let reasons = reasons(&conditions);
    let of = |type_: &str| reasons.iter().find(|it| it.starts_with(type_)).unwrap().clone();
    (of("Ready="), of("CertificateReady="), certificate)
}

#[test]
fn a_certificate_of_the_users_own_is_told_of_with_its_end() {
    let (ready, certificate, message) = told(Some(VALID));
    assert_eq!([&*ready, &*certificate], ["Ready=True AllComponentsAvailable", "CertificateReady=True NotExpired"]);
    assert!(message.contains("2100-01-01T00:00:00Z"), "{message}");
}

#[test]
fn a_certificate_that_no_browser_takes_stands_in_the_way_of_ready() {
    for (tls_crt, reason, says) in [
        (None, "SecretMissing", "create it with the keys tls.crt and tls.key"),
        (Some("a secret"), "CertificateUnreadable", "tls.crt of Secret own holds no certificate"),
        (Some(EXPIRED), "Expired", "expired at 2021-01-01T00:00:00Z"),
    ] {
        let (ready, certificate, message) = told(tls_crt);
        assert_eq!([ready, certificate], ["Ready", "CertificateReady"].map(|type_| format!("{type_}=False {reason}")));
        assert!(message.contains(says) && !message.contains("a secret"), "{message}");
    }
}
