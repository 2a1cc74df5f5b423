//! What the API server demands of a resource itself: the schema of its CRD and its rules.
//!
//! Of the schema, patterns, lengths, sizes and bounds are checked here. Types, required fields and enumerated words are not: what is
//! read into a type of Rust has them.

use kube::CustomResourceExt;
use kube::core::cel::{validate_cel, validate_cel_update};
use regex::Regex;
use serde::Serialize;
use serde_json::Value;

/// What is wrong with a resource, and, if it would replace `stored`, with the change.
pub fn refusals<K: CustomResourceExt + Serialize>(resource: &K, stored: Option<&K>) -> Vec<String> {
    let found = violations::<K>(&json(resource)["spec"]);
    if !found.is_empty() {
        return found;
    }
    let ruled = match stored {
        None => validate_cel(resource),
        Some(stored) => validate_cel_update(resource, stored),
    };
    ruled.err().map(|errors| errors.to_string()).into_iter().collect()
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("resources and definitions are JSON")
}

/// Where a spec is not as the schema of its kind says.
fn violations<K: CustomResourceExt>(spec: &Value) -> Vec<String> {
    let crd = json(&K::crd());
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let mut found = Vec::new();
    check("spec", schema, spec, &mut found);
    found
}

fn check(path: &str, schema: &Value, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            bound(path, &format!("is {number}"), number.as_f64(), [&schema["minimum"], &schema["maximum"]], found);
        }
        Value::String(text) => {
            let length = text.chars().count();
            size(path, "characters", length, [&schema["minLength"], &schema["maxLength"]], found);
            if let Some(pattern) = schema["pattern"].as_str()
                && !Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
            {
                found.push(format!("{path} is {text:?}, which does not match {pattern}"));
            }
        }
        Value::Array(items) => {
            size(path, "items", items.len(), [&schema["minItems"], &schema["maxItems"]], found);
            for (index, item) in items.iter().enumerate() {
                check(&format!("{path}[{index}]"), &schema["items"], item, found);
            }
        }
        Value::Object(fields) => {
            size(path, "fields", fields.len(), [&schema["minProperties"], &schema["maxProperties"]], found);
            for (name, field) in fields {
                let schema = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
                check(&format!("{path}.{name}"), schema, field, found);
            }
        }
    }
}

fn size(path: &str, of: &str, size: usize, bounds: [&Value; 2], found: &mut Vec<String>) {
    bound(path, &format!("has {size} {of}"), Some(size as f64), bounds, found);
}

fn bound(path: &str, is: &str, value: Option<f64>, [least, most]: [&Value; 2], found: &mut Vec<String>) {
    let (Some(value), least, most) = (value, least.as_f64(), most.as_f64()) else { return };
    if let Some(least) = least.filter(|least| value < *least) {
        found.push(format!("{path} {is}; the least is {least}"));
    }
    if let Some(most) = most.filter(|most| value > *most) {
        found.push(format!("{path} {is}; the most is {most}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::{PullSecret, SocialPlatform, SocialPlatformBackup};
    use crate::example::{backup, full, minimal};

    #[test]
    fn what_the_schema_does_not_allow_is_named_with_its_path() {
        let mut resource = full();
        resource.spec.domain = "Not A Host".to_owned();
        resource.spec.trusted_proxy_hops = Some(99);
        resource.spec.image = Some("x".repeat(513));
        resource.spec.image_pull_secrets = Some(vec![PullSecret { name: "-".to_owned() }]);
        resource.spec.moderation.as_mut().unwrap().rules = Some(vec!["Be kind.\nBe brief.".to_owned()]);
        let found = refusals(&resource, None);
        let begins = [
            "spec.domain is \"Not A Host\"",
            "spec.image has 513",
            "spec.imagePullSecrets[0].name is \"-\"",
            "spec.moderation.rules[0] is \"Be kind.\\nBe brief.\"",
            "spec.trustedProxyHops is 99",
        ];
        assert_eq!(found.len(), begins.len(), "{found:#?}");
        for begin in begins {
            assert!(found.iter().any(|found| found.starts_with(begin)), "{begin}: {found:#?}");
        }
        resource.spec.image_pull_secrets = Some(Vec::new());
        assert!(refusals(&resource, None).iter().any(|found| found == "spec.imagePullSecrets has 0 items; the least is 1"));
    }

    #[test]
    fn a_change_is_held_against_what_is_stored() {
        let mut resource = minimal();
        resource.spec.domain = "other.localhost".to_owned();
        assert_eq!(refusals(&resource, None), [""; 0]);
        assert!(refusals(&resource, Some(&minimal()))[0].contains("domain is immutable"));
    }

    #[test]
    fn every_pattern_can_be_read() {
        fn patterns(schema: &Value, all: &mut Vec<String>) {
            all.extend(schema["pattern"].as_str().map(str::to_owned));
            schema.as_object().into_iter().flat_map(|fields| fields.values()).for_each(|field| patterns(field, all));
        }
        let mut all = Vec::new();
        for crd in [SocialPlatform::crd(), SocialPlatformBackup::crd()] {
            patterns(&json(&crd)["spec"]["versions"][0]["schema"], &mut all);
        }
        assert!(!all.is_empty());
        all.iter().for_each(|pattern| drop(Regex::new(pattern).unwrap()));
        assert_eq!(refusals(&backup(), None), [""; 0]);
    }
}
