//! What the stories are told about the cluster; `scripts/e2e` sets all of it.

use std::path::{Path, PathBuf};

/// The version that the chart's `images` value resolves: the workspace's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A later one, which `scripts/e2e` gives the same image.
pub const NEXT_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), ".1");

/// A client of the cluster in `KUBECONFIG`. Never of a default one: the stories create and delete namespaces.
pub async fn cluster() -> kube::Client {
    required("KUBECONFIG", "the path of a kubeconfig with the rights of an administrator");
    kube::Client::try_default().await.expect("KUBECONFIG names a cluster")
}

/// The gateway as this machine reaches it.
pub fn gateway() -> String {
    required("E2E_GATEWAY", "the base URL of the cluster's gateway, such as http://127.0.0.1:18080")
}

/// The namespace in which the chart is installed.
pub fn operator_namespace() -> String {
    optional("E2E_OPERATOR_NAMESPACE").unwrap_or_else(|| "social-platform-system".into())
}

/// The API server's audit log (JSON lines, at least `Metadata` of every write). None has to be said, for a cluster that has none:
/// without it, less is shown.
pub fn audit_log() -> Option<PathBuf> {
    let path = required("E2E_AUDIT_LOG", "the API server's audit log, or `none`");
    (path != "none").then(|| PathBuf::from(path))
}

/// The program `social-platform`, if the seeded story is to be told.
pub fn seeder() -> Option<String> {
    let wanted = optional("E2E_SEED").is_some_and(|value| value == "1");
    wanted.then(|| required("E2E_SEEDER", "the path of the program social-platform, which seeds"))
}

/// How many people to seed, where it is not to be all of the graph.
pub fn people() -> Option<String> {
    optional("E2E_PEOPLE")
}

/// Real photographs and a real graph, where this checkout lies beside them.
pub fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    folder.is_dir().then_some(folder)
}

/// The program that runs a command on the cluster's node, by its verb `exec`.
pub fn cluster_program() -> String {
    required("E2E_CLUSTER", "the path of a program with the verb exec, such as e2e/cluster/run")
}

/// Whether what could be sampled is to be done in full.
pub fn proves() -> bool {
    optional("PROVE").is_some()
}

fn required(name: &str, what: &str) -> String {
    optional(name).unwrap_or_else(|| panic!("{name} is not set: it is {what}. Run scripts/e2e, which sets it"))
}

fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
