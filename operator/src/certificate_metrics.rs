//! When the certificates of all platforms expire, so that an alert tells of one that is not renewed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use opentelemetry::KeyValue;

/// By namespace and name: the second, since 1970, at which it expires.
type Known = BTreeMap<(String, String), i64>;

static KNOWN: Mutex<Known> = Mutex::new(Known::new());

/// Makes the gauge; once, after the meters are set up.
pub fn observe() {
    let _expiry = telemetry::meter()
        .i64_observable_gauge("socialplatform.operator.certificate.expiry")
        .with_unit("s")
        .with_description("When the certificates that cert-manager keeps for the platforms expire, in seconds since 1970.")
        .with_callback(|observer| {
            let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for ((namespace, name), expires) in known {
                let labels = [KeyValue::new("socialplatform.namespace", namespace), KeyValue::new("socialplatform.name", name)];
                observer.observe(expires, &labels);
            }
        })
        .build();
}

/// The certificate of a platform expires then; it has none, if none.
pub fn set(namespace: &str, name: &str, expires: Option<i64>) {
    let key = (namespace.to_owned(), name.to_owned());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match expires {
        Some(expires) => known.insert(key, expires),
        None => known.remove(&key),
    };
}
