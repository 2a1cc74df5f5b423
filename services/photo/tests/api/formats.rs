//! Which format a picture comes in, to whom.

use std::time::Duration;

use contracts::Service;
use image::ImageFormat;
use reqwest::header::HeaderValue;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::pictures::{SECRET, gif, holds, jpeg};
use crate::support::{BROWSER, TestPhoto, answer, eventually, path, url};

const PREVIEWS: [&str; 3] = ["large", "small", "thumb"];
/// What mail programs, crawlers and older browsers say, and clients of files.
const OTHERS: [&str; 5] = ["*/*", "image/*", "image/png,image/*;q=0.8,*/*;q=0.5", "image/webp;q=0, */*", "application/json"];

async fn public(photos: &TestPhoto, file: Vec<u8>) -> Value {
    photos.keep(&photos.person(), file, &[("visibility", "public")]).await
}

/// The bytes of a success, which must be of this format in name and in fact.
async fn of(format: ImageFormat, answer: Response) -> Vec<u8> {
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], format.to_mime_type());
    let bytes = answer.bytes().await.unwrap().to_vec();
    assert_eq!(image::guess_format(&bytes).unwrap(), format);
    bytes
}

#[tokio::test]
async fn whoever_names_webp_gets_it_and_everybody_else_gets_jpeg() {
    let photos = TestPhoto::spawn().await;
    let photo = public(&photos, jpeg(900, 600, 1)).await;
    for variant in PREVIEWS {
        let address = url(&photo, variant);
        let webp = of(ImageFormat::WebP, photos.get_as(BROWSER, address, None).await).await;
        let sides = |bytes: &[u8]| image::load_from_memory(bytes).map(|picture| (picture.width(), picture.height())).unwrap();
        for accept in OTHERS {
            let other = photos.get_as(accept, address, None).await;
            assert_eq!(other.headers()["vary"], "accept", "{accept}");
            let jpeg = of(ImageFormat::Jpeg, other).await;
            assert_eq!(sides(&jpeg), sides(&webp), "{variant}");
            for planted in [SECRET, "Exif"] {
                assert!(!holds(&jpeg, planted) && !holds(&webp, planted), "{planted:?} in {variant}");
            }
        }
        let head = photos.request(Method::HEAD, address, None).header("accept", BROWSER).send().await.unwrap();
        for (name, value) in [("content-type", "image/webp"), ("vary", "accept")] {
            assert_eq!(head.headers()[name], value);
        }
        assert_eq!(head.headers()["content-length"], webp.len().to_string().as_str());
    }
}

#[tokio::test]
async fn each_format_is_a_version_of_its_own() {
    let photos = TestPhoto::spawn().await;
    let photo = public(&photos, jpeg(900, 600, 1)).await;
    let ask = |accept: &str, variant: &str| photos.request(Method::GET, url(&photo, variant), None).header("accept", accept);
    for variant in PREVIEWS {
        let [webp, jpeg] = [photos.get_as(BROWSER, url(&photo, variant), None).await, photos.get(url(&photo, variant), None).await];
        let [of_webp, of_jpeg] = [&webp, &jpeg].map(|answer| answer.headers()["etag"].clone());
        assert_ne!(of_webp, of_jpeg, "{variant}");
        let (webp, jpeg) = (of(ImageFormat::WebP, webp).await, of(ImageFormat::Jpeg, jpeg).await);
        for (accept, own, bytes, other) in [(BROWSER, &of_webp, &webp, &of_jpeg), ("*/*", &of_jpeg, &jpeg, &of_webp)] {
            let held = ask(accept, variant).header("if-none-match", own).send().await.unwrap();
            assert_eq!((held.status(), &held.headers()["etag"]), (StatusCode::NOT_MODIFIED, own));
            assert_eq!(held.headers()["vary"], "accept");
            // As a cache asks that holds what another client has wanted, and does not look at `Vary`.
            let others = ask(accept, variant).header("if-none-match", other).send().await.unwrap();
            assert_eq!(others.status(), StatusCode::OK);
            assert_eq!(others.bytes().await.unwrap(), *bytes);

            let range = |etag: &HeaderValue| ask(accept, variant).header("range", "bytes=10-19").header("if-range", etag);
            let part = range(own).send().await.unwrap();
            assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
            assert_eq!(part.headers()["content-range"], format!("bytes 10-19/{}", bytes.len()).as_str());
            assert_eq!(part.bytes().await.unwrap(), bytes[10..20]);
            let whole = range(other).send().await.unwrap();
            assert_eq!(whole.status(), StatusCode::OK, "no part of one behind a part of the other");
        }
    }
}

