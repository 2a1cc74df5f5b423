//! What a console shows of a definition: its fields, with the descriptions that they have there.

use serde_json::{Value, json};

use super::{list, text};

/// A definition as a bundle says that it brings it.
pub(super) fn owned(definition: &Value) -> Value {
    let spec = &definition["spec"];
    let kind = text(&spec["names"]["kind"]);
    let version = list(&spec["versions"]).iter().find(|version| version["storage"] == true).cloned().unwrap_or_default();
    let schema = &version["schema"]["openAPIV3Schema"];
    json!({
        "name": definition["metadata"]["name"],
        "kind": kind,
        "version": version["name"],
        "displayName": words(kind),
        "description": schema["description"],
        "specDescriptors": descriptors(&schema["properties"]["spec"]),
        "statusDescriptors": descriptors(&schema["properties"]["status"]),
    })
}

/// One for each field of a section, in the order of their names.
fn descriptors(section: &Value) -> Vec<Value> {
    let fields = section["properties"].as_object().into_iter().flatten();
    fields.map(|(path, field)| json!({ "path": path, "displayName": words(path), "description": field["description"] })).collect()
}

/// `objectStore` → `Object store`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for (index, letter) in name.chars().enumerate() {
        match index {
            0 => words.extend(letter.to_uppercase()),
            _ if letter.is_uppercase() => {
                words.push(' ');
                words.extend(letter.to_lowercase());
            }
            _ => words.push(letter),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_called_by_its_words() {
        assert_eq!(words("objectStore"), "Object store");
        assert_eq!(words("SocialPlatform"), "Social platform");
        assert_eq!(words("url"), "Url");
    }
}
