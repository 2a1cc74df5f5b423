//! Accounts, sign-in and tokens.

use contracts::Service;
use k8s_openapi::api::core::v1::EnvVar;

use super::service::{PRIVATE_PORT, service};
use super::{Call, Callee, Component};
use crate::crd::ModerationSpec;
use crate::platform::{Outside, Platform};
use crate::resources::env;
use crate::secrets::{Credentials, key_encryption};

/// Memory: each password check takes 19 MiB while it runs.
pub(super) fn auth(platform: &Platform, credentials: &Credentials) -> Component {
    let mut component = service(platform, credentials, Service::Auth, ("50m", "128Mi", "512Mi"));
    component.env.push(env::secret("KEY_ENCRYPTION_KEY", &key_encryption(&platform.name), "KEY_ENCRYPTION_KEY"));
    component.env.push(env::secret("FIRST_ADMIN_TOKEN", &platform.named("first-admin"), "FIRST_ADMIN_TOKEN"));
    component.env.extend(platform.registration.map(|mode| env::value("REGISTRATION", mode.name())));
    component.env.extend(platform.erasure_grace_days.map(|days| env::value("ACCOUNT_ERASURE_GRACE", &days.to_string())));
    component.env.extend(moderation(&platform.moderation));
    // Whoever takes a copy of what is theirs gets it from auth, which gathers it.
    for (variable, other) in [("SOCIAL_URL", Service::Social), ("PHOTO_URL", Service::Photo), ("RELATION_URL", Service::Relation)] {
        component.env.push(env::value(variable, &format!("http://{}:{PRIVATE_PORT}", platform.named(other.name()))));
        component.calls.push(Call { to: Callee::Component(other.name()), port: PRIVATE_PORT });
    }
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
        component.calls.push(Call { to: Callee::Outside(Outside::Mail), port: mail.port });
    }
    component
}

fn moderation(spec: &ModerationSpec) -> impl Iterator<Item = EnvVar> {
    let ModerationSpec { contact, rules, reserved_handles } = spec;
    let said = [
        ("MODERATION_CONTACT", contact.clone()),
        // The CRD lets no line end in.
        ("MODERATION_RULES", rules.as_ref().map(|rules| rules.join("\n"))),
        ("RESERVED_HANDLES", reserved_handles.as_ref().map(|handles| handles.join(","))),
    ];
    said.into_iter().filter_map(|(name, value)| Some(env::value(name, &value?)))
}
