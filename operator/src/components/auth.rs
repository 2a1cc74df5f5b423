//! Accounts, sign-in and tokens.

use contracts::Service;

use super::service::service;
use super::{Call, Callee, Component};
use crate::platform::Platform;
use crate::resources::env;
use crate::secrets::Credentials;

/// Memory: each password check takes 19 MiB while it runs.
pub(super) fn auth(platform: &Platform, credentials: &Credentials) -> Component {
    let mut component = service(platform, credentials, Service::Auth, ("50m", "128Mi", "512Mi"));
    component.env.push(env::secret("KEY_ENCRYPTION_KEY", &platform.named("key-encryption"), "KEY_ENCRYPTION_KEY"));
    component.env.push(env::secret("FIRST_ADMIN_TOKEN", &platform.named("first-admin"), "FIRST_ADMIN_TOKEN"));
    component.env.extend(platform.registration.map(|mode| env::value("REGISTRATION", mode.name())));
    if let Some(mail) = &platform.mail {
        component.env.extend([
            env::value("SMTP_HOST", &mail.host),
            env::value("SMTP_PORT", &mail.port.to_string()),
            env::value("SMTP_TLS", mail.tls.name()),
            env::value("MAIL_FROM", &mail.from),
        ]);
        if let Some((secret, _)) = &mail.credentials {
            component.env.extend([env::secret("SMTP_USERNAME", secret, "username"), env::secret("SMTP_PASSWORD", secret, "password")]);
        }
        component.calls.push(Call { to: Callee::Outside, port: mail.port });
    }
    component
}
