//! Photos and their bytes.

use contracts::Service;
use k8s_openapi::api::core::v1::EnvVar;

use super::service::service;
use super::{Call, Callee, Component, S3, s3};
use crate::crd::PhotosSpec;
use crate::platform::{ObjectStore, Outside, Platform};
use crate::resources::env;
use crate::secrets::Credentials;

pub(super) const MEBIBYTE: i64 = 1 << 20;
/// What the program takes beside uploads and the pixels of pictures.
const BASE: i64 = 384 * MEBIBYTE;
/// What each pixel takes while its picture is processed, at the most.
const BYTES_OF_A_PIXEL: i64 = 12;
/// Limits are multiples of this.
const STEP: i64 = 256 * MEBIBYTE;

// What photo itself does where the resource says nothing.
pub(super) const MAX_BYTES: i64 = 20 * MEBIBYTE;
const MAX_PIXELS: i64 = 40_000_000;
const UPLOAD_MEMORY: i64 = 128 * MEBIBYTE;
const DECODE_PIXELS: i64 = 24_000_000;

/// What the photo service runs with.
pub(super) fn photo(platform: &Platform, credentials: &Credentials) -> Component {
    let photos = &platform.photos;
    let memory_limit = memory_limit(photos);
    let mut component = service(platform, credentials, Service::Photo, ("100m", "128Mi", memory_limit.as_str()));
    let (variables, call) = object_store(platform);
    component.env.extend(variables);
    if let ObjectStore::External { public_endpoint: Some(url), .. } = &platform.object_store {
        component.env.push(env::value("S3_PUBLIC_ENDPOINT", url));
    }
    let limits = [
        ("PHOTO_MAX_BYTES", photos.max_bytes),
        ("PHOTO_UPLOAD_MEMORY", Some(upload_memory(photos)).filter(|memory| *memory > UPLOAD_MEMORY)),
        ("PHOTO_MAX_SIDE", photos.max_side.map(i64::from)),
        ("PHOTO_MAX_PIXELS", photos.max_pixels),
        ("PHOTO_MAX_FRAMES", photos.max_frames.map(i64::from)),
        ("PHOTO_QUOTA_BYTES", photos.quota_bytes),
    ];
    component.env.extend(limits.iter().filter_map(|(name, limit)| limit.map(|limit| env::value(name, &limit.to_string()))));
    component.calls.push(call);
    component
}

/// Bytes for uploads, of which one takes twice its size: for the largest files of two accounts at once.
fn upload_memory(photos: &PhotosSpec) -> i64 {
    photos.max_bytes.unwrap_or(MAX_BYTES).saturating_mul(4).max(UPLOAD_MEMORY)
}

/// What a pod may use: enough for all that the settings let in at once. A picture that has more pixels than are processed at
/// once is processed alone.
fn memory_limit(photos: &PhotosSpec) -> String {
    let pixels = photos.max_pixels.unwrap_or(MAX_PIXELS).max(DECODE_PIXELS).saturating_mul(BYTES_OF_A_PIXEL);
    in_steps(pixels.saturating_add(upload_memory(photos)).saturating_add(BASE))
}

/// A limit that lets a pod use so many bytes.
pub(super) fn in_steps(bytes: i64) -> String {
    let steps = bytes.saturating_add(STEP - 1) / STEP;
    match steps % 4 {
        0 => format!("{}Gi", steps / 4),
        _ => format!("{}Mi", steps * STEP / MEBIBYTE),
    }
}

/// The variables that say where the objects are, and the call to them.
pub(super) fn object_store(platform: &Platform) -> ([EnvVar; 5], Call) {
    let own = platform.named(S3);
    let (endpoint, bucket, region, secret, call) = match &platform.object_store {
        ObjectStore::External { endpoint, bucket, region, secret, .. } => {
            let call = Call { to: Callee::Outside(Outside::ObjectStore), port: endpoint.port };
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
