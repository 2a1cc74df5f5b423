//! What routes want to be sent.

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};

use crate::process::png;

/// What is sent with a request, by its method and the end of its path in the table. With any other PATCH it is `{}`.
const BODIES: [(&str, &str, &str); 31] = [
    ("POST", "/reports", r#"{"reason":"spam"}"#),
    ("POST", "/uses", r#"{"note":"on a postcard"}"#),
    ("PUT", "/note", r#"{"text":"is tall"}"#),
    ("PUT", "/mute", "{}"),
    ("PUT", "/photos/{open}", "{}"),
    ("PUT", "/suspension", r#"{"reason":"for the test"}"#),
    ("PUT", "/resolution", r#"{"decision":"dismissed"}"#),
    ("PUT", "/{removed}", r#"{"note":"for the test"}"#),
    ("PATCH", "/lists/{list}", r#"{"title":"Good friends"}"#),
    ("PATCH", "/{session}", r#"{"name":"the old phone"}"#),
    ("PATCH", "/{passkey}", r#"{"name":"the old key"}"#),
    // The password is everybody's, and only ada has a second factor to show.
    ("DELETE", "/{passkey}", r#"{"password":"a few words are easy","code":"0000-0000-0000-0000"}"#),
    ("POST", "/admin-claims", r#"{"token":"made up"}"#),
    ("POST", "/invites", "{}"),
    ("POST", "/v1/posts", r#"{"text":"one of many"}"#),
    ("POST", "/timelines/lists", r#"{"title":"One of many"}"#),
    ("PUT", "/notifications/read", r#"{"up_to":"0"}"#),
    ("PUT", "/notifications/settings", r#"{"muted":[]}"#),
    ("POST", "/v1/albums", r#"{"title":"One of many"}"#),
    ("POST", "/v1/photos/uploads", r#"{"size":10}"#),
    ("PUT", "/relations/settings", r#"{"approves_followers":false,"suggestible":true}"#),
    // What these do takes a password, and is not to be done here: they get as far as asking for it.
    ("DELETE", "/accounts/me", "{}"),
    ("PUT", "/me/email", "{}"),
    ("PUT", "/me/handle", "{}"),
    ("PUT", "/me/password", "{}"),
    ("POST", "/me/passkeys", "{}"),
    ("POST", "/passkeys/challenges", "{}"),
    ("POST", "/recovery-codes", "{}"),
    ("POST", "/totp", "{}"),
    ("PUT", "/totp", "{}"),
    ("DELETE", "/totp", "{}"),
];

/// The request with what this route of the table wants to be sent.
pub fn filled(request: RequestBuilder, method: &str, path: &str) -> RequestBuilder {
    if path.starts_with("/v1/photos/tus") {
        let request = request.header("tus-resumable", "1.0.0");
        return match (method, path) {
            ("POST", "/v1/photos/tus") => request.header("upload-length", "10"),
            ("POST", _) => request.header("x-http-method-override", "HEAD"),
            ("PATCH", _) => request.header("upload-offset", "0").header(CONTENT_TYPE, "application/offset+octet-stream").body("a"),
            _ => request,
        };
    }
    match (method, path) {
        ("POST", "/v1/photos") => return request.multipart(picture()),
        ("GET", "/v1/stream/ws") => {
            let request = request.header("connection", "upgrade").header("upgrade", "websocket");
            return request.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        }
        _ => {}
    }
    let special = BODIES.iter().find(|(of, end, _)| *of == method && path.ends_with(end)).map(|(_, _, body)| *body);
    match special.or((method == "PATCH").then_some("{}")) {
        Some(body) => request.header(CONTENT_TYPE, "application/json").body(body),
        None => request,
    }
}

/// A picture, as a form.
fn picture() -> Form {
    let file = png(&image::RgbImage::from_fn(320, 240, |x, y| image::Rgb([x as u8, y as u8, 64])));
    Form::new().text("visibility", "private").part("file", Part::bytes(file).file_name("picture.png").mime_str("image/png").unwrap())
}
