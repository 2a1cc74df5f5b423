//! What the objects are in each phase of a rotation, from one to the next as the operator goes.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};
use kube::ResourceExt;
use operator::crd::SocialPlatform;
use operator::example::{cloud_native_pg, minimal};
use operator::reconcile::build::build;
use operator::reconcile::validate::validate;
use operator::resources::{Prepared, Resources, env};
use operator::rotation::{Facts, Rotation, Step};

use super::{Fixed, cluster, secret};

/// Of auth, in Development: which Secrets there are (the role that logs in, and the first letters of its password; the public key),
/// which keys are accepted, whether the migrations run anew and what they read, whether pods are replaced and what they read.
const AUTH: &str = "
Settled, with a
  secrets    demo-auth-database: social_auth_a AQEB, demo-auth-key: public-1
  accepted   public-1
  migration  anew: AUTH_DATABASE_PASSWORD: demo-auth-database
  pods       anew: DATABASE_URL: demo-auth-database, SERVICE_KEY: demo-auth-key
Introduced, with a
  secrets    demo-auth-database: social_auth_a AQEB, demo-auth-database-b: social_auth_b AgIC, demo-auth-key: public-1, demo-auth-key-b: public-2
  accepted   public-1, public-2
  migration  anew: AUTH_DATABASE_PASSWORD: demo-auth-database, AUTH_DATABASE_PASSWORD_B: demo-auth-database-b
  pods       anew: DATABASE_URL: demo-auth-database, SERVICE_KEY: demo-auth-key
Switched, with b
  secrets    demo-auth-database: social_auth_a AQEB, demo-auth-database-b: social_auth_b AgIC, demo-auth-key: public-1, demo-auth-key-b: public-2
  accepted   public-1, public-2
  migration  as before: AUTH_DATABASE_PASSWORD: demo-auth-database, AUTH_DATABASE_PASSWORD_B: demo-auth-database-b
  pods       anew: DATABASE_URL: demo-auth-database-b, SERVICE_KEY: demo-auth-key-b
Settled, with b
  secrets    demo-auth-database-b: social_auth_b AgIC, demo-auth-key-b: public-2
  accepted   public-2
  migration  anew: AUTH_DATABASE_PASSWORD_B: demo-auth-database-b
  pods       anew: DATABASE_URL: demo-auth-database-b, SERVICE_KEY: demo-auth-key-b
";

