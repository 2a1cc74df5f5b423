use std::collections::BTreeSet;

use reqwest::{Method, Response, StatusCode};

use crate::support::TestService;

/// The names in a header that lists some.
fn listed(answer: &Response, header: &str) -> BTreeSet<String> {
    let names = answer.headers()[header].to_str().unwrap().split(',');
    names.map(|name| name.trim().to_ascii_lowercase()).collect()
}

fn are_among(names: &[&str], listed: &BTreeSet<String>) -> bool {
    names.iter().all(|name| listed.contains(*name))
}

#[tokio::test]
async fn a_browser_that_asks_may_send_what_uploads_need() {
    let service = TestService::spawn(&[]).await;
    for path in ["/notes", "/nowhere"] {
        let asked = service.request(Method::OPTIONS, path).header("origin", "https://elsewhere.example");
        let asked = asked.header("access-control-request-method", "PATCH").header("access-control-request-headers", "upload-offset");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        assert!(!answer.headers().contains_key("access-control-allow-credentials"), "no cookies");
        assert!(are_among(&["get", "post", "put", "patch", "delete"], &listed(&answer, "access-control-allow-methods")));
        let sent = listed(&answer, "access-control-allow-headers");
        assert!(are_among(&["authorization", "content-type", "idempotency-key"], &sent));
        assert!(are_among(&["tus-resumable", "upload-length", "upload-offset", "upload-metadata", "x-http-method-override"], &sent));
    }
}

#[tokio::test]
async fn scripts_of_other_sites_read_every_answer_and_no_cookie_counts() {
    let service = TestService::spawn(&[]).await;
    for path in ["/open", "/notes", "/nowhere", "/panics"] {
        let answer = service.request(Method::GET, path).header("origin", "https://elsewhere.example").send().await.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{path}");
        let read =
            ["link", "location", "retry-after", "tus-resumable", "upload-offset", "upload-length", "upload-expires", "upload-metadata"];
        assert!(are_among(&read, &listed(&answer, "access-control-expose-headers")), "{path}");
    }
}

#[tokio::test]
async fn other_options_are_requests_like_others() {
    let service = TestService::spawn(&[]).await;
    let answer = service.request(Method::OPTIONS, "/notes").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "POST");
}
