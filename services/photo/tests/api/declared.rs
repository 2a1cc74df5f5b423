//! What a file is declared to be, held against what it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::direct::put;
use crate::pictures::{gif, jpeg, png, webp};
use crate::support::{Person, TestPhoto, answer, eventually, url};

const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0";
const PAGE: &[u8] = b"<!doctype html><script>alert(1)</script>";

/// What is refused: declared as what, which file, and what the answer calls that.
fn refused() -> [(&'static str, Vec<u8>, &'static str); 8] {
    [
        ("text/html", jpeg(60, 40, 1), "JPEG"),
        ("image/svg+xml", png(60, 40, 1), "PNG"),
        ("application/pdf", gif(60, 40, 2), "GIF"),
        ("text/plain", webp(60, 40, 1), "WebP"),
        ("text/html", PAGE.to_vec(), "not an image"),
        ("image/png", PAGE.to_vec(), "not an image"),
        ("image/jpeg", b"%PDF-1.7\n".to_vec(), "not an image"),
        ("image/jpeg", HEIC.to_vec(), "HEIC"),
    ]
}

/// What is taken: declared as what, and which file.
fn taken() -> [(&'static str, Vec<u8>); 6] {
    [
        ("image/jpeg", png(60, 40, 2)),
        ("image/webp", gif(60, 40, 2)),
        ("IMAGE/PNG; name=\"x\"", jpeg(60, 40, 2)),
        ("image/heic", jpeg(60, 40, 3)),
        ("application/octet-stream", webp(60, 40, 2)),
        ("", png(60, 40, 3)),
    ]
}

async fn send(photos: &TestPhoto, who: &Person, declared: &str, file: Vec<u8>) -> (StatusCode, Value) {
    let part = Part::bytes(file).file_name("upload");
    let part = if declared.is_empty() { part } else { part.mime_str(declared).unwrap() };
    answer(photos.request(Method::POST, "/v1/photos", Some(who)).multipart(Form::new().part("file", part))).await
}

async fn begin(photos: &TestPhoto, who: &Person, declared: &str, length: usize) -> Response {
    let request = photos.request(Method::POST, "/v1/photos/tus", Some(who)).header("tus-resumable", "1.0.0");
    let metadata = format!("filename {},filetype {}", STANDARD.encode("upload"), STANDARD.encode(declared));
    request.header("upload-length", length.to_string()).header("upload-metadata", metadata).send().await.unwrap()
}

/// Sends all of an upload that has begun, and completes it.
async fn finish(photos: &TestPhoto, who: &Person, location: &str, file: Vec<u8>) -> (StatusCode, Value) {
    let piece = photos.request(Method::PATCH, location, Some(who)).header("tus-resumable", "1.0.0").header("upload-offset", "0");
    let piece = piece.header("content-type", "application/offset+octet-stream").body(file).send().await.unwrap();
    assert_eq!(piece.status(), StatusCode::NO_CONTENT);
    let id = location.rsplit('/').next().unwrap();
    answer(photos.request(Method::POST, &format!("/v1/photos/uploads/{id}/complete"), Some(who))).await
}

fn assert_names(problem: &Value, declared: &str, is: &str) {
    let detail = problem["detail"].as_str().unwrap_or_else(|| panic!("{problem}"));
    assert!(detail.contains(declared) && detail.contains(is), "{detail} does not name {declared} and {is}");
}

#[tokio::test]
async fn a_form_that_declares_a_picture_or_nothing_is_taken_as_what_it_is() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (declared, file) in taken() {
        let (status, photo) = send(&photos, &ada, declared, file).await;
        assert_eq!(status, StatusCode::CREATED, "{declared}: {photo}");
        let original = photos.get(url(&photo, "original"), Some(&ada)).await;
        assert!(original.headers()["content-type"].to_str().unwrap().starts_with("image/"), "{declared}");
    }
}

