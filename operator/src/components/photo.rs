//! Photos and their bytes.

use contracts::Service;
use k8s_openapi::api::core::v1::EnvVar;

use super::service::service;
use super::{Call, Callee, Component, S3, s3};
use crate::platform::{ObjectStore, Platform};
use crate::resources::env;
use crate::secrets::Credentials;

/// Memory: a picture of the largest size that is accepted is decoded in memory.
pub(super) fn photo(platform: &Platform, credentials: &Credentials) -> Component {
    let mut component = service(platform, credentials, Service::Photo, ("100m", "128Mi", "1Gi"));
    let (variables, call) = object_store(platform);
    component.env.extend(variables);
    if let ObjectStore::External { public_endpoint: Some(url), .. } = &platform.object_store {
        component.env.push(env::value("S3_PUBLIC_ENDPOINT", url));
    }
    let photos = &platform.photos;
    let limits = [
        ("PHOTO_MAX_BYTES", photos.max_bytes),
        ("PHOTO_MAX_SIDE", photos.max_side.map(i64::from)),
        ("PHOTO_MAX_PIXELS", photos.max_pixels),
        ("PHOTO_QUOTA_BYTES", photos.quota_bytes),
    ];
    component.env.extend(limits.iter().filter_map(|(name, limit)| limit.map(|limit| env::value(name, &limit.to_string()))));
    component.calls.push(call);
    component
}

/// The variables that say where the objects are, and the call to them.
pub(super) fn object_store(platform: &Platform) -> ([EnvVar; 5], Call) {
    let own = platform.named(S3);
    let (endpoint, bucket, region, secret, call) = match &platform.object_store {
        ObjectStore::External { endpoint, bucket, region, secret, .. } => {
            let call = Call { to: Callee::Outside, port: endpoint.port };
            (endpoint.url.clone(), bucket.as_str(), region.as_str(), secret.clone(), call)
        }
        ObjectStore::Development { .. } => {
            let call = Call { to: Callee::Component(S3), port: s3::PORT };
            let secret = platform.named("object-store");
            (format!("http://{own}:{}", s3::PORT), s3::BUCKET, s3::REGION, secret, call)
        }
    };
    let variables = [
        env::value("S3_ENDPOINT", &endpoint),
        env::value("S3_BUCKET", bucket),
        env::value("S3_REGION", region),
        env::secret("AWS_ACCESS_KEY_ID", &secret, "AWS_ACCESS_KEY_ID"),
        env::secret("AWS_SECRET_ACCESS_KEY", &secret, "AWS_SECRET_ACCESS_KEY"),
    ];
    (variables, call)
}
