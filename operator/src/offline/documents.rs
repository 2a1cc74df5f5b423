//! The resources of a file.

use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problems;
use super::schema::refusals;
use crate::crd::{SocialPlatform, SocialPlatformBackup};
use crate::strict::unknown_field;

/// A resource that the operator looks after.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// A platform.
    Platform(Box<SocialPlatform>),
    /// A backup of one.
    Backup(Box<SocialPlatformBackup>),
}

impl Document {
    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Platform(resource) => resource.name_any(),
            Self::Backup(resource) => resource.name_any(),
        }
    }

    /// Everything that is wrong with it, as far as no cluster is needed to say it.
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::Platform(resource) => problems(resource),
            Self::Backup(resource) => refusals(&**resource, None),
        }
    }
}

/// The resources among the documents of a YAML file, or what is wrong with the first that cannot be read.
pub fn documents(yaml: &str) -> Result<Vec<Document>, String> {
    let mut found = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(yaml) {
        let value = Value::deserialize(document).map_err(|error| format!("it is no YAML: {error}"))?;
        match value["kind"].as_str() {
            Some("SocialPlatform") => found.push(Document::Platform(Box::new(parsed(&value)?))),
            Some("SocialPlatformBackup") => found.push(Document::Backup(Box::new(parsed(&value)?))),
            _ => {}
        }
    }
    match found.is_empty() {
        true => Err("it holds no SocialPlatform and no SocialPlatformBackup".to_owned()),
        false => Ok(found),
    }
}

/// The SocialPlatforms among the documents of a YAML file, or what is wrong with the first resource that cannot be read.
pub fn read(yaml: &str) -> Result<Vec<SocialPlatform>, String> {
    let platforms = documents(yaml)?.into_iter().filter_map(|document| match document {
        Document::Platform(resource) => Some(*resource),
        Document::Backup(_) => None,
    });
    let platforms: Vec<_> = platforms.collect();
    if platforms.is_empty() { Err("it holds no SocialPlatform".to_owned()) } else { Ok(platforms) }
}

fn parsed<K>(value: &Value) -> Result<K, String>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Serialize,
{
    let kind = K::kind(&());
    let resource: K = serde_json::from_value(value.clone()).map_err(|error| format!("it is no {kind}: {error}"))?;
    let known = serde_json::to_value(&resource).map_err(|error| error.to_string())?;
    match unknown_field(&value["spec"], &known["spec"]) {
        Some(field) => Err(format!("spec.{field} is no field of a {kind}")),
        None => Ok(resource),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{backup, minimal};

    fn yaml(resource: &impl Serialize) -> String {
        serde_yaml_ng::to_string(resource).unwrap()
    }

    #[test]
    fn other_documents_are_passed_over() {
        let yaml = format!("apiVersion: v1\nkind: Namespace\n---\n{}---\n", yaml(&minimal()));
        assert_eq!(read(&yaml).unwrap().len(), 1);
        assert!(read("kind: Namespace").unwrap_err().contains("no SocialPlatform"));
    }

    #[test]
    fn a_backup_is_a_resource_too_and_makes_no_platform() {
        let found = documents(&format!("{}---\n{}", yaml(&backup()), yaml(&minimal()))).unwrap();
        assert_eq!(found, [Document::Backup(Box::new(backup())), Document::Platform(Box::new(minimal()))]);
        assert!(found.iter().all(|document| document.problems().is_empty()));
        assert_eq!(read(&yaml(&backup())).unwrap_err(), "it holds no SocialPlatform");

        let mut of_nobody = backup();
        of_nobody.spec.platform_ref.name = String::new();
        assert!(Document::Backup(Box::new(of_nobody)).problems()[0].starts_with("spec.platformRef.name"));
    }

    #[test]
    fn a_misspelled_field_is_named() {
        let text = yaml(&minimal()).replace("exposure:", "observability: {otlpEndpoin: x}\n  exposure:");
        assert_eq!(read(&text).unwrap_err(), "spec.observability.otlpEndpoin is no field of a SocialPlatform");
    }
}