#[tokio::test]
async fn a_form_that_declares_one_thing_and_has_another_is_refused_with_both_names() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (declared, file, is) in refused() {
        let (status, problem) = send(&photos, &ada, declared, file).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{declared}: {problem}");
        assert_names(&problem, declared, is);
    }
    assert_eq!((photos.count("photos").await, photos.store.objects().len()), (0, 0));
}

#[tokio::test]
async fn a_client_of_tus_that_declares_a_picture_or_nothing_is_taken_at_its_bytes() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (declared, file) in taken() {
        let begun = begin(&photos, &ada, declared, file.len()).await;
        assert_eq!(begun.status(), StatusCode::CREATED, "{declared}");
        let (status, photo) = finish(&photos, &ada, begun.headers()["location"].to_str().unwrap(), file).await;
        assert_eq!(status, StatusCode::CREATED, "{declared}: {photo}");
    }
}

#[tokio::test]
async fn a_client_of_tus_that_declares_something_else_is_refused_as_soon_as_that_is_known() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (declared, file, is) in refused() {
        let begun = begin(&photos, &ada, declared, file.len()).await;
        if !declared.starts_with("image/") || declared == "image/svg+xml" {
            assert_eq!(begun.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{declared}");
            assert_names(&begun.json().await.unwrap(), declared, "no picture");
            continue;
        }
        let location = begun.headers()["location"].to_str().unwrap().to_owned();
        let (status, problem) = finish(&photos, &ada, &location, file).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{declared}: {problem}");
        assert_names(&problem, declared, is);
        // It will never be a photo, and is over.
        let head = photos.request(Method::HEAD, &location, Some(&ada)).header("tus-resumable", "1.0.0");
        assert_eq!(head.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
    eventually("nothing is left", async || photos.store.objects().is_empty()).await;
    assert_eq!(photos.count("photos").await, 0);
}

/// Begins an upload straight to the store, and, if that is taken, sends the file there and completes it.
async fn direct(photos: &TestPhoto, who: &Person, asked: Value, file: Vec<u8>) -> (StatusCode, StatusCode, Value) {
    let (begun, upload) = photos.send(Method::POST, "/v1/photos/uploads", Some(who), &asked).await;
    if begun != StatusCode::CREATED {
        return (begun, begun, upload);
    }
    assert_eq!(put(photos, &upload, file).await, StatusCode::OK);
    let path = format!("/v1/photos/uploads/{}/complete", upload["id"].as_str().unwrap());
    let (status, body) = answer(photos.request(Method::POST, &path, Some(who))).await;
    (begun, status, body)
}

#[tokio::test]
async fn what_goes_straight_to_the_store_may_declare_nothing_and_is_judged_by_its_bytes() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (file, status) in [(png(60, 40, 1), StatusCode::CREATED), (PAGE.to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE)] {
        let asked = json!({"size": file.len()});
        assert_eq!(direct(&photos, &ada, asked, file).await.1, status);
    }
}

#[tokio::test]
async fn what_goes_straight_to_the_store_as_a_picture_is_taken_at_its_bytes() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (declared, file) in taken() {
        let asked = json!({"size": file.len(), "type": declared});
        let (_, status, photo) = direct(&photos, &ada, asked, file).await;
        assert_eq!(status, StatusCode::CREATED, "{declared}: {photo}");
    }
}

#[tokio::test]
async fn what_goes_straight_to_the_store_as_something_else_is_refused_as_soon_as_that_is_known() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (declared, file, is) in refused() {
        let asked = json!({"size": file.len(), "type": declared});
        let (begun, status, problem) = direct(&photos, &ada, asked, file).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{declared}: {problem}");
        let at_once = !declared.starts_with("image/") || declared == "image/svg+xml";
        assert_eq!(begun == StatusCode::UNSUPPORTED_MEDIA_TYPE, at_once, "{declared}");
        assert_names(&problem, declared, if at_once { "no picture" } else { is });
    }
    eventually("nothing is left", async || photos.store.objects().is_empty()).await;
    assert_eq!(photos.count("photos").await, 0);
}
