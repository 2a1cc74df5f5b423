//! Accounts, sign-in and tokens.

use contracts::Service;

use super::Component;
use super::service::service;
use crate::platform::Platform;
use crate::resources::env;
use crate::secrets::Credentials;

/// Memory: each password check takes 19 MiB while it runs.
pub(super) fn auth(platform: &Platform, credentials: &Credentials) -> Component {
    let mut component = service(platform, credentials, Service::Auth, ("50m", "128Mi", "512Mi"));
    component.env.push(env::secret("KEY_ENCRYPTION_KEY", &platform.named("key-encryption"), "KEY_ENCRYPTION_KEY"));
    component
}
