//! What is said about how a platform is kept in order.

use operator::crd::ModerationSpec;
use operator::example::minimal;
use serde_json::{Value, json};

use super::{objects, prepared, with};

/// The variables of a service with these names.
fn variables(service: &str, moderation: Option<ModerationSpec>) -> Vec<Value> {
    let names = ["MODERATION_CONTACT", "MODERATION_RULES", "RESERVED_HANDLES"];
    let all = objects(prepared(with(minimal(), |it| it.spec.moderation = moderation)));
    let pods = all.iter().find(|it| it["kind"] == "Deployment" && it["metadata"]["name"] == format!("demo-{service}")).unwrap();
    let variables = pods["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    variables.iter().filter(|variable| names.contains(&variable["name"].as_str().unwrap())).cloned().collect()
}

#[test]
fn auth_is_told_and_nobody_else() {
    let moderation = ModerationSpec {
        contact: Some("moderators@example.org".to_owned()),
        rules: Some(vec!["Be kind.".to_owned(), "No spam, ever.".to_owned()]),
        reserved_handles: Some(vec!["example".to_owned(), "press".to_owned()]),
    };
    let told = [
        json!({ "name": "MODERATION_CONTACT", "value": "moderators@example.org" }),
        json!({ "name": "MODERATION_RULES", "value": "Be kind.\nNo spam, ever." }),
        json!({ "name": "RESERVED_HANDLES", "value": "example,press" }),
    ];
    assert_eq!(variables("auth", Some(moderation.clone())), told);
    assert_eq!(variables("social", Some(moderation)), [Value::Null; 0]);
    assert_eq!(variables("auth", None), [Value::Null; 0]);
    assert_eq!(variables("auth", Some(ModerationSpec::default())), [Value::Null; 0]);
}

#[test]
fn a_rule_that_names_a_variable_shows_nobody_its_value() {
    let rules = Some(vec!["Pay $(KEY_ENCRYPTION_KEY) or $5.".to_owned()]);
    let told = variables("auth", Some(ModerationSpec { rules, ..ModerationSpec::default() }));
    // What Kubernetes makes of it is what was said.
    assert_eq!(told, [json!({ "name": "MODERATION_RULES", "value": "Pay $$(KEY_ENCRYPTION_KEY) or $$5." })]);
}
