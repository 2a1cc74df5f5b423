//! Private certificate authorities, beside those that everybody trusts.

use super::{Component, ConfigFile};
use crate::platform::Platform;
use crate::resources::env;

/// The folder of the file.
const FOLDER: &str = "/etc/social-platform/trust";
/// The file.
const FILE: &str = "ca.crt";
/// The authorities that everybody trusts, in the image.
const EVERYBODYS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Where a program of the platform finds the private authorities.
pub fn path() -> String {
    format!("{FOLDER}/{FILE}")
}

/// The component with the file and with the variables by which its TLS clients find it. Naming the folder alone would hide the
/// authorities of the image.
pub(super) fn trusting(platform: &Platform, mut component: Component) -> Component {
    let Some(trust) = &platform.trust else { return component };
    component.config_file = Some(ConfigFile { config_map: trust.config_map.clone(), key: trust.key.clone(), name: FILE, path: FOLDER });
    component.env.extend([env::value("SSL_CERT_FILE", EVERYBODYS), env::value("SSL_CERT_DIR", FOLDER)]);
    component
}
