//! The conditions of all platforms as one metric, so that an alert can say what `kubectl describe` says.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use opentelemetry::KeyValue;

/// By namespace and name: each condition and its value.
type Known = BTreeMap<(String, String), Vec<(String, i64)>>;

static KNOWN: Mutex<Known> = Mutex::new(Known::new());

/// Makes the gauge; once, after the meters are set up.
pub fn observe() {
    let _conditions = telemetry::meter()
        .i64_observable_gauge("socialplatform.operator.condition")
        .with_description("Conditions of the platforms: 1 is True, 0 is False, -1 is Unknown.")
        .with_callback(|observer| {
            let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for ((namespace, name), conditions) in known {
                for (condition, value) in conditions {
                    let labels = [
                        KeyValue::new("socialplatform.namespace", namespace.clone()),
                        KeyValue::new("socialplatform.name", name.clone()),
                        KeyValue::new("condition", condition),
                    ];
                    observer.observe(value, &labels);
                }
            }
        })
        .build();
}

/// These are the conditions of a platform now; those that are left out are over.
pub fn set(namespace: &str, name: &str, conditions: &[Condition]) {
    let value = |condition: &Condition| match condition.status.as_str() {
        "True" => 1,
        "False" => 0,
        _ => -1,
    };
    let values = conditions.iter().map(|condition| (condition.type_.clone(), value(condition))).collect();
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert((namespace.to_owned(), name.to_owned()), values);
}

/// A platform is gone.
pub fn forget(namespace: &str, name: &str) {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).remove(&(namespace.to_owned(), name.to_owned()));
}
