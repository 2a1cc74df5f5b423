//! The protocol's headers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serving::{Problem, Result};

use crate::about::Said;

/// The one version that is spoken.
pub(super) const VERSION: &str = "1.0.0";
pub(super) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const SUPPORTED: HeaderName = HeaderName::from_static("tus-version");
pub(super) const EXTENSIONS: HeaderName = HeaderName::from_static("tus-extension");
pub(super) const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// Bytes of `Upload-Metadata`: what the longest texts take, and as much again.
const METADATA_BYTES: usize = 16 * 1024;
/// Names of the protocol's own, which say nothing of the photo.
const IGNORED: [&str; 5] = ["filename", "filetype", "name", "type", "relativePath"];

/// A header that is a number, not below zero.
pub(super) fn number(headers: &HeaderMap, name: &HeaderName) -> Result<i64> {
    let number = headers.get(name).and_then(|value| value.to_str().ok()?.parse::<i64>().ok()).filter(|number| *number >= 0);
    number.ok_or_else(|| Problem::bad_request(format!("The header {name} must be a number.")))
}

/// `Upload-Metadata`: pairs with commas between them, each a name, a space, and a value in base64.
pub(super) fn metadata(headers: &HeaderMap) -> Result<Said> {
    let mut said = Said::default();
    let unreadable = || Problem::bad_request("Upload-Metadata is names, each with a value in base64, and commas between them.");
    for pair in sent(headers)?.unwrap_or_default().split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        if IGNORED.contains(&name) {
            continue;
        }
        let value = STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(unreadable)?;
        if !said.set(name, value)? {
            return Err(Problem::invalid(name, format!("nothing of this name: send {}", Said::NAMES)));
        }
    }
    Ok(said)
}

/// The same, as it was sent.
pub(super) fn sent(headers: &HeaderMap) -> Result<Option<&str>> {
    match headers.get(METADATA).map(HeaderValue::to_str).transpose() {
        Ok(metadata) if metadata.is_none_or(|metadata| metadata.len() <= METADATA_BYTES) => Ok(metadata),
        _ => Err(Problem::bad_request(format!("Upload-Metadata has {METADATA_BYTES} bytes at the most, all of them ASCII."))),
    }
}

/// The media type that a client declares in its metadata, if it can be read.
pub(super) fn file_type(metadata: &str) -> Option<String> {
    let of = |name: &str| {
        let value = metadata.split(',').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix(' '))?;
        String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()
    };
    of("filetype").or_else(|| of("type"))
}

/// As in RFC 9110, section 5.6.7.
pub(super) fn http_date(time: Timestamp) -> Result<HeaderValue> {
    HeaderValue::try_from(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::license::License;

    #[test]
    fn metadata_says_what_a_form_says() {
        let mut headers = HeaderMap::new();
        let [name, alt, license] = ["a.jpg", "Größe", "CC0-1.0"].map(|text| STANDARD.encode(text));
        let line = format!("filename {name}, alt {alt},license {license},tags");
        headers.insert(METADATA, line.parse().unwrap());
        let said = metadata(&headers).unwrap();
        assert_eq!((said.alt.as_deref(), said.license), (Some("Größe"), Some(License::Cc0)));
        for wrong in ["alt not-base64!", "owner YQ==", "alt YQ==,alt YQ=="] {
            headers.insert(METADATA, wrong.parse().unwrap());
            assert!(metadata(&headers).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_type_is_found_among_the_metadata() {
        let [jpeg, png] = ["image/jpeg", "image/png"].map(|text| STANDARD.encode(text));
        assert_eq!(file_type(&format!("filename YQ==,filetype {jpeg}")).as_deref(), Some("image/jpeg"));
        assert_eq!(file_type(&format!("type {png}, filetype {jpeg}")).as_deref(), Some("image/jpeg"));
        assert_eq!(file_type(&format!("type {png}")).as_deref(), Some("image/png"));
        for none in ["", "filetype", "filetype !", "filetypes YQ==", "mytype YQ=="] {
            assert_eq!(file_type(none), None, "{none}");
        }
    }

    #[test]
    fn a_time_is_written_as_http_does() {
        let time = Timestamp::from_second(784_111_777).unwrap();
        assert_eq!(http_date(time).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
