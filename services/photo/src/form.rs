//! The form of an upload (`multipart/form-data`, RFC 7578), read as it arrives.

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use bytes::Bytes;
use http::StatusCode;
use serving::{Problem, Result};
use sha2::{Digest, Sha256};

use crate::about::{About, Said};
use crate::declared::Declared;
use crate::keeping::too_large;
use crate::stall::Patience;
use crate::text::ALT;

/// Bytes of one part other than the file; the longest text takes four a character.
const TEXT_BYTES: usize = 4 * ALT;

/// What a person sent.
pub(crate) struct UploadForm {
    pub(crate) file: Bytes,
    pub(crate) declared: Declared,
    pub(crate) about: About,
    /// Digest of all of it: what was declared of the file, its size and digest, and the texts.
    pub(crate) fingerprint: [u8; 32],
}

impl UploadForm {
    /// Reads the form, with a file of `max_bytes` at the most, into a buffer of `expected` bytes. Each part may come once, and
    /// whatever comes next within `patience`.
    pub(crate) async fn read(mut form: Multipart, max_bytes: usize, expected: usize, mut patience: Patience) -> Result<Self> {
        let mut kept: Option<(Bytes, Vec<u8>)> = None;
        let mut declared = Declared::default();
        let mut said = Said::default();
        while let Some(field) = patience.next(form.next_field()).await?.map_err(unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                if kept.is_some() {
                    return Err(Problem::invalid(name, "one file a form"));
                }
                declared = Declared::new(field.content_type());
                kept = Some(file(field, max_bytes, expected, &mut patience).await?);
            } else if !said.set(&name, short_text(&name, field, &mut patience).await?)? {
                return Err(Problem::invalid(name, format!("no such part: send file, {}", Said::NAMES)));
            }
        }
        let (file, about_file) = kept.ok_or_else(|| Problem::invalid("file", "the picture is missing"))?;
        let about = About::default().with(said)?;
        let texts = serde_json::to_vec(&about).map_err(Problem::internal)?;
        // With its length before it, so that no two different forms run together into the same bytes.
        let fingerprint = Sha256::new().chain_update(about_file.len().to_be_bytes()).chain_update(&about_file).chain_update(texts);
        Ok(Self { file, declared, about, fingerprint: fingerprint.finalize().into() })
    }
}

/// The file, and what tells it from another: the type declared, its size and digest.
async fn file(mut field: Field<'_>, max_bytes: usize, expected: usize, patience: &mut Patience) -> Result<(Bytes, Vec<u8>)> {
    let declared = field.content_type().unwrap_or_default().to_owned();
    let mut file = Vec::with_capacity(expected);
    let mut digest = Sha256::new();
    let mut fits = true;
    while let Some(chunk) = patience.next(field.chunk()).await?.map_err(unreadable)? {
        patience.came(chunk.len());
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

async fn short_text(name: &str, mut field: Field<'_>, patience: &mut Patience) -> Result<String> {
    let mut text = Vec::new();
    while let Some(chunk) = patience.next(field.chunk()).await?.map_err(unreadable)? {
        patience.came(chunk.len());
        if text.len() + chunk.len() > TEXT_BYTES {
            return Err(Problem::invalid(name, "too long"));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| Problem::invalid(name, "not UTF-8"))
}

fn unreadable(error: MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large("The form is larger than this address takes."),
        _ => Problem::bad_request("The form is not `multipart/form-data`, or it ended before it was complete."),
    }
}
