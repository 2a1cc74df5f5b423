//! Rights that nobody uses are of use to whoever breaks in, so the operator has none. Told last, for it looks back at all
//! other stories.

use std::fmt;

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kube::api::{ListParams, ResourceExt as _};
use kube::{Api, Client};

use crate::audit::{Asked, Audit};
use crate::{environment, operator};

/// One verb on one resource.
#[derive(Debug)]
struct Right {
    /// The namespace of the binding; all, for that of a ClusterRole.
    namespace: Option<String>,
    group: String,
    resource: String,
    subresource: String,
    verb: String,
    /// All, if none is named.
    names: Vec<String>,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Right { namespace, group, resource, subresource, verb, names } = self;
        let namespace = namespace.as_deref().unwrap_or("all namespaces");
        write!(f, "{verb} {resource}.{group}/{subresource} {names:?} in {namespace}")
    }
}

impl Right {
    /// Did this request need it? A patch that applies what is not there yet needs the right to create it, too.
    fn was_used_by(&self, asked: &Asked) -> bool {
        let verb = self.verb == asked.verb || (self.verb == "create" && asked.verb == "patch" && asked.code == 201);
        let target = (&self.group, &self.resource, &self.subresource) == (&asked.group, &asked.resource, &asked.subresource);
        let place = self.namespace.as_ref().is_none_or(|namespace| *namespace == asked.namespace);
        asked.allowed && verb && target && place && (self.names.is_empty() || self.names.contains(&asked.name))
    }
}

#[tokio::test]
#[ignore = "it looks back at all other stories: scripts/e2e tells it after them"]
async fn every_right_of_the_operator_was_used_and_none_was_missing() {
    let Some(log) = environment::audit_log() else {
        println!("NOT SHOWN: which rights the operator used, and that none was missing; there is no audit log (E2E_AUDIT_LOG=none)");
        return;
    };
    let client = environment::cluster().await;
    let asked = Audit::from_the_start(log).asked(&operator::user(&client).await);
    let refused: Vec<_> = asked.iter().filter(|asked| !asked.allowed).collect();
    assert!(refused.is_empty(), "the operator was refused what it needs: {refused:#?}");

    let rights = granted(&client, &operator::account(&client).await).await;
    assert!(!rights.is_empty(), "the operator has rights");
    let (used, unused): (Vec<_>, Vec<_>) = rights.iter().partition(|right| asked.iter().any(|asked| right.was_used_by(asked)));
    let superfluous: Vec<_> = unused.iter().map(|right| format!("\n  {right}")).collect();
    assert!(superfluous.is_empty(), "granted and not used in the whole run:{}", superfluous.concat());
    println!("{} rights are granted, and each of them was used", used.len());
}

/// Every right of a service account in the operator's namespace that was granted to it by name.
async fn granted(client: &Client, account: &str) -> Vec<Right> {
    let mut rights = Vec::new();
    let all = ListParams::default();
    let bindings: Api<ClusterRoleBinding> = Api::all(client.clone());
    for binding in bindings.list(&all).await.expect("ClusterRoleBindings can be listed") {
        if is_bound(binding.subjects.as_deref(), account) {
            rights.extend(expanded(rules(client, &binding.role_ref, "").await, None));
        }
    }
    let bindings: Api<RoleBinding> = Api::all(client.clone());
    for binding in bindings.list(&all).await.expect("RoleBindings can be listed") {
        if is_bound(binding.subjects.as_deref(), account) {
            let namespace = binding.namespace().unwrap_or_default();
            rights.extend(expanded(rules(client, &binding.role_ref, &namespace).await, Some(&namespace)));
        }
    }
    rights
}

fn is_bound(subjects: Option<&[Subject]>, account: &str) -> bool {
    let namespace = Some(environment::operator_namespace());
    let is_it = |subject: &Subject| subject.kind == "ServiceAccount" && subject.name == account && subject.namespace == namespace;
    subjects.unwrap_or_default().iter().any(is_it)
}

async fn rules(client: &Client, role: &RoleRef, namespace: &str) -> Vec<PolicyRule> {
    let rules = match role.kind.as_str() {
        "ClusterRole" => Api::<ClusterRole>::all(client.clone()).get(&role.name).await.map(|role| role.rules),
        _ => Api::<Role>::namespaced(client.clone(), namespace).get(&role.name).await.map(|role| role.rules),
    };
    rules.unwrap_or_else(|error| panic!("the bound {} {} can be read: {error}", role.kind, role.name)).unwrap_or_default()
}

fn expanded(rules: Vec<PolicyRule>, namespace: Option<&str>) -> Vec<Right> {
    let mut rights = Vec::new();
    for rule in rules {
        let names = rule.resource_names.unwrap_or_default();
        for (group, resource, verb) in each(rule.api_groups.as_deref(), rule.resources.as_deref(), &rule.verbs) {
            assert!(![group, resource, verb].contains(&"*"), "no right is for everything: {group} {resource} {verb}");
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            rights.push(Right {
                namespace: namespace.map(str::to_owned),
                group: group.to_owned(),
                resource: resource.to_owned(),
                subresource: subresource.to_owned(),
                verb: verb.to_owned(),
                names: names.clone(),
            });
        }
    }
    rights
}

/// Every combination.
fn each<'a>(groups: Option<&'a [String]>, resources: Option<&'a [String]>, verbs: &'a [String]) -> Vec<(&'a str, &'a str, &'a str)> {
    let mut all = Vec::new();
    for group in groups.unwrap_or_default() {
        for resource in resources.unwrap_or_default() {
            all.extend(verbs.iter().map(|verb| (group.as_str(), resource.as_str(), verb.as_str())));
        }
    }
    all
}
