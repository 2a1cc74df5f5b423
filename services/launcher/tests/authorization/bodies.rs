//! What is sent as JSON is taken with every member, or not at all.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::documented::documents;

/// Whose bodies may have members that nobody knows, and why.
const OPEN: [(&str, &str); 1] = [("/oauth/register", "RFC 7591, section 2: what is not understood is passed over")];

/// Does a schema refuse members that it does not name, with all that it is made of?
fn is_closed(document: &Value, schema: &Value, seen: &mut BTreeSet<String>) -> bool {
    match schema {
        Value::Array(schemas) => schemas.iter().all(|schema| is_closed(document, schema, seen)),
        Value::Object(members) => {
            if let Some(place) = members.get("$ref").and_then(Value::as_str) {
                let named = document.pointer(place.trim_start_matches('#')).unwrap_or_else(|| panic!("{place} is nowhere"));
                return !seen.insert(place.to_owned()) || is_closed(document, named, seen);
            }
            let names_members = members.contains_key("properties");
            let refuses_others = members.get("additionalProperties") == Some(&Value::Bool(false));
            (!names_members || refuses_others) && members.values().all(|schema| is_closed(document, schema, seen))
        }
        _ => true,
    }
}

#[test]
fn no_member_of_a_body_is_passed_over_in_silence() {
    let (mut bodies, mut open) = (0, Vec::new());
    for document in documents() {
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                if schema.is_null() {
                    continue;
                }
                bodies += 1;
                if !is_closed(&document, schema, &mut BTreeSet::new()) {
                    open.push((method.clone(), path.clone()));
                }
            }
        }
    }
    assert!(bodies > 30, "there are {bodies} bodies of JSON");
    open.retain(|(_, path)| !OPEN.iter().any(|(exempt, _)| exempt == path));
    assert!(open.is_empty(), "deny unknown fields of these: {open:?}");
}