/// The phases of a new platform that is asked for one rotation, with the objects of each. Values that are made in one of them have
/// its number.
fn phases(resource: SocialPlatform) -> Vec<(Rotation, Resources<Prepared>)> {
    let mut cluster = cluster(resource);
    let mut phases = Vec::new();
    for number in 1..=9 {
        let platform = validate(&cluster).unwrap();
        let resources = build(&platform, &Fixed(number));
        for made in resources.new_secrets.iter().chain(&resources.secrets) {
            cluster.generated.insert(made.name_any(), made.clone());
        }
        phases.push((platform.rotation.clone(), resources));
        // Database and pods have followed, and the old values were accepted for long enough.
        let (settled_since, now) = (Some(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
        let facts = Facts { wanted: Some("once"), idle_is_empty: true, settled_since, overlap: Duration::ZERO, now };
        let Step::Go(next) = platform.rotation.next(&facts) else { break };
        let values = next.values();
        let values: Vec<_> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
        cluster.generated.insert("demo-rotation".to_owned(), secret("demo-rotation", &values));
    }
    phases
}

/// The role that a URL is for, and the first letters of its password.
fn login(url: &str) -> String {
    let (user, password) = url.strip_prefix("postgres://").and_then(|rest| rest.split_once('@')?.0.split_once(':')).unwrap();
    format!("{user} {}", &password[..4])
}

/// The Secrets of a service with passwords and keys that are replaced.
fn secrets(resources: &Resources<Prepared>, service: &str) -> String {
    let mut found = BTreeMap::new();
    for secret in resources.new_secrets.iter().chain(&resources.secrets) {
        let text = |key: &str| secret.data.as_ref()?.get(key).map(|value| String::from_utf8(value.0.clone()).unwrap());
        let holds = text("DATABASE_URL").map(|url| login(&url)).or_else(|| text("PUBLIC_KEY"));
        found.extend(holds.map(|holds| (secret.name_any(), holds)));
    }
    found.retain(|name, _| name.starts_with(&format!("demo-{service}-")));
    found.iter().map(|(name, holds)| format!("{name}: {holds}")).collect::<Vec<_>>().join(", ")
}

/// The public keys of a service that others accept.
fn accepted(resources: &Resources<Prepared>, service: &str) -> String {
    let config_map = resources.config_maps.iter().find(|it| it.name_any() == "demo-service-keys").unwrap();
    let keys: BTreeMap<String, Vec<String>> = serde_json::from_str(&config_map.data.as_ref().unwrap()["SERVICE_KEYS"]).unwrap();
    keys[service].join(", ")
}

fn container(template: &PodTemplateSpec) -> &Container {
    &template.spec.as_ref().unwrap().containers[0]
}

/// From where some variables are read.
fn reads(container: &Container, wanted: impl Fn(&str) -> bool) -> String {
    let variables = container.env.iter().flatten().filter(|variable| wanted(&variable.name));
    let sources = variables.map(|variable| format!("{}: {}", variable.name, env::source(variable).unwrap()));
    sources.collect::<Vec<_>>().join(", ")
}

/// All phases, as [`AUTH`] is written.
fn told(phases: &[(Rotation, Resources<Prepared>)], service: &str) -> String {
    let mut text = "\n".to_owned();
    let (mut last_job, mut last_pods) = (None, None);
    for (rotation, resources) in phases {
        let job = resources.migration.spec.as_ref().unwrap();
        let passwords = format!("{}_DATABASE_PASSWORD", service.to_uppercase());
        let migration = reads(container(&job.template), |name| name.starts_with(&passwords));
        let deployment = resources.deployments.iter().find(|it| it.name_any() == format!("demo-{service}")).unwrap();
        let pods = &deployment.spec.as_ref().unwrap().template;
        let of_pods = reads(container(pods), |name| ["DATABASE_URL", "SERVICE_KEY"].contains(&name));
        // Another name is another Job, and another template replaces the pods.
        let job = Some(resources.migration.name_any());
        let [runs, replaces] = [last_job != job, last_pods != Some(pods)].map(|is_other| if is_other { "anew" } else { "as before" });
        text += &format!("{:?}, with {}\n", rotation.phase, rotation.active.letter());
        text += &format!("  secrets    {}\n", secrets(resources, service));
        text += &format!("  accepted   {}\n", accepted(resources, service));
        text += &format!("  migration  {runs}: {migration}\n");
        text += &format!("  pods       {replaces}: {of_pods}\n");
        (last_job, last_pods) = (job, Some(pods));
    }
    text
}

#[test]
fn each_phase_has_these_secrets_keys_and_readers() {
    let phases = phases(minimal());
    assert_eq!(told(&phases, "auth"), AUTH, "{}", told(&phases, "auth"));
    for service in ["photo", "relation", "social"] {
        let expected = AUTH.replace("auth", service).replace("AUTH", &service.to_uppercase());
        assert_eq!(told(&phases, service), expected);
    }
}

#[test]
fn each_phase_opens_and_closes_these_roles_of_cloud_native_pg() {
    let of_auth = |resources: &Resources<Prepared>| -> Vec<String> {
        let logins = resources.postgres_clusters[0].spec.managed.roles.iter().filter(|role| role.name.starts_with("social_auth_"));
        let password = |secret: Option<String>| secret.unwrap_or_else(|| "closed".to_owned());
        logins.map(|role| format!("{}: {}", role.name, password(role.password_secret.as_ref().map(|secret| secret.name.clone())))).collect()
    };
    let (a, b) = ("social_auth_a: demo-auth-database", "social_auth_b: demo-auth-database-b");
    let phases = phases(cloud_native_pg());
    let found: Vec<_> = phases.iter().map(|(rotation, resources)| (format!("{:?}", rotation.phase), of_auth(resources))).collect();
    let expected = [
        ("Settled", [a, "social_auth_b: closed"]),
        ("Introduced", [a, b]),
        ("Switched", [a, b]),
        ("Settled", ["social_auth_a: closed", b]),
    ];
    let expected: Vec<_> = expected.iter().map(|(phase, roles)| ((*phase).to_owned(), roles.map(str::to_owned).to_vec())).collect();
    assert_eq!(found, expected);
}
