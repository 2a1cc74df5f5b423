//! A certificate that cert-manager keeps, and one that the user writes. Where the cluster has no definition of the former, this
//! is one with the fields that the operator writes; the test says what cert-manager would.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use operator::crd::{IssuerKind, IssuerRef, SocialPlatform, TlsSpec};
use operator::resources::certificate::Certificate;
use serde_json::{Value, json};

use crate::harness::{Harness, development, eventually, secret};
use crate::healing::{deleted, edited, relabeled};

/// A certificate until 2100.
pub const VALID: &str = include_str!("../certificates/valid.pem");
const EXPIRED: &str = include_str!("../certificates/expired.pem");

/// The definition, with the names and types of cert-manager's own.
pub fn definition() -> Value {
    let text = json!({ "type": "string" });
    let spec = json!({ "type": "object", "required": ["issuerRef", "secretName"], "properties": {
        "secretName": text,
        "dnsNames": { "type": "array", "items": text },
        "issuerRef": { "type": "object", "required": ["name"], "properties": { "name": text, "kind": text, "group": text } },
        "privateKey": { "type": "object", "properties": {
            "algorithm": { "type": "string", "enum": ["RSA", "ECDSA", "Ed25519"] },
            "size": { "type": "integer" },
            "rotationPolicy": { "type": "string", "enum": ["Never", "Always"] },
        }},
    }});
    let status = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = json!({ "type": "object", "properties": { "spec": spec, "status": status } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "certificates.cert-manager.io" },
        "spec": {
            "group": "cert-manager.io",
            "scope": "Namespaced",
            "names": { "kind": "Certificate", "listKind": "CertificateList", "plural": "certificates", "singular": "certificate" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": schema },
            }],
        },
    })
}

/// What cert-manager says.
async fn say(harness: &Harness, status: &str, reason: &str) {
    let said = Patch::Merge(said(status, reason));
    harness.api::<Certificate>().patch_status("demo", &PatchParams::default(), &said).await.unwrap();
}

fn said(status: &str, reason: &str) -> Value {
    let condition = json!({ "type": "Ready", "status": status, "reason": reason, "message": "so it is" });
    json!({ "status": { "conditions": [condition], "notAfter": "2099-01-01T00:00:00Z" } })
}

/// Plays cert-manager: every Certificate is issued.
pub async fn play(certificates: Api<Certificate>) {
    let issued = Patch::Merge(said("True", "Issued"));
    loop {
        for certificate in certificates.list(&Default::default()).await.map(|list| list.items).unwrap_or_default() {
            let _ = certificates.patch_status(&certificate.name_any(), &PatchParams::default(), &issued).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cert_manager_keeps_the_certificate_and_what_it_says_is_told() {
    let harness = Harness::start("certificate").await;
    let mut resource = development();
    let issuer_ref = IssuerRef { name: "letsencrypt".to_owned(), kind: Some(IssuerKind::ClusterIssuer) };
    resource.spec.exposure.tls = Some(TlsSpec { secret_name: None, issuer_ref: Some(issuer_ref) });
    harness.create(&resource).await;
    harness.wait_for("CertificateReady", "False", "NotTakenUp").await;

    say(&harness, "False", "DoesNotExist").await;
    harness.wait_for("CertificateReady", "False", "DoesNotExist").await;
    say(&harness, "True", "Issued").await;
    let platform = harness.wait_until_ready().await;
    assert_eq!(platform.status.unwrap().url.as_deref(), Some("https://social.localhost"));
    let certificate: Certificate = harness.get("demo").await;
    assert_eq!(certificate.spec.dns_names, ["social.localhost"]);
    let ingress: Ingress = harness.get("demo").await;
    assert_eq!(ingress.spec.unwrap().tls.unwrap()[0].secret_name.as_deref(), Some("demo-tls"));

    relabeled::<Certificate>(&harness, "demo").await;
    let another_host = json!({"spec": {"dnsNames": ["elsewhere.example.org"]}});
    edited::<Certificate>(&harness, "demo", another_host, "/spec/dnsNames").await;
    let another_issuer = json!({"spec": {"issuerRef": {"name": "another", "kind": "Issuer"}}});
    edited::<Certificate>(&harness, "demo", another_issuer, "/spec/issuerRef").await;
    edited::<Certificate>(&harness, "demo", json!({"spec": {"privateKey": {"rotationPolicy": "Never"}}}), "/spec/privateKey").await;
    deleted::<Certificate>(&harness, "demo").await;

    // Who no longer wants it has none.
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"exposure": {"tls": null}}})).await;
    eventually("the Certificate is gone", || async {
        match harness.api::<Certificate>().get_opt("demo").await.unwrap() {
            None => Ok(()),
            Some(_) => Err("it is there".to_owned()),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_a_secret_of_the_users_own_is_told_and_left_as_it_is() {
    let harness = Harness::start("own-certificate").await;
    let mut resource = development();
    resource.spec.exposure.tls = Some(TlsSpec { secret_name: Some("own".to_owned()), issuer_ref: None });
    harness.create(&resource).await;
    harness.wait_for("CertificateReady", "False", "SecretMissing").await;

    harness.create(&secret("own", &[("tls.crt", "no certificate"), ("tls.key", "a key")])).await;
    harness.wait_for("CertificateReady", "False", "CertificateUnreadable").await;
    harness.edit::<Secret>("own", json!({"stringData": {"tls.crt": EXPIRED}})).await;
    harness.wait_for("Ready", "False", "Expired").await;
    let renewed = harness.edit::<Secret>("own", json!({"stringData": {"tls.crt": VALID}})).await;
    harness.wait_for("CertificateReady", "True", "NotExpired").await;
    harness.wait_until_ready().await;

    let ingress: Ingress = harness.get("demo").await;
    assert_eq!(ingress.spec.unwrap().tls.unwrap()[0].secret_name.as_deref(), Some("own"));
    let after: Secret = harness.get("own").await;
    assert_eq!(after.metadata.resource_version, renewed.metadata.resource_version, "the operator wrote into the user's Secret");

    // Nothing is told any more of what nobody names.
    harness.edit::<SocialPlatform>("demo", json!({"spec": {"exposure": {"tls": null}}})).await;
    eventually("the condition is gone", || async {
        let platform: SocialPlatform = harness.get("demo").await;
        let conditions = platform.status.unwrap().conditions;
        match conditions.into_iter().find(|condition| condition.type_ == "CertificateReady") {
            None => Ok(()),
            Some(condition) => Err(condition.message),
        }
    })
    .await;
}
