//! Pods that pass the Pod Security level `restricted`, with a root file system that cannot be written.

use k8s_openapi::DeepMerge;
use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, ExecAction, HTTPGetAction, KeyToPath, Lifecycle,
    LifecycleHandler, LocalObjectReference, PersistentVolumeClaimVolumeSource, PodSecurityContext, PodSpec, PodTemplateSpec, Probe,
    SeccompProfile, SecretVolumeSource, SecurityContext, TCPSocketAction, TopologySpreadConstraint, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::metadata::{CONFIGURATION, labels, selector};
use super::{scheduling, unless_empty};
use crate::components::{Component, Port, Probes};
use crate::crd::TopologySpreadSpec;
use crate::platform::Platform;

/// The pods of a component, with what the resource says beyond the operator's own. `configuration` is a hash of what they
/// read; nothing here depends on the operator's own version, so that an upgrade of the operator replaces no pod.
pub fn template(platform: &Platform, component: &Component, configuration: &str) -> PodTemplateSpec {
    let mut template = own(platform, component, configuration);
    template.merge_from(component.overrides.clone().unwrap_or_default());
    template
}

/// The pods of a component as the operator alone would have them.
pub fn own(platform: &Platform, component: &Component, configuration: &str) -> PodTemplateSpec {
    let annotations = [(CONFIGURATION.to_owned(), configuration.to_owned())].into();
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels(platform, component.name)),
            annotations: Some(annotations),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec {
            service_account_name: Some(platform.named(component.name)),
            automount_service_account_token: Some(false),
            // Otherwise each Service of the namespace becomes seven variables.
            enable_service_links: Some(false),
            security_context: Some(pod_security(component)),
            termination_grace_period_seconds: Some(component.grace_seconds),
            topology_spread_constraints: unless_empty(component.spread.iter().map(|it| spread(platform, component, it)).collect()),
            image_pull_secrets: unless_empty(platform.image_pull_secrets.iter().map(|name| pull_secret(name)).collect()),
            containers: vec![container(platform, component)],
            volumes: unless_empty(volumes(platform, component)),
            ..scheduling::pod(&platform.scheduling)
        }),
    }
}

fn pod_security(component: &Component) -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(component.user),
        run_as_group: Some(component.user),
        fs_group: Some(component.user),
        // A large volume would otherwise be walked through at each start.
        fs_group_change_policy: component.disk.as_ref().map(|_| "OnRootMismatch".to_owned()),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
        ..PodSecurityContext::default()
    }
}

fn pull_secret(name: &str) -> LocalObjectReference {
    LocalObjectReference { name: name.to_owned() }
}

/// Pods of one release are spread among themselves: those that are being replaced do not count.
fn spread(platform: &Platform, component: &Component, spec: &TopologySpreadSpec) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        topology_key: spec.topology_key.clone(),
        max_skew: spec.max_skew.unwrap_or(1),
        when_unsatisfiable: spec.when_unsatisfiable.unwrap_or_default().name().to_owned(),
        label_selector: Some(selector(platform, component.name)),
        match_label_keys: Some(vec!["pod-template-hash".to_owned()]),
        ..TopologySpreadConstraint::default()
    }
}

fn container(platform: &Platform, component: &Component) -> Container {
    let port =
        |port: &Port| ContainerPort { name: Some(port.name.to_owned()), container_port: port.number.into(), ..ContainerPort::default() };
    Container {
        name: component.name.to_owned(),
        image: Some(component.image.clone()),
        image_pull_policy: platform.image_pull_policy.map(|policy| policy.name().to_owned()),
        command: Some(component.command.clone()),
        env: unless_empty(component.env.clone()),
        ports: unless_empty(component.ports.iter().map(port).collect()),
        resources: Some(component.resources.clone()),
        startup_probe: probe(component.probes, "/livez", 2, 60),
        liveness_probe: probe(component.probes, "/livez", 10, 6),
        readiness_probe: probe(component.probes, "/readyz", 5, 2),
        lifecycle: component.before_stop.as_ref().map(|command| before_stop(command)),
        volume_mounts: unless_empty(mounts(component)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

/// `startup` has two minutes; after that six failures in a minute restart the container, two in ten seconds take it out
/// of its Service.
fn probe(probes: Probes, path: &str, period_seconds: i32, failure_threshold: i32) -> Option<Probe> {
    let probe = Probe {
        period_seconds: Some(period_seconds),
        failure_threshold: Some(failure_threshold),
        timeout_seconds: Some(3),
        ..Probe::default()
    };
    match probes {
        Probes::None => None,
        Probes::Http => {
            let port = IntOrString::String("private".to_owned());
            let get = HTTPGetAction { path: Some(path.to_owned()), port, ..HTTPGetAction::default() };
            Some(Probe { http_get: Some(get), ..probe })
        }
        Probes::Tcp(port) => {
            let connect = TCPSocketAction { port: IntOrString::Int(port.into()), host: None };
            Some(Probe { tcp_socket: Some(connect), ..probe })
        }
    }
}

fn before_stop(command: &[String]) -> Lifecycle {
    let exec = ExecAction { command: Some(command.to_vec()) };
    let handler = LifecycleHandler { exec: Some(exec), ..LifecycleHandler::default() };
    Lifecycle { pre_stop: Some(handler), ..Lifecycle::default() }
}

fn mounts(component: &Component) -> Vec<VolumeMount> {
    let mount = |name: &str, path: &str, read_only: Option<bool>| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only,
        ..VolumeMount::default()
    };
    let mut mounts = Vec::new();
    mounts.extend(component.disk.as_ref().map(|disk| mount("data", disk.path, None)));
    mounts.extend(component.scratch.iter().map(|path| mount(&scratch_name(path), path, None)));
    mounts.extend(component.secret_files.as_ref().map(|files| mount("secret", files.path, Some(true))));
    mounts.extend(component.config_file.as_ref().map(|file| mount("trust", file.path, Some(true))));
    mounts
}

fn volumes(platform: &Platform, component: &Component) -> Vec<Volume> {
    let mut volumes = Vec::new();
    volumes.extend(component.disk.as_ref().map(|_| Volume {
        name: "data".to_owned(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource { claim_name: platform.named(component.name), read_only: None }),
        ..Volume::default()
    }));
    volumes.extend(component.scratch.iter().map(|path| Volume {
        name: scratch_name(path),
        empty_dir: Some(EmptyDirVolumeSource::default()),
        ..Volume::default()
    }));
    volumes.extend(component.secret_files.as_ref().map(|files| {
        let item = |key: &&str| KeyToPath { key: (*key).to_owned(), path: (*key).to_owned(), mode: None };
        Volume {
            name: "secret".to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(files.secret.clone()),
                items: Some(files.keys.iter().map(item).collect()),
                default_mode: Some(0o440),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        }
    }));
    volumes.extend(component.config_file.as_ref().map(|file| {
        let item = KeyToPath { key: file.key.clone(), path: file.name.to_owned(), mode: None };
        let source = ConfigMapVolumeSource {
            name: file.config_map.clone(),
            items: Some(vec![item]),
            default_mode: Some(0o444),
            ..ConfigMapVolumeSource::default()
        };
        Volume { name: "trust".to_owned(), config_map: Some(source), ..Volume::default() }
    }));
    volumes
}

/// `/var/run/postgresql` → `var-run-postgresql`.
fn scratch_name(path: &str) -> String {
    path.trim_matches('/').replace('/', "-")
}
