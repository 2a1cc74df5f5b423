//! What traces and logs say of an object's key.

use crate::rendition::Rendition;

/// A key without what nobody could guess: where the object lies and, of a photo's files, which one it is, such as `blobs/….thumb`.
pub(super) fn shown(key: &str) -> String {
    let (folder, name) = key.split_once('/').unwrap_or(("", key));
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    match Rendition::ALL.into_iter().find(|known| ending == Some(known.to_string().as_str())) {
        Some(rendition) => format!("{folder}/….{rendition}"),
        None if name.is_empty() => key.to_owned(),
        None => format!("{folder}/…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_key_the_folder_and_the_rendition_are_shown() {
        let secret = "00112233445566778899aabbccddeeff";
        for (key, expected) in [
            (format!("blobs/{secret}.thumb"), "blobs/….thumb"),
            (format!("blobs/{secret}.large-jpeg"), "blobs/….large-jpeg"),
            (format!("blobs/{secret}"), "blobs/…"),
            (format!("incoming/{secret}"), "incoming/…"),
            (format!("incoming/{secret}.0000262144.deadbeef"), "incoming/…"),
            ("incoming/".to_owned(), "incoming/"),
            (secret.to_owned(), "/…"),
        ] {
            assert_eq!(shown(&key), expected);
        }
    }
}
