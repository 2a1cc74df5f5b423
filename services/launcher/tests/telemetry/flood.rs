//! A stranger can make up paths, methods, ids and names without end; the number of series must not follow.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::alone;
use crate::platform::Platform;

/// In everything that is made up, so that it can be looked for.
const MARK: &str = "zebra";

/// One of each kind of thing that a stranger can vary.
async fn flood(platform: &Platform, n: usize) {
    let request = |method: &str, path: String| {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = platform.http.request(method, format!("{}{path}", platform.url));
        request.header("user-agent", format!("{MARK}/{n}")).header("x-forwarded-for", format!("192.0.2.{}", n % 250))
    };
    let who = json!({ "handle": format!("{MARK}_{n}"), "password": "some password or other" });
    let requests = [
        request("GET", format!("/{MARK}/{n}")),
        request("GET", format!("/v1/{MARK}{n}?{MARK}={n}")),
        request(&format!("ZEBRA{n}"), "/v1/posts".to_owned()),
        request(&format!("ZEBRA{n}"), format!("/{MARK}{n}")),
        request("DELETE", "/v1/timelines/public".to_owned()),
        request("GET", format!("/v1/posts/{}", 1000 + n)),
        request("GET", format!("/v1/profiles/{}", 1000 + n)),
        request("GET", format!("/v1/profiles?handle={MARK}{n}")),
        request("GET", format!("/p/{MARK}{n}/thumb")),
        request("GET", format!("/p/{MARK}{n}/{MARK}{n}")),
        request("GET", format!("/v1/photos?tag={MARK}{n}")),
        request("GET", "/v1/accounts/me".to_owned()).bearer_auth(format!("{MARK}{n}")),
        request("POST", "/v1/posts".to_owned()).header("content-type", format!("text/{MARK}{n}")).body(MARK),
        request("POST", "/v1/sessions".to_owned()).json(&who),
        request("POST", "/oauth/token".to_owned()).form(&[("grant_type", format!("{MARK}{n}"))]),
    ];
    for request in requests {
        request.send().await.expect("an answer");
    }
}

/// Every series, without its value.
fn series(page: &str) -> BTreeSet<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    samples.map(|(series, _)| series.to_owned()).collect()
}

/// Those that requests make.
fn of_requests(all: &BTreeSet<String>) -> BTreeSet<&String> {
    all.iter().filter(|series| series.starts_with("http_server_")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_routes_and_names_add_no_series() {
    let _alone = alone().await;
    let platform = Platform::start(None).await;
    flood(&platform, 0).await;
    let before = series(&platform.metrics().await);
    assert!(of_requests(&before).len() > 20, "the metrics are there: {before:#?}");
    for n in 1..60 {
        flood(&platform, n).await;
    }
    let after = series(&platform.metrics().await);
    assert_eq!(of_requests(&before), of_requests(&after));
    let marked: Vec<_> = after.iter().filter(|series| series.to_lowercase().contains(MARK)).collect();
    assert!(marked.is_empty(), "{marked:#?}");
    // The platform's own loops may have come to something for the first time meanwhile.
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.len() < 100, "{new:#?}");
}
