//! Strangers and members can make up paths, methods, ids and names without end; the number of series must not follow.

use std::collections::BTreeSet;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::alone;
use crate::platform::Platform;
use crate::tour::{Tour, picture};

/// In everything that is made up, so that it can be looked for.
const MARK: &str = "zebra";

const EMOJI: [&str; 20] =
    ["👍", "❤️", "😀", "🎉", "😢", "🚀", "🔥", "👀", "🙏", "💯", "🌈", "🐙", "🍕", "⚽", "🎸", "📚", "🌍", "⏰", "🧭", "🪐"];

async fn send(request: RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer").bytes().await.expect("a body");
    serde_json::from_slice(&answer).unwrap_or_default()
}

/// One of each kind of thing that a stranger can vary.
async fn flood_by_stranger(platform: &Platform, n: usize) {
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
        send(request).await;
    }
}

/// One of each kind of thing that somebody can vary who is signed in.
async fn flood_by_member(platform: &Platform, token: &str, n: usize) {
    let request = |method: Method, path: String| platform.http.request(method, format!("{}{path}", platform.url)).bearer_auth(token);
    let form = Form::new().text("visibility", "public").text("title", format!("{MARK} {n}")).text("tags", format!("{MARK}{n}"));
    let form = form.part("file", Part::bytes(picture()).file_name(format!("{MARK}{n}.png")).mime_str("image/png").expect("a type"));
    let photo = send(request(Method::POST, "/v1/photos".to_owned()).multipart(form)).await;
    let post = json!({ "text": format!("#{MARK}{n} @{MARK}_{n}"), "photos": [photo["id"]] });
    let post = send(request(Method::POST, "/v1/posts".to_owned()).header("idempotency-key", format!("{MARK}{n}")).json(&post)).await;
    let post = post["id"].as_str().expect("it was posted");
    let emoji = EMOJI[n % EMOJI.len()];
    for request in [
        request(Method::PUT, format!("/v1/posts/{post}/reactions/{emoji}")),
        request(Method::PUT, format!("/v1/posts/{post}/reactions/{MARK}{n}")),
        request(Method::PUT, format!("/v1/tags/{MARK}{n}/follow")),
        request(Method::GET, format!("/v1/timelines/tags/{MARK}{n}")),
        request(Method::GET, format!("/v1/search?q={MARK}{n}")),
        request(Method::PATCH, "/v1/profiles/me".to_owned()).json(&json!({ "bio": format!("{MARK} {n}") })),
        request(Method::DELETE, format!("/v1/posts/{post}")),
    ] {
        send(request).await;
    }
}

/// Every series, without its value; a histogram is one, and not one for each bucket.
fn series(page: &str) -> BTreeSet<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    let series = samples.map(|(series, _)| series).filter(|series| !series.contains("_bucket{") && !series.contains("_sum{"));
    series.map(str::to_owned).collect()
}

/// What requests are told apart by, beside their status: of that there are few, and some come late.
fn of_requests(all: &BTreeSet<String>) -> BTreeSet<String> {
    let without_status = |series: &String| {
        let labels = series.split(',').filter(|label| !label.starts_with("http_response_status_code="));
        labels.collect::<Vec<_>>().join(",")
    };
    all.iter().filter(|series| series.starts_with("http_server_")).map(without_status).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_routes_and_names_add_no_series() {
    let _alone = alone().await;
    // Whoever is refused for coming too often reaches nothing that could make a series.
    let unlimited = [("RATE_PER_ACCOUNT", "1000000"), ("RATE_PER_ADDRESS", "1000000")];
    let platform = Platform::start_with(None, &unlimited).await;
    let (_, token, _) = Tour::of(&platform).person("flooding").await;
    let flood = async |n: usize| {
        flood_by_stranger(&platform, n).await;
        flood_by_member(&platform, &token, n).await;
    };
    // Twice: then what begins at the second time is known, too.
    flood(0).await;
    flood(1).await;
    let before = series(&platform.metrics().await);
    assert!(of_requests(&before).len() > 20, "the metrics are there: {before:#?}");
    for n in 2..300 {
        flood(n).await;
    }
    let after = series(&platform.metrics().await);
    assert_eq!(of_requests(&before), of_requests(&after));
    let marked: Vec<_> = after.iter().filter(|series| series.to_lowercase().contains(MARK)).collect();
    assert!(marked.is_empty(), "{marked:#?}");
    // A limit may have been reached, and a loop of the platform have come to something, for the first time: a few series of a
    // histogram each. One that follows what is made up is there three hundred times.
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.len() <= 60, "{new:#?}");
}
