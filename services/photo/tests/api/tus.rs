use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::pictures::{SECRET, holds, jpeg};
use crate::support::{MAX_BYTES, OBJECTS, Person, TestPhoto, answer, eventually};

pub fn speaking(photos: &TestPhoto, method: Method, path: &str, who: &Person) -> RequestBuilder {
    photos.request(method, path, Some(who)).header("tus-resumable", "1.0.0")
}

/// Begins an upload, and answers where its pieces go.
pub async fn begin(photos: &TestPhoto, who: &Person, length: usize) -> String {
    let metadata =
        format!("filename {},visibility {},title {}", STANDARD.encode("a.jpg"), STANDARD.encode("public"), STANDARD.encode("Pier"));
    let request = speaking(photos, Method::POST, "/v1/photos/tus", who).header("upload-length", length.to_string());
    let request = request.header("upload-metadata", metadata);
    let created = request.send().await.unwrap();
    assert_eq!(created.status(), StatusCode::CREATED);
    assert_eq!(created.headers()["tus-resumable"], "1.0.0");
    assert!(created.headers()["upload-expires"].to_str().unwrap().ends_with(" GMT"));
    created.headers()["location"].to_str().unwrap().to_owned()
}

pub async fn send(photos: &TestPhoto, who: &Person, location: &str, offset: usize, bytes: &[u8]) -> Response {
    let request = speaking(photos, Method::PATCH, location, who).header("upload-offset", offset.to_string());
    request.header("content-type", "application/offset+octet-stream").body(bytes.to_vec()).send().await.unwrap()
}

/// What comes before the bytes of a whole upload that is sent by hand.
fn head(location: &str, who: &Person, length: usize) -> String {
    format!(
        "PATCH {location} HTTP/1.1\r\nHost: photo\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n\
         Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n",
        who.token,
    )
}

/// How far an upload has come.
async fn offset(photos: &TestPhoto, who: &Person, location: &str) -> usize {
    let head = speaking(photos, Method::HEAD, location, who).send().await.unwrap();
    assert_eq!((head.status(), head.headers()["cache-control"].to_str().unwrap()), (StatusCode::OK, "no-store"));
    head.headers()["upload-offset"].to_str().unwrap().parse().unwrap()
}

pub fn complete(photos: &TestPhoto, who: &Person, location: &str) -> RequestBuilder {
    let id = location.rsplit('/').next().unwrap();
    photos.request(Method::POST, &format!("/v1/photos/uploads/{id}/complete"), Some(who))
}

#[tokio::test]
async fn an_upload_in_pieces_becomes_a_photo() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(400, 300, 1);
    let location = begin(&photos, &ada, file.len()).await;
    assert_eq!(offset(&photos, &ada, &location).await, 0);
    let (mut at, third) = (0, file.len() / 3 + 1);
    for piece in file.chunks(third) {
        assert_eq!(answer(complete(&photos, &ada, &location)).await.0, StatusCode::CONFLICT, "bytes are missing");
        let sent = send(&photos, &ada, &location, at, piece).await;
        at += piece.len();
        assert_eq!((sent.status(), sent.headers()["upload-offset"].to_str().unwrap()), (StatusCode::NO_CONTENT, at.to_string().as_str()));
        assert_eq!(offset(&photos, &ada, &location).await, at);
    }
    let (status, photo) = answer(complete(&photos, &ada, &location)).await;
    assert_eq!((status, &photo["title"], &photo["visibility"]), (StatusCode::CREATED, &json!("Pier"), &json!("public")));
    assert_eq!((&photo["width"], &photo["height"]), (&json!(400), &json!(300)));
    eventually("the pieces are gone", async || photos.store.objects().len() == OBJECTS).await;
    assert!(photos.store.objects().values().all(|bytes| !holds(bytes, SECRET)));
}

