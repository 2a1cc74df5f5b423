use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;

use crate::pictures::{SECRET, gif, holds, jpeg, png, webp};
use crate::support::{OBJECTS, TestPhoto, form, url};

#[tokio::test]
async fn what_is_uploaded_is_described_and_kept() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let texts = [("visibility", "public"), ("title", "Pier"), ("alt", "A pier at dusk"), ("tags", "Sea, #dusk,sea")];
    let photo = photos.keep(&ada, jpeg(900, 300, 1), &texts).await;

    assert_eq!(photo["owner"], format!("account:{}", ada.id));
    assert_eq!(photo["visibility"], "public");
    assert_eq!((&photo["title"], &photo["alt"]), (&json!("Pier"), &json!("A pier at dusk")));
    assert_eq!(photo["tags"], json!(["sea", "dusk"]));
    assert_eq!((&photo["width"], &photo["height"]), (&json!(900), &json!(300)));
    assert!(!photo["thumbhash"].as_str().unwrap().is_empty());
    assert!(photo["created_at"].as_str().unwrap().ends_with('Z'));

    let described = photos.json(&format!("/v1/photos/{}", photo["id"].as_str().unwrap()), None).await;
    assert_eq!(described, photo);
}

#[tokio::test]
async fn pictures_are_kept_without_their_metadata() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let files = [
        (jpeg(500, 400, 1), "image/jpeg"),
        (png(500, 400, 2), "image/png"),
        (webp(500, 400, 3), "image/jpeg"),
        (gif(100, 80, 3), "image/webp"),
    ];
    let count = files.len();
    for (file, media_type) in files {
        assert!(holds(&file, SECRET), "nothing is planted");
        let photo = photos.keep(&ada, file, &[("visibility", "public")]).await;
        let original = photos.get(url(&photo, "original"), None).await;
        assert_eq!(original.headers()["content-type"], media_type);
    }
    let objects = photos.store.objects();
    assert_eq!(objects.len(), count * OBJECTS, "{:?}", objects.keys());
    for (key, bytes) in objects {
        assert!(!holds(&bytes, SECRET) && !holds(&bytes, "Exif"), "{key} holds what the camera wrote");
    }
}

#[tokio::test]
async fn an_avif_is_kept_as_what_every_program_opens() {
    let photos = TestPhoto::spawn().await;
    let file = include_bytes!("../../../../crates/imaging/tests/it/avif/turned.avif").to_vec();
    let photo = photos.keep(&photos.person(), file, &[("visibility", "public")]).await;
    assert_eq!((&photo["width"], &photo["height"]), (&json!(48), &json!(64)), "upright");
    let original = photos.get(url(&photo, "original"), None).await;
    assert_eq!(original.headers()["content-type"], "image/jpeg");
}

#[tokio::test]
async fn what_is_not_said_to_be_public_is_private() {
    let photos = TestPhoto::spawn().await;
    let photo = photos.keep(&photos.person(), jpeg(50, 50, 1), &[]).await;
    assert_eq!(photo["visibility"], "private");
}

#[tokio::test]
async fn an_upload_needs_a_person() {
    let photos = TestPhoto::spawn().await;
    let request = photos.request(Method::POST, "/v1/photos", None).multipart(form(jpeg(50, 50, 1), &[]));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(photos.store.objects().len(), 0);
}

#[tokio::test]
async fn sending_it_twice_makes_one_photo() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let send = async |file: Vec<u8>, alt: &str| {
        let request = photos.request(Method::POST, "/v1/photos", Some(&ada)).header("idempotency-key", "one");
        request.multipart(form(file, &[("alt", alt)])).send().await.unwrap()
    };

    let first = send(jpeg(60, 40, 1), "first").await;
    assert_eq!(first.status(), StatusCode::CREATED);
    let again = send(jpeg(60, 40, 1), "first").await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(first.text().await.unwrap(), again.text().await.unwrap());
    assert_eq!((photos.count("photos").await, photos.store.objects().len()), (1, OBJECTS));

    // The same key for another file or another text is a mistake.
    for other in [send(jpeg(60, 40, 2), "first").await, send(jpeg(60, 40, 1), "second").await] {
        assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(photos.count("photos").await, 1);
}
