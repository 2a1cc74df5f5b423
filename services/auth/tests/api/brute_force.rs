use std::collections::{BTreeMap, HashSet};

use contracts::Service;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tokio::task::JoinSet;

use crate::authenticator::Authenticator;
use crate::passkeys::{add, sign_in_options};
use crate::support::{PASSWORD, TestAuth, answer, kind};

const WRONG: &str = "not the password, not at all";

/// Behind one proxy, so that a test can come from anywhere.
async fn behind_a_proxy() -> TestAuth {
    TestAuth::with(&["--trusted-proxy-hops=1"]).await
}

fn from(source: &str, request: RequestBuilder) -> RequestBuilder {
    request.header("x-forwarded-for", source)
}

fn with_device(auth: &TestAuth, password: &str, device: &str) -> RequestBuilder {
    let body = json!({"handle": "ada", "password": password, "device": device});
    auth.request(reqwest::Method::POST, "/v1/sessions").json(&body)
}

async fn assert_too_many(request: RequestBuilder) {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=24 * 3600).contains(&wait), "{wait}");
    assert_eq!(kind(&response.json::<Value>().await.unwrap()), "too-many-requests");
}

/// How often something of this kind was tried, for each that it is counted for.
pub async fn counted(auth: &TestAuth, of: &str) -> Vec<i32> {
    let counted = sqlx::query_scalar("select count from attempts where kind = $1 order by count").bind(of);
    counted.fetch_all(&auth.db.superuser_pool(Service::Auth)).await.unwrap()
}

#[tokio::test]
async fn guesses_from_everywhere_shut_strange_devices_out_and_the_known_one_in() {
    let auth = behind_a_proxy().await;
    let device = auth.somebody("ada").await.device.unwrap();
    for n in 0..3 {
        assert_eq!(answer(from(&format!("192.0.2.{n}"), auth.sign_in("ada", WRONG))).await.0, StatusCode::UNAUTHORIZED);
    }
    // And 97 times more, from as many sources.
    auth.sql("update attempts set count = 100 where kind = 'Name' and count = 3").await;
    let before = auth.count("security_events").await;
    for password in [WRONG, PASSWORD] {
        assert_too_many(from("198.51.100.7", auth.sign_in("ada", password))).await;
        assert_too_many(from("198.51.100.8", with_device(&auth, password, "spdv_made_up"))).await;
    }
    assert_eq!(auth.count("security_events").await, before, "a guess that is not made is no event");

    let (status, body) = answer(from("198.51.100.9", with_device(&auth, PASSWORD, &device))).await;
    assert_eq!((status, &body["device"]), (StatusCode::CREATED, &json!(device)));
    // Others are not concerned.
    auth.somebody("bob").await;
}

