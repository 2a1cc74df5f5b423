//! When the certificates of all platforms expire, so that an alert tells of one that is not renewed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use opentelemetry::KeyValue;

/// When a certificate expires, and who has another in its place by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The second, since 1970, at which it expires.
    pub second: i64,
    /// Who renews it.
    pub keeper: Keeper,
}

/// Who renews a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// cert-manager, by itself.
    CertManager,
    /// The user, who writes its Secret.
    User,
}

impl Keeper {
    fn name(self) -> &'static str {
        match self {
            Self::CertManager => "cert-manager",
            Self::User => "user",
        }
    }
}

/// By namespace and name of the platform.
type Known = BTreeMap<(String, String), Expiry>;

static KNOWN: Mutex<Known> = Mutex::new(Known::new());

/// Makes the gauge; once, after the meters are set up.
pub fn observe() {
    let _expiry = telemetry::meter()
        .i64_observable_gauge("socialplatform.operator.certificate.expiry")
        .with_unit("s")
        .with_description("When the certificates of the platforms' domains expire, in seconds since 1970, by who renews them.")
        .with_callback(|observer| {
            let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for ((namespace, name), Expiry { second, keeper }) in known {
                let labels = [
                    KeyValue::new("socialplatform.namespace", namespace),
                    KeyValue::new("socialplatform.name", name),
                    KeyValue::new("keeper", keeper.name()),
                ];
                observer.observe(second, &labels);
            }
        })
        .build();
}

/// The certificate of a platform expires then; it has none, or none that can be read, if none.
pub fn set(namespace: &str, name: &str, expiry: Option<Expiry>) {
    let key = (namespace.to_owned(), name.to_owned());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match expiry {
        Some(expiry) => known.insert(key, expiry),
        None => known.remove(&key),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_one_certificate_and_none_when_it_is_gone() {
        let known = || KNOWN.lock().unwrap().get(&("metrics".to_owned(), "demo".to_owned())).copied();
        let expiries = [Keeper::CertManager, Keeper::User].map(|keeper| Some(Expiry { second: 1_800_000_000, keeper }));
        for expiry in expiries {
            set("metrics", "demo", expiry);
            assert_eq!(known(), expiry);
        }
        set("metrics", "demo", None);
        assert_eq!(known(), None);
    }
}
