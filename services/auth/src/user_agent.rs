//! Which program and which system calls, in two words: enough to know one's own devices by, and too little to follow
//! anybody with.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

/// Programs by what they call themselves. The order matters: most claim to be Safari, too, and many to be Chrome.
const PROGRAMS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("okhttp", "an Android app"),
    ("CFNetwork", "an Apple app"),
];

/// Systems, likewise: a phone with Android says Linux, too.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// What calls, such as "Firefox on Linux"; nothing if it does not say, or nothing that is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserAgent(pub(crate) Option<String>);

impl UserAgent {
    fn summary(text: &str) -> Self {
        let find = |known: &[(&str, &'static str)]| known.iter().find(|(sign, _)| text.contains(sign)).map(|(_, name)| *name);
        Self(match (find(&PROGRAMS), find(&SYSTEMS)) {
            (Some(program), Some(system)) => Some(format!("{program} on {system}")),
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (None, None) => None,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for UserAgent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(text.map_or(Self(None), Self::summary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_the_program_and_the_system() {
        for (text, summary) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Some("Firefox on Linux")),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", Some("Edge on Windows")),
            ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", Some("Chrome on Android")),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1",
                Some("Safari on iPhone"),
            ),
            ("curl/8.5.0", Some("curl")),
            ("something else\u{1b}[31m", None),
            ("", None),
        ] {
            assert_eq!(UserAgent::summary(text).0.as_deref(), summary, "{text}");
        }
    }
}
