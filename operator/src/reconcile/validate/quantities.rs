//! Every quantity that a pod can hold, in the form in which the API server stores it: one in another form would differ from its
//! stored self for ever.

use std::collections::BTreeMap;

use contracts::Service;
use k8s_openapi::api::core::v1::{PodTemplateSpec, ResourceFieldSelector, Volume};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::Problem;
use super::sizes::{in_canonical_form, requirements_in_canonical_form};

/// What a resource says about the pods of `service`, with its quantities in canonical form.
pub(super) fn in_canonical_forms(service: Service, mut template: PodTemplateSpec) -> Result<PodTemplateSpec, Problem> {
    let Some(pod) = &mut template.spec else { return Ok(template) };
    let at = format!("components.{service}.podOverrides.spec");
    if let Some(resources) = pod.resources.take() {
        pod.resources = Some(requirements_in_canonical_form(&format!("{at}.resources"), resources)?);
    }
    list(&format!("{at}.overhead"), &mut pod.overhead)?;
    for container in &mut pod.containers {
        if let Some(resources) = container.resources.take() {
            container.resources = Some(requirements_in_canonical_form(&format!("{at}.containers.resources"), resources)?);
        }
        for variable in container.env.iter_mut().flatten() {
            let source = variable.value_from.as_mut().and_then(|from| from.resource_field_ref.as_mut());
            divisor(&format!("{at}.containers.env.{}", variable.name), source)?;
        }
    }
    for volume in pod.volumes.iter_mut().flatten() {
        of_volume(&format!("{at}.volumes.{}", volume.name), volume)?;
    }
    Ok(template)
}

fn of_volume(at: &str, volume: &mut Volume) -> Result<(), Problem> {
    if let Some(limit) = volume.empty_dir.as_mut().and_then(|it| it.size_limit.as_mut()) {
        one(&format!("{at}.emptyDir.sizeLimit"), limit)?;
    }
    let claim = volume.ephemeral.as_mut().and_then(|it| it.volume_claim_template.as_mut());
    if let Some(resources) = claim.and_then(|claim| claim.spec.resources.as_mut()) {
        list(&format!("{at}.ephemeral.requests"), &mut resources.requests)?;
        list(&format!("{at}.ephemeral.limits"), &mut resources.limits)?;
    }
    let files = volume.downward_api.iter_mut().filter_map(|it| it.items.as_mut());
    let sources = volume.projected.iter_mut().filter_map(|it| it.sources.as_mut()).flatten();
    let projected = sources.filter_map(|source| source.downward_api.as_mut()?.items.as_mut());
    for file in files.chain(projected).flatten() {
        divisor(&format!("{at}.{}", file.path), file.resource_field_ref.as_mut())?;
    }
    Ok(())
}

fn divisor(at: &str, source: Option<&mut ResourceFieldSelector>) -> Result<(), Problem> {
    match source.and_then(|source| source.divisor.as_mut()) {
        Some(divisor) => one(&format!("{at}.divisor"), divisor),
        None => Ok(()),
    }
}

fn list(at: &str, quantities: &mut Option<BTreeMap<String, Quantity>>) -> Result<(), Problem> {
    quantities.iter_mut().flatten().try_for_each(|(name, quantity)| one(&format!("{at}.{name}"), quantity))
}

fn one(at: &str, quantity: &mut Quantity) -> Result<(), Problem> {
    *quantity = in_canonical_form(at, quantity)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::crd::PodOverrides;
    use crate::quantity::canonical;
    use crate::reconcile::validate::overrides::read;

    /// Every quantity in `value`; nothing else of a pod reads like one.
    fn quantities(value: &Value) -> Vec<String> {
        match value {
            Value::String(text) => canonical(text).map(|_| text.clone()).into_iter().collect(),
            Value::Array(items) => items.iter().flat_map(quantities).collect(),
            Value::Object(fields) => fields.values().flat_map(quantities).collect(),
            _ => Vec::new(),
        }
    }

    /// `quantity` at each of the eleven places of a pod that take one.
    fn everywhere(quantity: &str) -> Value {
        let resources = json!({ "requests": { "memory": quantity }, "limits": { "memory": quantity } });
        let of_container = json!({ "resource": "limits.memory", "containerName": "auth", "divisor": quantity });
        let files = json!([{ "path": "limit", "resourceFieldRef": of_container }]);
        let variables = json!([{ "name": "LIMIT", "valueFrom": { "resourceFieldRef": of_container } }]);
        json!({ "spec": {
            "resources": resources,
            "overhead": { "memory": quantity },
            "containers": [{ "name": "auth", "resources": resources, "env": variables }],
            "volumes": [
                { "name": "empty", "emptyDir": { "sizeLimit": quantity } },
                { "name": "claimed", "ephemeral": { "volumeClaimTemplate": { "spec": { "resources": resources } } } },
                { "name": "told", "downwardAPI": { "items": files } },
                { "name": "projected", "projected": { "sources": [{ "downwardAPI": { "items": files } }] } },
            ],
        }})
    }

    proptest! {
        #[test]
        fn every_quantity_is_written_as_it_is_stored(
            number in 1..5_000_u32,
            suffix in prop::sample::select(vec!["", "m", "k", "M", "G", "Ki", "Mi", "Gi"]),
        ) {
            let written = format!("{number}{suffix}");
            let template = read(Service::Auth, &PodOverrides(everywhere(&written))).unwrap();
            let found = quantities(&serde_json::to_value(&template).unwrap());
            prop_assert_eq!(found, vec![canonical(&written).unwrap(); 11]);
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_its_path() {
        let overrides = json!({ "spec": { "overhead": { "memory": "much" } } });
        let problem = read(Service::Auth, &PodOverrides(overrides)).unwrap_err();
        assert!(problem.message.contains("components.auth.podOverrides.spec.overhead.memory is \"much\""), "{}", problem.message);
    }
}
