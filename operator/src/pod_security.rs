//! The Pod Security Standard, level `restricted`, as a pure function of a pod template:
//! <https://kubernetes.io/docs/concepts/security/pod-security-standards/>.
//!
//! The API server refuses such pods too, where a namespace asks for it; here they are refused everywhere, and the resource
//! says why instead of a ReplicaSet.

use k8s_openapi::api::core::v1::{
    Container, LifecycleHandler, PodSecurityContext, PodSpec, PodTemplateSpec, Probe, SELinuxOptions, SeccompProfile, SecurityContext,
    Volume,
};
use serde_json::Value;

/// The kinds of volumes that the level allows.
const VOLUMES: [&str; 8] = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];
/// The kernel parameters that one pod can set without reaching another.
const SYSCTLS: [&str; 10] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies",
];
const SELINUX_TYPES: [&str; 4] = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// What the level refuses of `template`, each as a path and a reason.
pub fn violations(template: &PodTemplateSpec) -> Vec<String> {
    let mut found = Found(Vec::new());
    let annotations = template.metadata.iter().filter_map(|metadata| metadata.annotations.as_ref()).flatten();
    for (name, value) in annotations.filter(|(name, _)| name.starts_with(APP_ARMOR)) {
        let is_allowed = value == "runtime/default" || value.starts_with("localhost/");
        found.unless(is_allowed, || format!("metadata.annotations[{name}]: AppArmor may not be switched off"));
    }
    if let Some(pod) = &template.spec {
        of_pod(pod, &mut found);
    }
    found.0
}

struct Found(Vec<String>);

impl Found {
    fn unless(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.0.push(message());
        }
    }
}

fn of_pod(pod: &PodSpec, found: &mut Found) {
    for (field, is_set) in [("hostNetwork", pod.host_network), ("hostPID", pod.host_pid), ("hostIPC", pod.host_ipc)] {
        found.unless(is_set != Some(true), || format!("spec.{field}: pods may not share what belongs to the node"));
    }
    for volume in pod.volumes.iter().flatten() {
        let kind = kind(volume);
        let is_allowed = kind.as_deref().is_some_and(|kind| VOLUMES.contains(&kind));
        found.unless(is_allowed, || format!("spec.volumes[{}]: only {} are allowed", volume.name, VOLUMES.join(", ")));
    }
    let own = pod.security_context.clone().unwrap_or_default();
    of_pod_context(&own, found);
    for container in pod.init_containers.iter().flatten().chain(&pod.containers) {
        of_container(container, &own, found);
    }
    found.unless(pod.ephemeral_containers.is_none(), || "spec.ephemeralContainers: a template has none".to_owned());
}

fn kind(volume: &Volume) -> Option<String> {
    let Ok(Value::Object(fields)) = serde_json::to_value(volume) else { return None };
    fields.into_iter().map(|(name, _)| name).find(|name| name != "name")
}

fn of_pod_context(context: &PodSecurityContext, found: &mut Found) {
    let at = "spec.securityContext";
    selinux(context.se_linux_options.as_ref(), at, found);
    found.unless(context.run_as_user != Some(0), || format!("{at}.runAsUser: 0 is root"));
    let profile = context.app_armor_profile.as_ref().map(|profile| profile.type_.as_str());
    found.unless(profile != Some("Unconfined"), || format!("{at}.appArmorProfile: AppArmor may not be switched off"));
    let is_host_process = context.windows_options.as_ref().and_then(|options| options.host_process) == Some(true);
    found.unless(!is_host_process, || format!("{at}.windowsOptions.hostProcess: not allowed"));
    for sysctl in context.sysctls.iter().flatten() {
        found.unless(SYSCTLS.contains(&&*sysctl.name), || format!("{at}.sysctls[{}]: it is not among the safe ones", sysctl.name));
    }
}

