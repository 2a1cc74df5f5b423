//! Settings that refer to something in the cluster: mail and private certificate authorities.

use super::Problem;
use super::secrets::read;
use crate::crd::MailSpec;
use crate::drift::hash_parts;
use crate::platform::{Mail, Trust};
use crate::reconcile::Cluster;

pub(super) fn mail(cluster: &Cluster) -> Result<Option<Mail>, Problem> {
    let Some(MailSpec { host, port, tls, from, credentials_secret_ref, egress_to: _ }) = &cluster.resource.spec.mail else {
        return Ok(None);
    };
    let tls = tls.unwrap_or_default();
    let credentials = match credentials_secret_ref {
        Some(secret) => {
            let [username, password] = read(cluster, &secret.name, ["username", "password"])?;
            Some((secret.name.clone(), hash_parts([("username", username.as_bytes()), ("password", password.as_bytes())])))
        }
        None => None,
    };
    // The CRD lets no other number in, unless someone installed an older CRD.
    let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(tls.port());
    Ok(Some(Mail { host: host.clone(), port, tls, from: from.clone(), credentials }))
}

pub(super) fn trust(cluster: &Cluster) -> Result<Option<Trust>, Problem> {
    let Some(trust) = &cluster.resource.spec.trust else { return Ok(None) };
    let name = &trust.ca_bundle_ref.name;
    let key = trust.ca_bundle_ref.key.as_deref().unwrap_or("ca.crt");
    let Some(config_map) = &cluster.ca_bundle else {
        let message = format!("ConfigMap {name} is not in namespace {}: create it with the key {key}", cluster.namespace());
        return Err(Problem::in_secret("CaBundleMissing", message));
    };
    let bundle = config_map.data.as_ref().and_then(|data| data.get(key));
    match bundle.filter(|bundle| bundle.contains("-----BEGIN CERTIFICATE-----")) {
        Some(bundle) => {
            Ok(Some(Trust { config_map: name.clone(), key: key.to_owned(), fingerprint: hash_parts([(key, bundle.as_bytes())]) }))
        }
        None => {
            let message = format!("ConfigMap {name} has no certificate under the key {key}: write one or more in PEM");
            Err(Problem::in_secret("CaBundleInvalid", message))
        }
    }
}
