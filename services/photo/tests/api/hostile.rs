use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::pictures::jpeg;
use crate::support::{MAX_BYTES, Person, TestPhoto, form, problem};

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
    refused(&photos, &ada, b"I am no picture".to_vec(), status, "JPEG, PNG and WebP").await;
    refused(&photos, &ada, b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), status, "JPEG, PNG and WebP").await;
    refused(&photos, &ada, b"GIF89a\x01\0\x01\0\0\0\0".to_vec(), status, "GIF").await;
    refused(&photos, &ada, Vec::new(), status, "JPEG, PNG and WebP").await;
}

#[tokio::test]
async fn a_png_of_60000_by_60000_is_refused_by_its_header() {
    let photos = TestPhoto::spawn().await;
    let header = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0\0\0\0\0".to_vec();
    refused(&photos, &photos.person(), header, StatusCode::UNPROCESSABLE_ENTITY, "60000").await;
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
