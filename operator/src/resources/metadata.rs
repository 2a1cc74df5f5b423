//! Names, labels and owners.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use crate::crd::DeletionPolicy;
use crate::platform::Platform;

/// The field manager, and the value of [`MANAGED_BY`].
pub const MANAGER: &str = "socialplatform-operator";
/// The field manager of `replicas` between the operator and an autoscaler.
pub const SCALER: &str = "socialplatform-operator-scale";
/// The field manager of what the status of a backup says about its being readable.
pub const READER: &str = "socialplatform-operator-reader";
/// Which platform an object belongs to.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// Which component of it.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// Who writes it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What the names of the operator's own annotations and labels begin with.
pub const PREFIX: &str = "socialplatform.dev/";
/// On every object: the hash of what was last applied.
pub const APPLIED: &str = "socialplatform.dev/applied";
/// On a pod: the hash of the Secrets and ConfigMaps that it reads, so that it is replaced when they change.
pub const CONFIGURATION: &str = "socialplatform.dev/configuration";
/// On a Secret that someone else writes: a change of it takes effect at once.
pub const RELOAD: &str = "socialplatform.dev/reload";

/// What kind of thing an object belongs to.
pub const NAME: &str = "app.kubernetes.io/name";

/// The metadata of an object that goes when the resource goes.
pub fn owned(platform: &Platform, component: &str, name: &str) -> ObjectMeta {
    ObjectMeta { owner_references: Some(vec![platform.owner.clone()]), ..kept(platform, component, name) }
}

/// The metadata of an object that the deletion policy is about. Without an owner the garbage collector leaves it, and
/// the next resource of this name finds it by its own.
pub fn retained(platform: &Platform, component: &str, name: &str) -> ObjectMeta {
    match platform.deletion_policy {
        DeletionPolicy::Retain => kept(platform, component, name),
        DeletionPolicy::Delete => owned(platform, component, name),
    }
}

/// The metadata of an object that stays when the resource goes.
pub fn kept(platform: &Platform, component: &str, name: &str) -> ObjectMeta {
    let mut labels = labels(platform, component);
    labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
    ObjectMeta { name: Some(name.to_owned()), namespace: Some(platform.namespace.clone()), labels: Some(labels), ..ObjectMeta::default() }
}

/// The labels of a component's pods. They never change, because a Deployment cannot follow.
pub fn labels(platform: &Platform, component: &str) -> BTreeMap<String, String> {
    let mut labels = instance_labels(platform);
    labels.insert(COMPONENT.to_owned(), component.to_owned());
    labels
}

/// Selects the pods of a component.
pub fn selector(platform: &Platform, component: &str) -> LabelSelector {
    LabelSelector { match_labels: Some(labels(platform, component)), match_expressions: None }
}

/// Selects all pods of the platform.
pub fn instance_selector(platform: &Platform) -> LabelSelector {
    LabelSelector { match_labels: Some(instance_labels(platform)), match_expressions: None }
}

fn instance_labels(platform: &Platform) -> BTreeMap<String, String> {
    [(NAME, "social-platform"), (INSTANCE, platform.name.as_str())].map(|(label, value)| (label.to_owned(), value.to_owned())).into()
}
