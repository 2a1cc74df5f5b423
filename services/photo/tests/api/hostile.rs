use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::pictures::{gif, holds, jpeg, png};
use crate::support::{MAX_BYTES, Person, TestPhoto, form, problem, url};

/// Uploads `file`, which must be refused with `status`, a sentence that holds `word`, and nothing kept.
async fn refused(photos: &TestPhoto, who: &Person, file: Vec<u8>, status: StatusCode, word: &str) {
    let answer = photos.upload(who, file, &[]).await;
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let (answered, body) = problem(answer).await;
    assert_eq!(answered, status, "{body}");
    assert!(body["detail"].as_str().unwrap().contains(word), "{body}");
    assert_eq!((photos.count("photos").await, photos.count("blobs").await, photos.store.objects().len()), (0, 0, 0));
}

#[tokio::test]
async fn a_text_that_is_called_jpg_is_refused_and_told_what_works() {
    let photos = TestPhoto::spawn().await;
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let ada = photos.person();
    refused(&photos, &ada, b"I am no picture".to_vec(), status, "JPEG, PNG, WebP, GIF and AVIF").await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>";
    refused(&photos, &ada, svg.to_vec(), status, "JPEG, PNG, WebP, GIF and AVIF").await;
    for (file, kind) in [(&b"\0\0\0\x18ftypheic\0\0\0\0"[..], "HEIC"), (&b"\0\0\0\x18ftypavis\0\0\0\0"[..], "animated AVIF")] {
        let said = format!("{kind} images here. Send one of these: JPEG, PNG, WebP, GIF and AVIF");
        refused(&photos, &ada, file.to_vec(), status, &said).await;
    }
    refused(&photos, &ada, Vec::new(), status, "JPEG, PNG, WebP, GIF and AVIF").await;
}

#[tokio::test]
async fn a_png_of_60000_by_60000_is_refused_by_its_header() {
    let photos = TestPhoto::spawn().await;
    let header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0\0\0\0\0".to_vec();
    refused(&photos, &photos.person(), header, StatusCode::UNPROCESSABLE_ENTITY, "60000").await;
}

#[tokio::test]
async fn an_animation_that_is_a_bomb_is_refused_without_decoding() {
    let photos = TestPhoto::with(&["--photo-max-pixels=20000"]).await;
    let ada = photos.person();
    // Each frame fits, and all of them together do not.
    refused(&photos, &ada, gif(100, 80, 3), StatusCode::UNPROCESSABLE_ENTITY, "shorter").await;
    photos.keep(&ada, gif(100, 80, 2), &[]).await;
}

#[tokio::test]
async fn a_side_that_is_too_long_is_refused_whichever_it_is() {
    let photos = TestPhoto::with(&["--photo-max-side=100"]).await;
    let ada = photos.person();
    for file in [jpeg(101, 10, 1), jpeg(10, 101, 1)] {
        refused(&photos, &ada, file, StatusCode::UNPROCESSABLE_ENTITY, "at most 100 a side").await;
    }
    photos.keep(&ada, jpeg(100, 100, 1), &[]).await;
}

#[tokio::test]
async fn an_animation_of_too_many_frames_is_refused_however_small_they_are() {
    let photos = TestPhoto::with(&["--photo-max-frames=3"]).await;
    let ada = photos.person();
    refused(&photos, &ada, gif(20, 10, 4), StatusCode::UNPROCESSABLE_ENTITY, "at most 3 frames").await;
    photos.keep(&ada, gif(20, 10, 3), &[]).await;
}

#[tokio::test]
async fn of_a_picture_that_is_a_page_too_only_the_picture_is_kept() {
    let photos = TestPhoto::spawn().await;
    let page = b"<!doctype html><script>alert(document.domain)</script>";
    for file in [jpeg(60, 40, 1), png(60, 40, 2), gif(60, 40, 2)] {
        let photo = photos.keep(&photos.person(), [file.as_slice(), page].concat(), &[("visibility", "public")]).await;
        let answer = photos.get(url(&photo, "original"), None).await;
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("image/"));
    }
    for (key, bytes) in photos.store.objects() {
        assert!(!holds(&bytes, "script"), "{key}");
    }
}

#[tokio::test]
async fn a_picture_is_what_it_is_and_not_what_it_is_called() {
    let photos = TestPhoto::spawn().await;
    // The form calls every file `holiday.jpg`, of the type image/jpeg.
    let photo = photos.keep(&photos.person(), png(60, 40, 1), &[("visibility", "public")]).await;
    assert_eq!(photos.get(url(&photo, "original"), None).await.headers()["content-type"], "image/png");
}

#[tokio::test]
async fn a_truncated_picture_is_refused() {
    let photos = TestPhoto::spawn().await;
    let mut file = jpeg(400, 300, 1);
    file.truncate(file.len() / 2);
    refused(&photos, &photos.person(), file, StatusCode::UNPROCESSABLE_ENTITY, "damaged").await;
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused() {
    let photos = TestPhoto::spawn().await;
    let file = vec![0xFF; MAX_BYTES + 1];
    refused(&photos, &photos.person(), file, StatusCode::PAYLOAD_TOO_LARGE, "200000").await;
}

#[tokio::test]
async fn half_an_upload_leaves_nothing() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let file = jpeg(400, 300, 1);
    let head = format!(
        "POST /v1/photos HTTP/1.1\r\nHost: photo\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n",
        ada.token,
        file.len() + 200,
    );
    let mut connection = TcpStream::connect(photos.url.trim_start_matches("http://")).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&file[..file.len() / 2]).await.unwrap();
    connection.shutdown().await.unwrap();

    // The service hangs up when it has given up on the request.
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!((photos.count("photos").await, photos.count("blobs").await, photos.store.objects().len()), (0, 0, 0));
}

#[tokio::test]
async fn texts_that_do_not_fit_are_refused_by_name() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let long = "x".repeat(2001);
    for (field, text) in [("visibility", "friends"), ("alt", long.as_str()), ("alt", "a\u{0}b"), ("tags", "two words"), ("licence", "mine")]
    {
        let (status, body) = problem(photos.upload(&ada, jpeg(50, 50, 1), &[(field, text)]).await).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {body}");
        assert_eq!(body["errors"][0]["field"], field, "{body}");
    }
    assert_eq!(photos.count("photos").await, 0);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let send = async |media_type: &str, body: &'static str| {
        let request = photos.request(Method::POST, "/v1/photos", Some(&ada)).header("content-type", media_type);
        request.body(body).send().await.unwrap().status()
    };
    assert_eq!(send("application/json", "{}").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send("multipart/form-data; boundary=b", "no part at all").await, StatusCode::BAD_REQUEST);
    assert_eq!(send("multipart/form-data; boundary=b", "--b--\r\n").await, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_forged_token_uploads_nothing() {
    let photos = TestPhoto::spawn().await;
    let stranger = TestPhoto::spawn().await.person();
    let answer = photos.request(Method::POST, "/v1/photos", Some(&stranger)).multipart(form(jpeg(50, 50, 1), &[]));
    assert_eq!(answer.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}
