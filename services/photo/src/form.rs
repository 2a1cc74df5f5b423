//! The form of an upload (`multipart/form-data`, RFC 7578), read as it arrives.

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use bytes::Bytes;
use contracts::photo::PhotoVisibility;
use http::StatusCode;
use serving::{Problem, Result};
use sha2::{Digest, Sha256};

use crate::text::{self, ALT, TITLE};

/// Bytes of one part other than the file; the longest text takes four a character.
const TEXT_BYTES: usize = 4 * ALT;

/// What a person sent.
pub(crate) struct UploadForm {
    pub(crate) file: Bytes,
    pub(crate) visibility: PhotoVisibility,
    pub(crate) title: String,
    pub(crate) alt: String,
    pub(crate) tags: Vec<String>,
    /// Digest of all of it: what was declared of the file, its size and digest, and the texts.
    pub(crate) fingerprint: [u8; 32],
}

/// The parts as they come; each may come once.
#[derive(Default)]
struct Parts {
    file: Option<(Bytes, Vec<u8>)>,
    visibility: Option<String>,
    title: Option<String>,
    alt: Option<String>,
    tags: Option<String>,
}

impl UploadForm {
    /// Reads the form, with a file of `max_bytes` at the most, into a buffer of `expected` bytes.
    pub(crate) async fn read(mut form: Multipart, max_bytes: usize, expected: usize) -> Result<Self> {
        let mut parts = Parts::default();
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            let text = match name.as_str() {
                "file" if parts.file.is_none() => {
                    parts.file = Some(file(field, max_bytes, expected).await?);
                    continue;
                }
                "visibility" => &mut parts.visibility,
                "title" => &mut parts.title,
                "alt" => &mut parts.alt,
                "tags" => &mut parts.tags,
                "file" => return Err(Problem::invalid(name, "one file a form")),
                _ => return Err(Problem::invalid(name, "no such part: send file, visibility, title, alt and tags")),
            };
            if text.replace(short_text(&name, field).await?).is_some() {
                return Err(Problem::invalid(name, "once a form"));
            }
        }
        parts.check()
    }
}

impl Parts {
    fn check(self) -> Result<UploadForm> {
        let Self { file, visibility, title, alt, tags } = self;
        let (file, about_file) = file.ok_or_else(|| Problem::invalid("file", "the picture is missing"))?;

        let mut fingerprint = Sha256::new();
        for part in [Some(about_file.as_slice()), bytes(&visibility), bytes(&title), bytes(&alt), bytes(&tags)] {
            // Each with its length before it, so that no two different forms run together into the same bytes.
            let part = part.unwrap_or_default();
            fingerprint.update(part.len().to_be_bytes());
            fingerprint.update(part);
        }
        Ok(UploadForm {
            file,
            visibility: match visibility.as_deref().map(str::trim) {
                Some("public") => PhotoVisibility::Public,
                // What is not said to be for everybody is not.
                Some("private") | None => PhotoVisibility::Private,
                Some(_) => return Err(Problem::invalid("visibility", "public or private")),
            },
            title: text::text("title", title.as_deref().unwrap_or_default(), TITLE)?,
            alt: text::text("alt", alt.as_deref().unwrap_or_default(), ALT)?,
            tags: text::tags(tags.as_deref().unwrap_or_default().split(','))?,
            fingerprint: fingerprint.finalize().into(),
        })
    }
}

fn bytes(text: &Option<String>) -> Option<&[u8]> {
    text.as_deref().map(str::as_bytes)
}

/// The file, and what tells it from another: the type declared, its size and digest.
async fn file(mut field: Field<'_>, max_bytes: usize, expected: usize) -> Result<(Bytes, Vec<u8>)> {
    let declared = field.content_type().unwrap_or_default().to_owned();
    let mut file = Vec::with_capacity(expected);
    let mut digest = Sha256::new();
    let mut fits = true;
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        fits &= file.len() + chunk.len() <= max_bytes;
        // What is too large is read on, up to the limit on the form, and not kept: a caller who is cut off while sending
        // does not hear the answer.
        if fits {
            digest.update(&chunk);
            file.extend_from_slice(&chunk);
        }
    }
    if !fits {
        return Err(too_large(max_bytes));
    }
    let about = [declared.as_bytes(), &file.len().to_be_bytes(), digest.finalize().as_slice()].concat();
    Ok((file.into(), about))
}

async fn short_text(name: &str, mut field: Field<'_>) -> Result<String> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        if text.len() + chunk.len() > TEXT_BYTES {
            return Err(Problem::invalid(name, "too long"));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| Problem::invalid(name, "not UTF-8"))
}

/// 413 in words.
pub(crate) fn too_large(max_bytes: usize) -> Problem {
    Problem::too_large(format!("A photo may have {max_bytes} bytes at the most."))
}

fn unreadable(error: MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large("The form is larger than this address takes."),
        _ => Problem::bad_request("The form is not `multipart/form-data`, or it ended before it was complete."),
    }
}
