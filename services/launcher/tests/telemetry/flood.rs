//! Strangers and members can make up paths, methods, ids and names without end; the number of series must not follow.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::edges::consumers;
use crate::platform::{FIRST_ADMIN_TOKEN, Platform};
use crate::tour::{PASSWORD, Tour, picture};
use crate::{alone, eventually};

/// In everything that is made up, so that it can be looked for.
const MARK: &str = "zebra";

/// New series that a metric may have without following what is made up: a limit may have been reached, or a loop of the platform
/// have come to something, for the first time.
const LATE: usize = 2;

/// What one access token is used for: it lives ten minutes, and all rounds take a slow machine longer.
const ROUNDS_OF_TOKEN: usize = 20;

/// These bear no mark, but there are more of them than may be late.
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

/// Somebody who may make custom emoji, too: their refresh token.
async fn member(platform: &Platform) -> String {
    let mut tour = Tour::of(platform);
    let (_, token, _) = tour.person("flooding").await;
    let claim = json!({ "token": FIRST_ADMIN_TOKEN });
    tour.ask("POST /v1/accounts/admin-claims", "/v1/accounts/admin-claims", &token, |it| it.json(&claim)).await;
    let who = json!({ "handle": "flooding", "password": PASSWORD });
    let tokens = tour.ask("POST /v1/sessions", "/v1/sessions", "", |it| it.json(&who)).await;
    tokens["refresh_token"].as_str().expect("a token").to_owned()
}

/// The next access token, and the next refresh token. Signing in again could be refused: the flood uses up what its address may guess.
async fn refreshed(platform: &Platform, token: &str) -> (String, String) {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let tokens = send(platform.http.post(format!("{}/oauth/token", platform.url)).form(&form)).await;
    let [access, refresh] =
        ["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}")).to_owned());
    (access, refresh)
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
    let custom = json!({ "photo_id": photo["id"], "category": format!("{MARK}{n}") });
    let custom = send(request(Method::PUT, format!("/v1/emojis/{MARK}{n}")).json(&custom)).await;
    assert_eq!(custom["emoji"], format!(":{MARK}{n}:"), "a custom emoji of this name is made: {custom}");
    for request in [
        request(Method::PUT, format!("/v1/posts/{post}/reactions/:{MARK}{n}:")),
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

/// A series without some of its labels.
fn without(series: &str, labels: &[&str]) -> String {
    let Some((name, all)) = series.split_once('{') else { return series.to_owned() };
    let is_kept = |label: &&str| label.split('=').next().is_some_and(|name| !labels.contains(&name));
    let kept: Vec<&str> = all.trim_end_matches('}').split(',').filter(is_kept).collect();
    format!("{name}{{{}}}", kept.join(","))
}

/// Every series, without its value; the buckets of a histogram are one, for their bounds are the same in every one.
fn series(page: &str) -> BTreeSet<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    samples.map(|(series, _)| without(series, &["le"])).collect()
}

fn is_of_requests(series: &str) -> bool {
    series.starts_with("http_server_")
}

/// What requests are told apart by, beside their status: of that there are few, and some come late.
fn of_requests(all: &BTreeSet<String>) -> BTreeSet<String> {
    let of_requests = all.iter().filter(|series| is_of_requests(series));
    of_requests.map(|series| without(series, &["http_response_status_code", "error_type"])).collect()
}

/// The new series of each other metric that has more of them than may be late.
fn grown<'a>(before: &'a BTreeSet<String>, after: &'a BTreeSet<String>) -> BTreeMap<&'a str, Vec<&'a String>> {
    let mut new: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for series in after.difference(before).filter(|series| !is_of_requests(series)) {
        new.entry(series.split('{').next().unwrap_or_default()).or_default().push(series);
    }
    new.retain(|_, series| series.len() > LATE);
    new
}

#[test]
fn a_label_that_follows_what_is_made_up_would_be_seen() {
    let page = |names: Range<usize>| {
        let of_name = |n: usize| {
            format!("a_bucket{{name=\"{n}\",le=\"1\"}} 1\na_bucket{{name=\"{n}\",le=\"+Inf\"}} 1\na_sum{{name=\"{n}\"}} 1\nb 1\n")
        };
        series(&names.map(of_name).collect::<String>())
    };
    assert_eq!(page(0..2).len(), 5, "the buckets are one");
    let (before, after) = (page(0..2), page(0..5));
    let grown = grown(&before, &after);
    assert_eq!(grown.keys().copied().collect::<Vec<_>>(), ["a_bucket", "a_sum"]);
    assert_eq!(grown["a_sum"].len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_routes_and_names_add_no_series() {
    let _alone = alone().await;
    // Whoever is refused for coming too often reaches nothing that could make a series.
    let unlimited = [("RATE_PER_ACCOUNT", "1000000"), ("RATE_PER_ADDRESS", "1000000")];
    let platform = Platform::start_with(None, &unlimited).await;
    let mut refresh = member(&platform).await;
    let mut flood = async |rounds: Range<usize>| {
        let mut access = String::new();
        for (nth, n) in rounds.enumerate() {
            if nth % ROUNDS_OF_TOKEN == 0 {
                (access, refresh) = refreshed(&platform, &refresh).await;
            }
            flood_by_stranger(&platform, n).await;
            flood_by_member(&platform, &access, n).await;
        }
    };
    // More than once: then what begins late is known, too.
    flood(0..10).await;
    // How much waits for each consumer of facts is counted now and then: each pair of the drawing has to have been.
    eventually("it is known of every consumer how much waits for it", async || {
        let counted = series(&platform.metrics().await);
        let counted = counted.iter().filter(|series| series.starts_with("socialplatform_facts_waiting{")).count();
        if counted >= consumers() { Ok(()) } else { Err(format!("{counted} of {}", consumers())) }
    })
    .await;
    let before = series(&platform.metrics().await);
    assert!(of_requests(&before).len() > 20, "the metrics are there: {before:#?}");
    let last = if std::env::var("PROVE").is_ok() { 300 } else { 100 };
    flood(10..last).await;
    let after = series(&platform.metrics().await);
    assert_eq!(of_requests(&before), of_requests(&after));
    let marked: Vec<_> = after.iter().filter(|series| series.to_lowercase().contains(MARK)).collect();
    assert!(marked.is_empty(), "{marked:#?}");
    let grown = grown(&before, &after);
    assert!(grown.is_empty(), "{grown:#?}");
}
