//! What may be merged over the pods of a service. Pure.

use std::collections::BTreeSet;

use contracts::Service;
use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};
use serde_json::Value;

use super::Problem;
use super::quantities::in_canonical_forms;
use crate::components;
use crate::crd::PodOverrides;
use crate::platform::Platform;
use crate::pod_security::violations;
use crate::resources::metadata::{COMPONENT, INSTANCE, MANAGED_BY, NAME, PREFIX};
use crate::resources::pod;
use crate::secrets::{Credentials, Placeholder};
use crate::strict::unknown_field;

/// Fields of a pod that are the operator's alone.
const OURS: [&str; 8] = [
    "automountServiceAccountToken",
    "ephemeralContainers",
    "initContainers",
    "nodeName",
    "restartPolicy",
    "schedulingGates",
    "serviceAccount",
    "serviceAccountName",
];
/// Fields whose zero value the API server leaves out: wished for, it would be missing for ever.
const ZERO_IS_NOTHING: [&str; 13] = [
    "failureThreshold",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPort",
    "initialDelaySeconds",
    "periodSeconds",
    "readOnly",
    "stdin",
    "stdinOnce",
    "successThreshold",
    "timeoutSeconds",
    "tty",
];

/// Reads what a resource says about the pods of `service`: every field has to be one of a pod, and none the operator's own.
pub(super) fn read(service: Service, PodOverrides(overrides): &PodOverrides) -> Result<PodTemplateSpec, Problem> {
    let mut value = overrides.clone();
    drop_nothing(&mut value);
    let template: PodTemplateSpec =
        serde_json::from_value(value.clone()).map_err(|error| refused(service, &format!("it is no part of a PodTemplateSpec: {error}")))?;
    let read = serde_json::to_value(&template).expect("objects of Kubernetes are JSON");
    if let Some(field) = unknown_field(&value, &read) {
        return Err(refused(service, &format!("{field} is no field of a PodTemplateSpec")));
    }
    match reserved(service, &value) {
        Some(reason) => Err(refused(service, &reason)),
        None => in_canonical_forms(service, template),
    }
}

/// What is wrong with the pods as they would be with their overrides.
pub(super) fn check(platform: &Platform) -> Vec<Problem> {
    if platform.sizes.values().all(|size| size.overrides.is_none()) {
        return Vec::new();
    }
    // Which values a pod reads does not matter here, only from where.
    let services = components::services(platform, &Credentials::complete(platform, &Placeholder));
    let mut problems = Vec::new();
    for (component, service) in services.iter().zip(Service::ALL) {
        let Some(overrides) = &component.overrides else { continue };
        let merged = pod::template(platform, component, "");
        let mut reasons = violations(&merged);
        reasons.extend(taken(&pod::own(platform, component, ""), overrides));
        reasons.extend(doubled(overrides));
        reasons.extend(writable(&merged));
        if !reasons.is_empty() {
            problems.push(refused(service, &reasons.join("; ")));
        }
    }
    problems
}

fn refused(service: Service, reason: &str) -> Problem {
    let message = format!("components.{service}.podOverrides: {reason}; take it out");
    Problem::in_spec("PodOverridesRefused", message)
}

/// Drops what the API server does not store.
fn drop_nothing(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_nothing);
            fields.retain(|name, value| match value {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Bool(false) => !ZERO_IS_NOTHING.contains(&&**name),
                Value::Number(number) => number.as_i64() != Some(0) || !ZERO_IS_NOTHING.contains(&&**name),
                _ => true,
            });
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nothing),
        _ => {}
    }
}

/// The first thing that is not for a resource to say.
fn reserved(service: Service, value: &Value) -> Option<String> {
    let fields = |at: &str| value.pointer(at).and_then(Value::as_object).into_iter().flatten();
    let metadata = fields("/metadata").map(|(name, _)| name).find(|name| !matches!(name.as_str(), "labels" | "annotations"));
    if let Some(name) = metadata {
        return Some(format!("metadata.{name}: only labels and annotations can be added"));
    }
    let mut names = fields("/metadata/labels").chain(fields("/metadata/annotations")).map(|(name, _)| name);
    if let Some(name) = names.find(|name| is_ours(name)) {
        return Some(format!("{name} is the operator's own"));
    }
    let pod = fields("/spec").map(|(name, _)| name).find(|name| OURS.contains(&name.as_str()));
    if let Some(name) = pod {
        return Some(format!("spec.{name} is the operator's own"));
    }
    let mut containers = value.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
    containers.find_map(|container| of_container(service, container)).or_else(|| token(value))
}

