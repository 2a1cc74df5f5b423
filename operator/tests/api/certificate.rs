//! A certificate that cert-manager keeps. Where the cluster has no definition, this is one with the fields that the operator
//! writes; the test says what cert-manager would.

use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Patch, PatchParams};
use operator::crd::{IssuerKind, IssuerRef, SocialPlatform, TlsSpec};
use operator::resources::certificate::Certificate;
use serde_json::{Value, json};

use crate::harness::{Harness, development, eventually};
use crate::healing::{deleted, relabeled};

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
    let condition = json!({ "type": "Ready", "status": status, "reason": reason, "message": "so it is" });
    let status = json!({ "status": { "conditions": [condition], "notAfter": "2099-01-01T00:00:00Z" } });
    harness.api::<Certificate>().patch_status("demo", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
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
