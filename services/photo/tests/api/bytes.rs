use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::pictures::{jpeg, png};
use crate::support::{BROWSER, TestPhoto, url};

async fn public_photo(photos: &TestPhoto) -> Value {
    photos.keep(&photos.person(), jpeg(600, 400, 1), &[("visibility", "public")]).await
}

#[tokio::test]
async fn anybody_may_fetch_what_is_public() {
    let photos = TestPhoto::spawn().await;
    let photo = public_photo(&photos).await;
    for (variant, media_type, size) in [
        ("original", "image/jpeg", (600, 400)),
        ("large", "image/webp", (600, 400)),
        ("small", "image/webp", (600, 400)),
        ("thumb", "image/webp", (400, 267)),
    ] {
        let answer = photos.get_as(BROWSER, url(&photo, variant), None).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let headers = answer.headers().clone();
        assert_eq!(headers["content-type"], media_type);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-disposition"], "inline");
        assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
        assert!(headers["cache-control"].to_str().unwrap().starts_with("public"));
        let bytes = answer.bytes().await.unwrap();
        assert_eq!(headers["content-length"], bytes.len().to_string().as_str());
        let picture = image::load_from_memory(&bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), size, "{variant}");
    }
}

#[tokio::test]
async fn a_range_gives_these_bytes_and_no_others() {
    let photos = TestPhoto::spawn().await;
    let photo = public_photo(&photos).await;
    let address = url(&photo, "original");
    let whole = photos.get(address, None).await.bytes().await.unwrap();

    let answer = photos.request(Method::GET, address, None).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(answer.headers()["content-range"], format!("bytes 10-19/{}", whole.len()).as_str());
    assert_eq!(answer.bytes().await.unwrap(), whole[10..20]);

    let answer = photos.request(Method::GET, address, None).header("range", "bytes=-5").send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), whole[whole.len() - 5..]);

    let beyond = format!("bytes={}-", whole.len());
    let answer = photos.request(Method::GET, address, None).header("range", beyond).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(answer.headers()["content-range"], format!("bytes */{}", whole.len()).as_str());
}

#[tokio::test]
async fn head_tells_the_size_without_the_bytes() {
    let photos = TestPhoto::spawn().await;
    let photo = public_photo(&photos).await;
    let address = url(&photo, "large");
    let whole = photos.get(address, None).await.bytes().await.unwrap();

    let answer = photos.request(Method::HEAD, address, None).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-length"], whole.len().to_string().as_str());
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert!(answer.bytes().await.unwrap().is_empty());
    // It has no ranges, not even one that cannot be satisfied.
    for range in ["bytes=0-9", "bytes=999999999-"] {
        let answer = photos.request(Method::HEAD, address, None).header("range", range).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{range}");
        assert_eq!(answer.headers()["content-length"], whole.len().to_string().as_str());
        assert!(!answer.headers().contains_key("content-range"));
    }
}

#[tokio::test]
async fn a_version_that_is_held_is_not_sent_again() {
    let photos = TestPhoto::spawn().await;
    let photo = public_photo(&photos).await;
    let address = url(&photo, "thumb");
    let etag = photos.get(address, None).await.headers()["etag"].clone();

    let answer = photos.request(Method::GET, address, None).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(answer.headers()["etag"], etag);
    assert!(answer.bytes().await.unwrap().is_empty());

    // Each picture has its own.
    let other = photos.request(Method::GET, url(&photo, "large"), None).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_lossless_picture_comes_back_pixel_by_pixel() {
    let photos = TestPhoto::spawn().await;
    let file = png(120, 90, 7);
    let photo = photos.keep(&photos.person(), file.clone(), &[("visibility", "public")]).await;
    let bytes = photos.get(url(&photo, "original"), None).await.bytes().await.unwrap();
    let pixels = |file: &[u8]| image::load_from_memory(file).unwrap().into_rgb8().into_raw();
    assert_eq!(pixels(&bytes), pixels(&file));
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_not_found() {
    let photos = TestPhoto::spawn().await;
    let photo = public_photo(&photos).await;
    let key = photo["key"].as_str().unwrap();
    for path in [
        "/p/AAAAAAAAAAAAAAAAAAAAAA/original".to_owned(),
        "/p/short/original".to_owned(),
        "/p/AAAAAAAAAAAAAAAAAAAAA%00/original".to_owned(),
        format!("/p/{key}/huge"),
        format!("/p/{key}"),
    ] {
        assert_eq!(photos.get(&path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