fn of_container(container: &Container, pod: &PodSecurityContext, found: &mut Found) {
    let at = format!("spec.containers[{}]", container.name);
    for port in container.ports.iter().flatten() {
        found.unless(port.host_port.unwrap_or(0) == 0, || format!("{at}.ports: a hostPort is a port of the node"));
    }
    let probes = [&container.liveness_probe, &container.readiness_probe, &container.startup_probe];
    let mut handlers = container.lifecycle.iter().flat_map(|it| [&it.post_start, &it.pre_stop]).flatten();
    let names_host = probes.into_iter().flatten().any(probes_host) || handlers.any(calls_host);
    found.unless(!names_host, || format!("{at}: probes and hooks may not name a host"));
    of_container_context(&container.security_context.clone().unwrap_or_default(), pod, &format!("{at}.securityContext"), found);
}

fn probes_host(probe: &Probe) -> bool {
    let http = probe.http_get.as_ref().is_some_and(|it| it.host.is_some());
    http || probe.tcp_socket.as_ref().is_some_and(|it| it.host.is_some())
}

fn calls_host(handler: &LifecycleHandler) -> bool {
    let http = handler.http_get.as_ref().is_some_and(|it| it.host.is_some());
    http || handler.tcp_socket.as_ref().is_some_and(|it| it.host.is_some())
}

fn of_container_context(context: &SecurityContext, pod: &PodSecurityContext, at: &str, found: &mut Found) {
    found.unless(context.privileged != Some(true), || format!("{at}.privileged: not allowed"));
    found.unless(context.allow_privilege_escalation == Some(false), || format!("{at}.allowPrivilegeEscalation: it has to be false"));
    let capabilities = context.capabilities.clone().unwrap_or_default();
    let drops_all = capabilities.drop.iter().flatten().any(|name| name == "ALL");
    found.unless(drops_all, || format!("{at}.capabilities.drop: it has to contain ALL"));
    let adds_others = capabilities.add.iter().flatten().any(|name| name != "NET_BIND_SERVICE");
    found.unless(!adds_others, || format!("{at}.capabilities.add: only NET_BIND_SERVICE may be added"));
    let proc_mount = context.proc_mount.as_deref();
    found.unless(matches!(proc_mount, None | Some("Default")), || format!("{at}.procMount: only Default is allowed"));
    let not_root = context.run_as_non_root.or(pod.run_as_non_root);
    found.unless(not_root == Some(true), || format!("{at}.runAsNonRoot: it has to be true"));
    found.unless(context.run_as_user != Some(0), || format!("{at}.runAsUser: 0 is root"));
    let seccomp = context.seccomp_profile.as_ref().or(pod.seccomp_profile.as_ref());
    found.unless(confines(seccomp), || format!("{at}.seccompProfile: it has to be RuntimeDefault or Localhost"));
    let pod_seccomp = pod.seccomp_profile.as_ref();
    found.unless(pod_seccomp.is_none() || confines(pod_seccomp), || "spec.securityContext.seccompProfile: not Unconfined".to_owned());
    let profile = context.app_armor_profile.as_ref().map(|profile| profile.type_.as_str());
    found.unless(profile != Some("Unconfined"), || format!("{at}.appArmorProfile: AppArmor may not be switched off"));
    let is_host_process = context.windows_options.as_ref().and_then(|options| options.host_process) == Some(true);
    found.unless(!is_host_process, || format!("{at}.windowsOptions.hostProcess: not allowed"));
    selinux(context.se_linux_options.as_ref(), at, found);
}

fn confines(profile: Option<&SeccompProfile>) -> bool {
    profile.is_some_and(|profile| matches!(profile.type_.as_str(), "RuntimeDefault" | "Localhost"))
}

fn selinux(options: Option<&SELinuxOptions>, at: &str, found: &mut Found) {
    let Some(options) = options else { return };
    let is_allowed = options.type_.as_deref().is_none_or(|type_| SELINUX_TYPES.contains(&type_));
    found.unless(is_allowed, || format!("{at}.seLinuxOptions.type: only {} are allowed", SELINUX_TYPES.join(", ")));
    let names_others = options.user.is_some() || options.role.is_some();
    found.unless(!names_others, || format!("{at}.seLinuxOptions: user and role may not be set"));
}

#[cfg(test)]
mod tests;
