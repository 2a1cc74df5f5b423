//! A backup as the API server keeps it: one that this version cannot read must not stop the watch of all others.

use std::borrow::Cow;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::crd::SocialPlatformBackup;

/// The condition of a backup that cannot be read; only while it cannot.
pub const READABLE: &str = "Readable";

/// A backup, or what is known of one that cannot be read. `DeserializeGuard` knows no more than its metadata, and so not whose it
/// is.
#[derive(Clone, Debug)]
pub enum StoredBackup {
    /// It is as this version's CRD says.
    Readable(Arc<SocialPlatformBackup>),
    /// It is not: another version wrote it.
    Unreadable(Arc<UnreadableBackup>),
}

/// What is known of a backup that cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct UnreadableBackup {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// The platform that it is of, if that much can be read.
    pub platform: Option<String>,
    /// Why it cannot be read.
    pub error: String,
    /// What its condition [`READABLE`] says already.
    pub told: Option<String>,
}

impl StoredBackup {
    /// The name of the platform that it is of, if that can be read.
    pub fn platform(&self) -> Option<&str> {
        match self {
            Self::Readable(backup) => Some(&backup.spec.platform_ref.name),
            Self::Unreadable(backup) => backup.platform.as_deref(),
        }
    }

    /// The backup, if it can be read.
    pub fn readable(&self) -> Option<Arc<SocialPlatformBackup>> {
        match self {
            Self::Readable(backup) => Some(backup.clone()),
            Self::Unreadable(_) => None,
        }
    }

    /// What is known of it, if it cannot be read.
    pub fn unreadable(&self) -> Option<Arc<UnreadableBackup>> {
        match self {
            Self::Readable(_) => None,
            Self::Unreadable(backup) => Some(backup.clone()),
        }
    }
}

impl UnreadableBackup {
    fn of(object: &Value, error: &serde_json::Error) -> serde_json::Result<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
        let told = conditions.into_iter().flatten().find(|condition| condition["type"] == READABLE);
        Ok(Self {
            metadata: ObjectMeta::deserialize(&object["metadata"])?,
            platform: object.pointer("/spec/platformRef/name").and_then(text),
            error: error.to_string(),
            told: told.and_then(|condition| text(&condition["message"])),
        })
    }

    /// What a person should know of it.
    pub fn message(&self) -> String {
        let Self { error, .. } = self;
        format!(
            "this version of the operator cannot read it, and leaves it alone: {error}; upgrade the operator, if a newer one wrote it, or \
             write it as its CRD says"
        )
    }
}

impl<'de> Deserialize<'de> for StoredBackup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Value::deserialize(deserializer)?;
        match SocialPlatformBackup::deserialize(&object) {
            Ok(backup) => Ok(Self::Readable(Arc::new(backup))),
            Err(error) => {
                let unreadable = UnreadableBackup::of(&object, &error).map_err(D::Error::custom)?;
                Ok(Self::Unreadable(Arc::new(unreadable)))
            }
        }
    }
}

impl Resource for StoredBackup {
    type DynamicType = <SocialPlatformBackup as Resource>::DynamicType;
    type Scope = <SocialPlatformBackup as Resource>::Scope;

    fn kind(kind: &Self::DynamicType) -> Cow<'_, str> {
        SocialPlatformBackup::kind(kind)
    }

    fn group(kind: &Self::DynamicType) -> Cow<'_, str> {
        SocialPlatformBackup::group(kind)
    }

    fn version(kind: &Self::DynamicType) -> Cow<'_, str> {
        SocialPlatformBackup::version(kind)
    }

    fn plural(kind: &Self::DynamicType) -> Cow<'_, str> {
        SocialPlatformBackup::plural(kind)
    }

    fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Readable(backup) => &backup.metadata,
            Self::Unreadable(backup) => &backup.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Readable(backup) => &mut Arc::make_mut(backup).metadata,
            Self::Unreadable(backup) => &mut Arc::make_mut(backup).metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored(platform_ref: Value, status: Value) -> StoredBackup {
        let object = json!({
            "apiVersion": "socialplatform.dev/v1alpha1",
            "kind": "SocialPlatformBackup",
            "metadata": { "name": "one", "namespace": "social", "uid": "7" },
            "spec": { "platformRef": platform_ref },
            "status": status,
        });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn what_this_version_knows_is_read() {
        let backup = stored(json!({ "name": "demo" }), json!({ "phase": "Completed", "of the next version": true }));
        assert!(backup.readable().is_some_and(|backup| backup.is_over()) && backup.unreadable().is_none());
        assert_eq!((backup.platform(), backup.meta().name.as_deref()), (Some("demo"), Some("one")));
    }

    #[test]
    fn of_what_it_does_not_know_it_knows_whose_it_is_and_what_was_told() {
        let conditions = json!([{ "type": "Complete", "message": "it is" }, { "type": "Readable", "message": "it is not" }]);
        let backup = stored(json!({ "name": "demo" }), json!({ "phase": "Archived", "conditions": conditions }));
        let unreadable = backup.unreadable().unwrap();
        assert!(backup.readable().is_none());
        assert_eq!((backup.platform(), unreadable.told.as_deref()), (Some("demo"), Some("it is not")));
        assert_eq!((backup.meta().name.as_deref(), backup.meta().uid.as_deref()), (Some("one"), Some("7")));
        assert!(unreadable.message().contains("Archived"), "{}", unreadable.message());
    }

    #[test]
    fn whose_it_is_may_be_what_cannot_be_read() {
        assert_eq!(stored(json!({ "selector": "all" }), Value::Null).platform(), None);
    }
}
