//! The routes that the services document.

use std::collections::BTreeSet;

use serde_json::Value;

/// The OpenAPI documents of all services.
pub fn documents() -> [Value; 4] {
    [auth::openapi(), social::openapi(), photo::openapi(), relation::openapi()].map(|document| serde_json::to_value(document).unwrap())
}

/// Method and path of every route of the OpenAPI documents.
pub fn documented() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for document in documents() {
        for (path, operations) in document["paths"].as_object().unwrap() {
            let methods = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];
            let methods = methods.into_iter().filter(|method| operations.get(method).is_some());
            routes.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
        }
    }
    routes
}
