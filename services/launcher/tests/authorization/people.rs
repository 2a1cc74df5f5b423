//! Every object, with every kind of person.

mod table;
mod things;

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;

use self::table::{PEOPLE, rows};
use self::things::{People, named, set};
use crate::stage::Stage;

/// What is sent with a request, by its method and the end of its path in the table. With any other PATCH it is `{}`.
const BODIES: [(&str, &str, &str); 10] = [
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
];

/// The request with what this route wants to be sent.
fn filled(request: RequestBuilder, method: &str, path: &str) -> RequestBuilder {
    if path.starts_with("/v1/photos/tus") {
        let request = request.header("tus-resumable", "1.0.0");
        return match method {
            "POST" => request.header("x-http-method-override", "HEAD"),
            "PATCH" => request.header("upload-offset", "0").header(CONTENT_TYPE, "application/offset+octet-stream").body("a"),
            _ => request,
        };
    }
    let special = BODIES.iter().find(|(of, end, _)| *of == method && path.ends_with(end)).map(|(_, _, body)| *body);
    match special.or((method == "PATCH").then_some("{}")) {
        Some(body) => request.header(CONTENT_TYPE, "application/json").body(body),
        None => request,
    }
}

#[tokio::test]
async fn everybody_sees_and_does_what_they_may_and_no_more() {
    let stage = Stage::start().await;
    let people = People::arrive(&stage).await;
    let names = set(&stage, &people).await;

    let mut wrong = Vec::new();
    for row in rows() {
        for (who, expected) in PEOPLE.into_iter().zip(row.expected) {
            let request = stage.request(row.method, &named(&names, row.path), people.token(who));
            let status = filled(request, row.method, row.path).send().await.unwrap().status().as_u16();
            let status = if status == 202 { 204 } else { status };
            if status.to_string() != expected {
                wrong.push(format!("{} {}: {who} gets {status}, not {expected}", row.method, row.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
