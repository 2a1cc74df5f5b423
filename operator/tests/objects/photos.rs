//! What the settings of photos do to photo's pods.

use operator::crd::{PhotosSpec, SocialPlatform};
use operator::example::{full, minimal};
use serde_json::Value;

use super::{objects, prepared, with};

/// The memory that a container of photo may use, and what it is told of memory for uploads.
fn memory(resource: SocialPlatform, photos: PhotosSpec) -> (String, Option<i64>) {
    let all = objects(prepared(with(resource, |it| it.spec.photos = Some(photos))));
    let photo = all.iter().find(|it| it["kind"] == "Deployment" && it["metadata"]["name"] == "demo-photo").unwrap();
    let container = &photo["spec"]["template"]["spec"]["containers"][0];
    let told = container["env"].as_array().unwrap().iter().find(|it| it["name"] == "PHOTO_UPLOAD_MEMORY");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&container["resources"]["limits"]["memory"]), told.map(|variable| text(&variable["value"]).parse().unwrap()))
}

#[test]
fn the_memory_of_a_pod_is_enough_for_what_the_settings_let_in() {
    let of = |max_bytes, max_pixels| memory(minimal(), PhotosSpec { max_bytes, max_pixels, ..PhotosSpec::default() });
    assert_eq!(of(None, None), ("1Gi".to_owned(), None));
    assert_eq!(of(Some(1024), Some(1)), ("1Gi".to_owned(), None));
    // Twelve bytes for each of these pixels are 3072 MiB.
    assert_eq!(of(None, Some(268_402_689)), ("3584Mi".to_owned(), None));
    assert_eq!(of(Some(1 << 30), None), ("5Gi".to_owned(), Some(4 << 30)));
    assert_eq!(of(Some(1 << 30), Some(268_402_689)), ("7680Mi".to_owned(), Some(4 << 30)));
}

#[test]
fn what_the_resource_says_of_memory_holds() {
    let photos = PhotosSpec { max_pixels: Some(268_402_689), ..PhotosSpec::default() };
    assert_eq!(memory(full(), photos), ("2Gi".to_owned(), None));
}
