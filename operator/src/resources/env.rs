//! Variables of a container. An empty value is left out by the API server, so a variable always has one.

use k8s_openapi::api::core::v1::{ConfigMapKeySelector, EnvVar, EnvVarSource, ObjectFieldSelector, SecretKeySelector};

/// A value, as it is. Kubernetes would put another variable in the place of `$(OTHER)`, and with it a password where everybody
/// reads it.
pub fn value(name: &str, value: &str) -> EnvVar {
    expanded(name, &value.replace('$', "$$"))
}

/// A value in which other variables may stand, as `$(OTHER)`.
pub fn expanded(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
}

/// A key of a Secret.
pub fn secret(name: &str, secret: &str, key: &str) -> EnvVar {
    let selector = SecretKeySelector { name: secret.to_owned(), key: key.to_owned(), optional: None };
    from(name, EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() })
}

/// A key of a ConfigMap.
pub fn config(name: &str, config_map: &str, key: &str) -> EnvVar {
    let selector = ConfigMapKeySelector { name: config_map.to_owned(), key: key.to_owned(), optional: None };
    from(name, EnvVarSource { config_map_key_ref: Some(selector), ..EnvVarSource::default() })
}

/// A field of the pod.
pub fn field(name: &str, path: &str) -> EnvVar {
    let selector = ObjectFieldSelector { field_path: path.to_owned(), api_version: None };
    from(name, EnvVarSource { field_ref: Some(selector), ..EnvVarSource::default() })
}

fn from(name: &str, source: EnvVarSource) -> EnvVar {
    EnvVar { name: name.to_owned(), value: None, value_from: Some(source) }
}

/// The Secrets and ConfigMaps that a variable is read from.
pub fn source(variable: &EnvVar) -> Option<&str> {
    let source = variable.value_from.as_ref()?;
    let secret = source.secret_key_ref.as_ref().map(|selector| selector.name.as_str());
    secret.or_else(|| source.config_map_key_ref.as_ref().map(|selector| selector.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_reads_another_variable() {
        let written = |text: &str| value("RULES", text).value.unwrap();
        assert_eq!(written("pay $(DATABASE_URL) or $5"), "pay $$(DATABASE_URL) or $$5");
        assert_eq!(written("Be kind."), "Be kind.");
        assert_eq!(expanded("NAME", "$(POD_NAME)").value.as_deref(), Some("$(POD_NAME)"));
    }
}
