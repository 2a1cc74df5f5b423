//! Uploading.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::client::Client;
use super::error::SeedError;
use super::people::Person;
use super::pictures::Picture;
use super::plan::Upload;

#[derive(Deserialize)]
struct Photo {
    id: String,
}

/// Uploads a picture in its owner's name and answers the photo's id.
pub async fn upload(client: &Client, owner: &Person, ordinal: usize, upload: &Upload, picture: &Picture) -> Result<String, SeedError> {
    let tags = picture.tags.join(",");
    let alt = format!("A picture of {}", picture.title);
    let fields = [
        ("visibility", if upload.private { "private" } else { "public" }),
        ("title", picture.title.as_str()),
        ("alt", alt.as_str()),
        ("tags", tags.as_str()),
    ];
    let (media_type, body) = multipart(&fields, picture);
    let action = format!("upload {} for {}", picture.name, owner.handle);
    let answer = owner.create(client, action, "/v1/photos", ordinal, &media_type, body).await?;
    Ok(answer.json::<Photo>()?.id)
}

/// A form (RFC 7578) that is byte by byte the same in every run, unlike one with a random boundary: it is sent again
/// under the same `Idempotency-Key`.
fn multipart(fields: &[(&str, &str)], picture: &Picture) -> (String, Vec<u8>) {
    let boundary = format!("seed-{}", URL_SAFE_NO_PAD.encode(digest(&SHA256, &picture.bytes)));
    let mut body = Vec::with_capacity(picture.bytes.len() + 1024);
    for (name, value) in fields {
        let field = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(field.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
        picture.name.replace(['"', '\r', '\n'], "_"),
        picture.media_type,
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&picture.bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}