#[tokio::test]
async fn one_source_guesses_at_so_many_names_and_no_more() {
    let auth = behind_a_proxy().await;
    auth.somebody("ada").await;
    let device = auth.session("ada").await.device.unwrap();
    for n in 0..2 {
        let guess = from(&format!("2001:db8:1:2::{n}"), auth.sign_in(&format!("name_{n}"), WRONG));
        assert_eq!(answer(guess).await.0, StatusCode::UNAUTHORIZED);
    }
    assert!(counted(&auth, "Source").await.contains(&2), "one /64 is one source");
    auth.sql("update attempts set count = 100 where kind = 'Source' and count = 2").await;
    assert_too_many(from("2001:db8:1:2:ffff::9", auth.sign_in("ada", PASSWORD))).await;
    // What the first proxy did not write is anybody's word.
    assert_too_many(from("192.0.2.1, 2001:db8:1:2::1", auth.sign_in("ada", PASSWORD))).await;
    assert_eq!(answer(from("2001:db8:1:3::1", auth.sign_in("ada", PASSWORD))).await.0, StatusCode::CREATED);
    // Whoever shares the network with a guesser goes on, on a device of theirs.
    assert_eq!(answer(from("2001:db8:1:2::5", with_device(&auth, PASSWORD, &device))).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn whoever_shares_a_network_with_a_guesser_comes_in_by_a_passkey_on_a_device_of_theirs() {
    let auth = behind_a_proxy().await;
    let (ada, bob) = (auth.somebody("ada").await, auth.somebody("bob").await);
    let mut phone = Authenticator::new();
    add(&auth, &ada, &mut phone).await;
    assert_eq!(answer(from("192.0.2.1", auth.sign_in("nobody", WRONG))).await.0, StatusCode::UNAUTHORIZED);
    auth.sql("update attempts set count = 100 where kind = 'Source' and count = 1").await;

    let before = counted(&auth, "Device").await;
    for device in [None, Some("spdv_made_up"), bob.device.as_deref()] {
        let credential = phone.get(&sign_in_options(&auth).await);
        let body = json!({"credential": credential, "device": device});
        assert_too_many(from("192.0.2.1", auth.request(reqwest::Method::POST, "/v1/sessions/passkey").json(&body))).await;
    }
    let body = json!({"credential": phone.get(&sign_in_options(&auth).await), "device": ada.device});
    let hers = from("192.0.2.1", auth.request(reqwest::Method::POST, "/v1/sessions/passkey").json(&body));
    let (status, body) = answer(hers).await;
    assert_eq!((status, &body["device"]), (StatusCode::CREATED, &json!(ada.device)));
    assert!(before.is_empty() && counted(&auth, "Device").await == [0, 0], "who was right guessed at nothing");

    // And no further than a known device may.
    auth.sql("update attempts set count = 20 where kind = 'Device'").await;
    let body = json!({"credential": {"id": "nonsense"}, "device": ada.device});
    assert_too_many(from("192.0.2.1", auth.request(reqwest::Method::POST, "/v1/sessions/passkey").json(&body))).await;
}

#[tokio::test]
async fn an_address_that_a_caller_invents_is_not_counted() {
    let auth = TestAuth::spawn().await;
    for n in 0..3 {
        let spoofed = auth.sign_in("nobody", WRONG).header("x-forwarded-for", format!("192.0.2.{n}"));
        let spoofed = spoofed.header("forwarded", format!("for=192.0.2.{n}")).header("x-real-ip", format!("192.0.2.{n}"));
        assert_eq!(answer(spoofed).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(counted(&auth, "Source").await, [3]);
}

#[tokio::test]
async fn a_known_device_that_guesses_is_a_stranger_in_the_end() {
    let auth = TestAuth::spawn().await;
    let device = auth.somebody("ada").await.device.unwrap();
    assert_eq!(answer(with_device(&auth, WRONG, &device)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!((counted(&auth, "Device").await, counted(&auth, "Name").await), (vec![1], vec![0]));
    auth.sql("update attempts set count = 20 where kind = 'Device'").await;
    assert_eq!(answer(with_device(&auth, WRONG, &device)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(counted(&auth, "Name").await, [1], "now it counts as everybody's");
    // Somebody else's device was never known here.
    let others = auth.somebody("bob").await.device.unwrap();
    answer(with_device(&auth, WRONG, &others)).await;
    assert_eq!(counted(&auth, "Name").await.last(), Some(&2));
}

#[tokio::test]
async fn a_stolen_device_uses_up_what_all_have_in_common_and_shuts_no_other_out() {
    let auth = TestAuth::spawn().await;
    let own = auth.somebody("ada").await.device.unwrap();
    let stolen = auth.session("ada").await.device.unwrap();
    for _ in 0..4 {
        assert_eq!(answer(with_device(&auth, WRONG, &stolen)).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(counted(&auth, "Devices").await, [1], "three were its own");
    auth.sql("update attempts set count = 40 where kind = 'Devices'").await;
    assert_eq!(answer(with_device(&auth, WRONG, &stolen)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!((counted(&auth, "Name").await, counted(&auth, "Device").await), (vec![1], vec![4]), "now it is a stranger's");
    auth.sql("update attempts set count = 100 where kind = 'Name'").await;
    assert_too_many(with_device(&auth, WRONG, &stolen)).await;

    // With nothing left for strangers or in common, hers may even be wrong.
    for password in [WRONG, WRONG, PASSWORD, PASSWORD] {
        let right = if password == PASSWORD { StatusCode::CREATED } else { StatusCode::UNAUTHORIZED };
        assert_eq!(answer(with_device(&auth, password, &own)).await.0, right, "{password}");
    }
}

#[tokio::test]
async fn who_is_right_uses_nothing_up() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    for _ in 0..3 {
        auth.session("ada").await;
    }
    assert_eq!((counted(&auth, "Name").await, counted(&auth, "Source").await), (vec![0], vec![0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guesses_at_once_are_no_way_around_the_limit() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    auth.sql("update attempts set count = 95").await;
    let mut guessing = JoinSet::new();
    for _ in 0..40 {
        let guess = auth.sign_in("ada", WRONG);
        guessing.spawn(async move { answer(guess).await.0 });
    }
    let answers = guessing.join_all().await;
    let made = answers.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    let refused = answers.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    assert_eq!((made, refused), (5, 35), "{answers:?}");
}

#[tokio::test]
async fn counting_begins_anew_when_its_time_is_over() {
    let auth = TestAuth::spawn().await;
    auth.somebody("ada").await;
    auth.sql("update attempts set count = 100").await;
    assert_too_many(auth.sign_in("ada", PASSWORD)).await;
    auth.sql("update attempts set until = now()").await;
    auth.session("ada").await;
}

#[tokio::test]
async fn the_table_of_attempts_has_an_end_and_holds_no_names() {
    let auth = TestAuth::spawn().await;
    for handle in ["ada", "my password, typed into the wrong field", "eve\0"] {
        assert_eq!(answer(auth.sign_in(handle, WRONG)).await.0, StatusCode::UNAUTHORIZED, "{handle:?}");
    }
    let pool = auth.db.superuser_pool(Service::Auth);
    let (text, places): (String, i32) =
        sqlx::query_as("select string_agg(a::text, ' '), max(place) from attempts a").fetch_one(&pool).await.unwrap();
    assert!(!text.contains("ada") && !text.contains("password") && places < 1 << 20, "{text}");
    let events: Vec<String> = sqlx::query_scalar("select e::text from security_events e").fetch_all(&pool).await.unwrap();
    assert!(events.iter().all(|event| !event.contains("password,")), "{events:?}");
}

/// How many rows each table has, but for that of the attempts.
async fn rows(auth: &TestAuth) -> BTreeMap<String, i64> {
    let tables = "select table_name::text from information_schema.tables where table_schema = 'auth' and table_name <> 'attempts'";
    let pool = auth.db.superuser_pool(Service::Auth);
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&pool).await.unwrap();
    let mut rows = BTreeMap::new();
    for table in tables {
        let count = AssertSqlSafe(format!("select count(*) from auth.{table}"));
        rows.insert(table, sqlx::query_scalar(count).fetch_one(&pool).await.unwrap());
    }
    rows
}

/// How often each of the kinds was counted in all.
async fn attempts(auth: &TestAuth) -> [i32; 3] {
    let mut sums = [0; 3];
    for (sum, of) in sums.iter_mut().zip(["Name", "Source", "Device"]) {
        *sum = counted(auth, of).await.iter().sum();
    }
    sums
}

#[tokio::test]
async fn an_unknown_name_leaves_the_same_traces_as_a_wrong_password() {
    let auth = behind_a_proxy().await;
    auth.somebody("ada").await;
    let mut traces = HashSet::new();
    for handle in ["ada", "nobody", "not a handle", "admin", "ADA"] {
        let (before, counted_before) = (rows(&auth).await, attempts(&auth).await);
        let (status, body) = answer(from("192.0.2.1", auth.sign_in(handle, WRONG))).await;
        let (after, counted_after) = (rows(&auth).await, attempts(&auth).await);
        let written: Vec<(String, i64)> = after.into_iter().map(|(table, rows)| (table.clone(), rows - before[&table])).collect();
        let counted: Vec<i32> = counted_after.iter().zip(counted_before).map(|(after, before)| after - before).collect();
        traces.insert((status, body.to_string(), written, counted));
    }
    assert_eq!(traces.len(), 1, "{traces:#?}");
    let (status, _, written, counted) = traces.into_iter().next().unwrap();
    assert_eq!((status, counted), (StatusCode::UNAUTHORIZED, vec![1, 1, 0]));
    assert_eq!(written.iter().filter(|(_, more)| *more != 0).collect::<Vec<_>>(), [&("security_events".to_owned(), 1)]);
}
