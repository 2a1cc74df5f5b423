//! What the settings of photos do to photo's pods, and to those of backups.

use operator::crd::{PhotosSpec, SocialPlatform};
use operator::example::{full, minimal};
use operator::reconcile::build::build;
use operator::reconcile::validate::validate;
use serde_json::Value;

use super::{Fixed, asked_for_a_backup_of, objects, prepared, with};

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

#[test]
fn the_memory_of_a_backup_is_enough_for_the_largest_photos_that_the_settings_let_in() {
    let of = |max_bytes| {
        let resource = with(full(), |it| it.spec.photos = Some(PhotosSpec { max_bytes, ..PhotosSpec::default() }));
        let job = build(&validate(&asked_for_a_backup_of(resource)).unwrap(), &Fixed(1)).backup.unwrap();
        let job = serde_json::to_value(job).unwrap();
        job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"].as_str().unwrap().to_owned()
    };
    assert_eq!(of(None), "512Mi");
    assert_eq!(of(Some(1024)), "512Mi");
    // Eight times as much, and 256 MiB.
    assert_eq!(of(Some(32 << 20)), "512Mi");
    assert_eq!(of(Some(33 << 20)), "768Mi");
    assert_eq!(of(Some(1 << 30)), "8448Mi");
}

#[test]
fn photo_is_told_what_the_settings_say() {
    let photos =
        PhotosSpec { max_bytes: Some(1024), max_side: Some(1025), max_pixels: Some(1026), max_frames: Some(1027), quota_bytes: Some(1028) };
    let all = objects(prepared(with(minimal(), |it| it.spec.photos = Some(photos))));
    let photo = all.iter().find(|it| it["kind"] == "Deployment" && it["metadata"]["name"] == "demo-photo").unwrap();
    let variables = photo["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    for (name, value) in [
        ("PHOTO_MAX_BYTES", "1024"),
        ("PHOTO_MAX_SIDE", "1025"),
        ("PHOTO_MAX_PIXELS", "1026"),
        ("PHOTO_MAX_FRAMES", "1027"),
        ("PHOTO_QUOTA_BYTES", "1028"),
    ] {
        assert!(variables.iter().any(|it| it["name"] == name && it["value"] == value), "{name}");
    }
}
