//! An upload that takes as long as a test wants.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, stream};
use reqwest::{Body, Client, Method, Response, StatusCode};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::process::GUARD;

/// By tus, in one piece whose first bytes have come.
pub struct SlowUpload {
    location: String,
    go_on: oneshot::Sender<()>,
    piece: JoinHandle<reqwest::Result<Response>>,
}

impl SlowUpload {
    /// Sends 512 KiB of the file, which has to have more, and waits until they have come.
    pub async fn begin(http: &Client, url: &str, token: &str, file: &[u8]) -> Self {
        let request =
            |method: Method, path: &str| http.request(method, format!("{url}{path}")).bearer_auth(token).header("tus-resumable", "1.0.0");
        let metadata = format!("filename {},visibility {}", STANDARD.encode("noise.png"), STANDARD.encode("public"));
        let created = request(Method::POST, "/v1/photos/tus").header("upload-length", file.len()).header("upload-metadata", metadata);
        let created = created.send().await.unwrap();
        assert_eq!(created.status(), StatusCode::CREATED);
        let location = created.headers()["location"].to_str().unwrap().to_owned();

        let (first, rest) = file.split_at(512 * 1024);
        let (first, rest) = (first.to_vec(), rest.to_vec());
        let (go_on, told) = oneshot::channel::<()>();
        let rest = stream::once(async move {
            let _ = told.await;
            Ok(rest)
        });
        let body = Body::wrap_stream(stream::iter([Ok::<_, Infallible>(first)]).chain(rest));
        let piece = request(Method::PATCH, &location).header("upload-offset", 0).header("content-length", file.len());
        let piece = tokio::spawn(piece.header("content-type", "application/offset+octet-stream").body(body).send());

        let deadline = Instant::now() + GUARD;
        loop {
            let head = request(Method::HEAD, &location).send().await.unwrap();
            let come: usize = head.headers()["upload-offset"].to_str().unwrap().parse().unwrap();
            if come > 0 {
                break;
            }
            assert!(Instant::now() < deadline, "nothing has come in {GUARD:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { location, go_on, piece }
    }

    /// Where a photo is made of it, once all of it has come.
    pub fn complete_at(&self) -> String {
        let id = self.location.rsplit('/').next().expect("a path has an end");
        format!("/v1/photos/uploads/{id}/complete")
    }

    /// Sends the rest, and answers what is said to the piece.
    pub async fn end(self) -> Response {
        self.go_on.send(()).expect("the rest waits to be sent");
        self.piece.await.unwrap().unwrap()
    }
}