#[tokio::test]
async fn a_piece_that_begins_elsewhere_is_refused_and_changes_nothing() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let location = begin(&photos, &ada, 100).await;
    assert_eq!(send(&photos, &ada, &location, 0, &[1; 40]).await.status(), StatusCode::NO_CONTENT);
    for wrong in [0, 39, 41] {
        assert_eq!(send(&photos, &ada, &location, wrong, &[2; 10]).await.status(), StatusCode::CONFLICT, "{wrong}");
    }
    assert_eq!(send(&photos, &ada, &location, 40, &[2; 61]).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(offset(&photos, &ada, &location).await, 40);

    // The same piece twice at once: one of them is kept.
    let sent = futures::future::join_all((0..4).map(|_| send(&photos, &ada, &location, 40, &[3; 60]))).await;
    assert_eq!(sent.iter().filter(|answer| answer.status() == StatusCode::NO_CONTENT).count(), 1);
    assert_eq!(offset(&photos, &ada, &location).await, 100);
    assert_eq!(photos.count("upload_pieces").await, 2);
    eventually("the others are gone", async || photos.store.count("incoming/") == 2).await;
}

#[tokio::test]
async fn what_arrived_before_the_line_broke_is_kept() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(400, 300, 1);
    let location = begin(&photos, &ada, file.len()).await;
    let mut connection = TcpStream::connect(photos.url.trim_start_matches("http://")).await.unwrap();
    connection.write_all(head(&location, &ada, file.len()).as_bytes()).await.unwrap();
    connection.write_all(&file[..file.len() / 2]).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let _ = connection.read_to_end(&mut rest).await;

    let reached = offset(&photos, &ada, &location).await;
    assert!(reached <= file.len() / 2);
    assert_eq!(send(&photos, &ada, &location, reached, &file[reached..]).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer(complete(&photos, &ada, &location)).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn what_arrived_before_the_line_fell_silent_is_kept() {
    let photos = TestPhoto::with(&["--photo-stall-seconds=3"]).await;
    let ada = photos.person();
    let file = jpeg(400, 300, 1);
    let location = begin(&photos, &ada, file.len()).await;
    let mut connection = TcpStream::connect(photos.url.trim_start_matches("http://")).await.unwrap();
    connection.write_all(head(&location, &ada, file.len()).as_bytes()).await.unwrap();
    connection.write_all(&file[..file.len() / 2]).await.unwrap();
    eventually("it was given up", async || offset(&photos, &ada, &location).await > 0).await;

    let reached = offset(&photos, &ada, &location).await;
    assert_eq!(send(&photos, &ada, &location, reached, &file[reached..]).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer(complete(&photos, &ada, &location)).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn an_upload_is_its_makers_only_and_can_be_ended() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let location = begin(&photos, &ada, 100).await;
    send(&photos, &ada, &location, 0, &[1; 40]).await;
    assert_eq!(send(&photos, &eve, &location, 40, &[1; 10]).await.status(), StatusCode::NOT_FOUND);
    for method in [Method::HEAD, Method::DELETE] {
        assert_eq!(speaking(&photos, method, &location, &eve).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
    let either = location.replace("/tus/", "/uploads/");
    assert_eq!(answer(photos.request(Method::DELETE, &either, Some(&eve))).await.0, StatusCode::NOT_FOUND);
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
        assert_eq!(speaking(&photos, Method::DELETE, &location, &ada).send().await.unwrap().status(), status);
    }
    eventually("the bytes are gone", async || photos.store.objects().is_empty()).await;
}

#[tokio::test]
async fn an_upload_says_what_was_said_of_it() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let begin = async |metadata: &str| {
        let request = speaking(&photos, Method::POST, "/v1/photos/tus", &ada).header("upload-length", "10");
        let request = if metadata.is_empty() { request } else { request.header("upload-metadata", metadata) };
        request.send().await.unwrap()
    };
    // To the letter: a client may look for its own, such as a fingerprint of the file.
    let said = format!("filename {},visibility {}, alt", STANDARD.encode("a.jpg"), STANDARD.encode("public"));
    for (metadata, expected) in [(said.as_str(), Some(said.as_str())), ("", None)] {
        let created = begin(metadata).await;
        let location = created.headers()["location"].to_str().unwrap();
        let head = speaking(&photos, Method::HEAD, location, &ada).send().await.unwrap();
        assert_eq!(head.headers().get("upload-metadata").map(|value| value.to_str().unwrap()), expected);
    }
    let long = format!("filename {}", STANDARD.encode("x".repeat(16 * 1024)));
    assert_eq!(begin(&long).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_method_may_be_named_in_a_header() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let location = begin(&photos, &ada, 10).await;
    let named = |method: &'static str, who| speaking(&photos, Method::POST, &location, who).header("x-http-method-override", method);
    let piece =
        |who| named("PATCH", who).header("upload-offset", "0").header("content-type", "application/offset+octet-stream").body("abcde");
    assert_eq!(piece(&eve).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let sent = piece(&ada).send().await.unwrap();
    assert_eq!((sent.status(), sent.headers()["upload-offset"].to_str().unwrap()), (StatusCode::NO_CONTENT, "5"));
    let head = named("HEAD", &ada).send().await.unwrap();
    assert_eq!((head.status(), head.headers()["upload-offset"].to_str().unwrap()), (StatusCode::OK, "5"));
    for wrong in ["PUT", "patch", ""] {
        assert_eq!(named(wrong, &ada).send().await.unwrap().status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(speaking(&photos, Method::POST, &location, &ada).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert_eq!(named("DELETE", &ada).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(named("HEAD", &ada).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_asks_hears_what_is_spoken() {
    let photos = TestPhoto::spawn().await;
    let asked = photos.request(Method::OPTIONS, "/v1/photos/tus", None).send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::NO_CONTENT);
    let most = MAX_BYTES.to_string();
    for (name, value) in [
        ("tus-resumable", "1.0.0"),
        ("tus-version", "1.0.0"),
        ("tus-extension", "creation,expiration,termination"),
        ("tus-max-size", most.as_str()),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(asked.headers()[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_uploads() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let location = begin(&photos, &ada, 10).await;
    // What a browser asks first, of a page elsewhere.
    for (path, method) in [("/v1/photos/tus", "POST"), (location.as_str(), "PATCH"), (location.as_str(), "DELETE")] {
        let asked = photos.request(Method::OPTIONS, path, None).header("origin", "https://elsewhere.example");
        let answer = asked.header("access-control-request-method", method).send().await.unwrap();
        assert!(answer.status().is_success() && answer.headers()["access-control-allow-methods"].to_str().unwrap().contains(method));
        let allowed = answer.headers()["access-control-allow-headers"].to_str().unwrap();
        for header in [
            "authorization",
            "content-type",
            "tus-resumable",
            "upload-length",
            "upload-metadata",
            "upload-offset",
            "x-http-method-override",
        ] {
            assert!(allowed.contains(header), "{method} {path}: {header} is not among {allowed}");
        }
    }
    // And what its script then reads.
    let sent = send(&photos, &ada, &location, 0, b"0123456789").await;
    assert_eq!(sent.headers()["access-control-allow-origin"], "*");
    let read = sent.headers()["access-control-expose-headers"].to_str().unwrap();
    for header in ["location", "tus-resumable", "upload-offset", "upload-length", "upload-expires", "upload-metadata"] {
        assert!(read.contains(header), "{header} is not among {read}");
    }
}

#[tokio::test]
async fn what_is_not_spoken_is_refused() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let other = photos.request(Method::POST, "/v1/photos/tus", Some(&ada)).header("tus-resumable", "0.2.2").send().await.unwrap();
    assert_eq!((other.status(), other.headers()["tus-version"].to_str().unwrap()), (StatusCode::PRECONDITION_FAILED, "1.0.0"));

    let create = async |name: &str, value: String| {
        speaking(&photos, Method::POST, "/v1/photos/tus", &ada).header(name, value).send().await.unwrap().status()
    };
    assert_eq!(create("upload-length", "many".to_owned()).await, StatusCode::BAD_REQUEST);
    assert_eq!(create("upload-length", (MAX_BYTES + 1).to_string()).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(create("upload-defer-length", "1".to_owned()).await, StatusCode::BAD_REQUEST);

    let location = begin(&photos, &ada, 10).await;
    let untyped = speaking(&photos, Method::PATCH, &location, &ada).header("upload-offset", "0").body("0123456789");
    assert_eq!(untyped.send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
