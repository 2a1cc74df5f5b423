//! Finding what was written and not understood: types of Kubernetes skip fields that they do not know, so that a misspelled
//! one would be lost in silence.

use serde_json::Value;

/// The path of the first field of `given` that is not in `read`, which is what became of it.
pub fn unknown_field(given: &Value, read: &Value) -> Option<String> {
    find("", given, read)
}

fn find(path: &str, given: &Value, read: &Value) -> Option<String> {
    match (given, read) {
        (Value::Object(given), Value::Object(read)) => given.iter().filter(|(_, value)| !is_nothing(value)).find_map(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match read.get(name) {
                Some(read) => find(&path, value, read),
                None => Some(path),
            }
        }),
        (Value::Array(given), Value::Array(read)) => {
            let mut pairs = given.iter().zip(read).enumerate();
            pairs.find_map(|(index, (given, read))| find(&format!("{path}[{index}]"), given, read))
        }
        _ => None,
    }
}

/// What is left out when it is written again, whether it is known or not.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_field_that_was_lost_is_named_with_its_path() {
        let given = json!({ "spec": { "containers": [{ "name": "a" }, { "name": "b", "imag": "x" }] } });
        let read = json!({ "spec": { "containers": [{ "name": "a" }, { "name": "b" }] } });
        assert_eq!(unknown_field(&given, &read).as_deref(), Some("spec.containers[1].imag"));
    }

    #[test]
    fn what_was_read_in_another_form_is_not_lost() {
        let given = json!({ "cpu": 1, "none": null, "list": [] });
        let read = json!({ "cpu": "1", "added": true });
        assert_eq!(unknown_field(&given, &read), None);
    }
}