fn is_ours(name: &str) -> bool {
    [NAME, INSTANCE, COMPONENT, MANAGED_BY].contains(&name) || name.starts_with(PREFIX)
}

fn of_container(service: Service, container: &Value) -> Option<String> {
    let name = container["name"].as_str().unwrap_or_default();
    if name != service.name() {
        return Some(format!("spec.containers: {name:?} is another container; the only one is {service}"));
    }
    // Arguments come before variables, so they would be a way round the operator's own.
    let field = ["image", "command", "args", "restartPolicy"].into_iter().find(|field| container.get(field).is_some())?;
    Some(format!("spec.containers[{service}].{field} is the operator's own"))
}

/// A token of the service account, by way of a volume.
///
/// A Secret of the type `kubernetes.io/service-account-token` is a token as well, and the name does not tell. Nobody gets more by
/// naming one than they have: whoever may write the resource may name every Secret of the namespace, in variables too, and what
/// reads it is the platform's own program, whose image and command are not theirs. So the type is not asked for.
fn token(value: &Value) -> Option<String> {
    let volumes = value.pointer("/spec/volumes").and_then(Value::as_array)?;
    let mut sources = volumes.iter().filter_map(|volume| volume.pointer("/projected/sources")?.as_array()).flatten();
    let has_token = sources.any(|source| source.get("serviceAccountToken").is_some());
    has_token.then(|| "spec.volumes: pods of a platform have no token of a service account".to_owned())
}

/// Variables, ports, volumes and folders that the operator's own template has already.
fn taken(own: &PodTemplateSpec, overrides: &PodTemplateSpec) -> Vec<String> {
    let (Some(own), Some(overrides)) = (&own.spec, &overrides.spec) else { return Vec::new() };
    let mut taken = Vec::new();
    for volume in overrides.volumes.iter().flatten() {
        if own.volumes.iter().flatten().any(|ours| ours.name == volume.name) {
            taken.push(format!("spec.volumes[{}] is the operator's own", volume.name));
        }
    }
    let (Some(ours), Some(theirs)) = (own.containers.first(), overrides.containers.first()) else { return taken };
    let both = |names: fn(&Container) -> Vec<String>| -> Vec<String> {
        let ours = names(ours);
        names(theirs).into_iter().filter(|name| ours.contains(name)).collect()
    };
    let variables = both(|it| it.env.iter().flatten().map(|variable| variable.name.clone()).collect());
    let folders = both(|it| it.volume_mounts.iter().flatten().map(|mount| mount.mount_path.clone()).collect());
    let ports = both(|it| it.ports.iter().flatten().map(|port| port.container_port.to_string()).collect());
    taken.extend(variables.iter().map(|name| format!("the variable {name} is the operator's own")));
    taken.extend(folders.iter().map(|path| format!("the folder {path} is the operator's own")));
    taken.extend(ports.iter().map(|port| format!("the port {port} is the operator's own")));
    taken
}

/// Pod Security has nothing against a root file system that can be written; the operator has.
fn writable(merged: &PodTemplateSpec) -> Option<String> {
    let container = merged.spec.as_ref()?.containers.first()?;
    let is_read_only = container.security_context.as_ref().and_then(|context| context.read_only_root_filesystem) == Some(true);
    (!is_read_only).then(|| "readOnlyRootFilesystem has to stay true: mount an emptyDir where a program writes".to_owned())
}

/// What stands twice in a list of which each element has a name of its own: one of the two would be lost.
fn doubled(overrides: &PodTemplateSpec) -> Vec<String> {
    let Some(container) = overrides.spec.as_ref().and_then(|pod| pod.containers.first()) else { return Vec::new() };
    let variables = container.env.iter().flatten().map(|variable| format!("the variable {}", variable.name));
    let folders = container.volume_mounts.iter().flatten().map(|mount| format!("the folder {}", mount.mount_path));
    let ports = container.ports.iter().flatten().map(|port| format!("the port {}", port.container_port));
    let mut seen = BTreeSet::new();
    let all = variables.chain(folders).chain(ports);
    all.filter(|name| !seen.insert(name.clone())).map(|name| format!("{name} stands there twice")).collect()
}

#[cfg(test)]
mod tests;