#[tokio::test]
async fn what_was_shown_lately_is_shown_in_the_format_that_is_asked_for() {
    let photos = TestPhoto::spawn().await;
    let photo = public(&photos, jpeg(900, 600, 1)).await;
    let asked = [(BROWSER, ImageFormat::WebP), ("*/*", ImageFormat::Jpeg)];
    for variant in ["small", "thumb"] {
        for (accept, format) in asked {
            of(format, photos.get_as(accept, url(&photo, variant), None).await).await;
        }
    }
    photos.store.set_down(true);
    for variant in ["small", "thumb"] {
        for (accept, format) in asked {
            of(format, photos.get_as(accept, url(&photo, variant), None).await).await;
        }
    }
}

#[tokio::test]
async fn the_original_is_one_file_whatever_is_asked_for() {
    let photos = TestPhoto::spawn().await;
    for (file, format) in [(gif(100, 80, 2), ImageFormat::WebP), (jpeg(100, 80, 1), ImageFormat::Jpeg)] {
        let photo = public(&photos, file).await;
        for accept in [BROWSER, "image/jpeg", "*/*"] {
            let original = photos.get_as(accept, url(&photo, "original"), None).await;
            assert!(!original.headers().contains_key("vary"), "{accept}");
            of(format, original).await;
        }
        // Whoever does not read it has all but the size.
        of(ImageFormat::Jpeg, photos.get(url(&photo, "large"), None).await).await;
    }
}

#[tokio::test]
async fn of_a_private_photo_who_asks_matters_as_much_as_for_what() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = photos.keep(&ada, jpeg(100, 80, 1), &[]).await;
    for (variant, vary) in [("thumb", "accept, authorization, cookie"), ("original", "authorization, cookie")] {
        for accept in [BROWSER, "*/*"] {
            assert_eq!(photos.get_as(accept, url(&photo, variant), Some(&ada)).await.headers()["vary"], vary, "{variant}");
            assert_eq!(photos.get_as(accept, url(&photo, variant), None).await.status(), StatusCode::NOT_FOUND);
        }
    }
}

/// Makes the only photo there is one that was kept before there were JPEGs: it has none, and its key is of the original alone.
async fn make_old(photos: &TestPhoto, photo: &Value) {
    let original = photos.get(url(photo, "original"), None).await.bytes().await.unwrap().to_vec();
    let mut tx = photos.db.superuser_pool(Service::Photo).begin().await.unwrap();
    // Without foreign keys, for as long as that takes.
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    sqlx::query("update photos set blob = sha256($1)").bind(&original).execute(&mut *tx).await.unwrap();
    let changed = "update blobs set sha256 = sha256($1), checked_at = null,
                       large_jpeg_size = null, small_jpeg_size = null, thumb_jpeg_size = null";
    sqlx::query(changed).bind(&original).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    for name in photos.store.objects().into_keys().filter(|name| name.ends_with("-jpeg")) {
        photos.store.steal(&name);
    }
}

#[tokio::test]
async fn what_was_kept_before_there_were_jpegs_is_webp_for_everybody() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = photos.keep(&ada, jpeg(900, 600, 1), &[("visibility", "public")]).await;
    make_old(&photos, &photo).await;
    for variant in PREVIEWS {
        for accept in [BROWSER, "*/*", "image/jpeg"] {
            of(ImageFormat::WebP, photos.get_as(accept, url(&photo, variant), None).await).await;
        }
    }
    assert_eq!(photos.service.sweep(Duration::from_secs(3600)).await.unwrap().missing, 0);
    assert_eq!(answer(photos.request(Method::DELETE, &path(&photo), Some(&ada))).await.0, StatusCode::NO_CONTENT);
    eventually("the bytes are gone", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn whoever_uploads_a_picture_does_not_learn_that_another_kept_it_before_there_were_jpegs() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let hers = photos.keep(&ada, jpeg(900, 600, 1), &[("visibility", "public")]).await;
    make_old(&photos, &hers).await;
    let his = photos.keep(&bob, jpeg(900, 600, 1), &[("visibility", "public")]).await;
    of(ImageFormat::Jpeg, photos.get(url(&his, "thumb"), None).await).await;
    of(ImageFormat::WebP, photos.get(url(&hers, "thumb"), None).await).await;

    // What he is given back is what it took.
    assert_eq!(answer(photos.request(Method::DELETE, &path(&his), Some(&bob))).await.0, StatusCode::NO_CONTENT);
    let usage = photos.json("/v1/photos/usage", Some(&bob)).await;
    assert_eq!((&usage["photos"], &usage["bytes"]), (&json!(0), &json!(0)));
    eventually("his are gone", async || photos.count("jobs").await == 0).await;
    of(ImageFormat::WebP, photos.get(url(&hers, "large"), None).await).await;
}
