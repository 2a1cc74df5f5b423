//! What is short when connections are: a service's own, and the server's.

use futures::future::join_all;
use reqwest::StatusCode;

use crate::database::Database;
use crate::platform::Platform;
use crate::{alone, eventually};

/// The value of the only series of this name.
fn value(page: &str, name: &str) -> f64 {
    let series: Vec<&str> = page.lines().filter(|line| line.split(['{', ' ']).next() == Some(name)).collect();
    let [series] = series.as_slice() else { panic!("{name} is {series:?}") };
    series.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waited_in_vain_is_counted_and_so_is_everybody_who_is_connected() {
    let _alone = alone().await;
    let database = Database::start();
    // More than the platform can have itself, and none of its database.
    let others = join_all((0..20).map(|_| database.connect("template1"))).await;
    let environment = [("OWNER_DATABASE_URL", database.url()), ("DATABASE_CONNECTIONS", "2".to_owned())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let platform = Platform::start_with(None, &environment).await;
    let page = eventually("the server was asked", async || {
        let page = platform.metrics().await;
        if page.contains("\npostgresql_backends{") { Ok(page) } else { Err(page) }
    })
    .await;
    assert!(value(&page, "postgresql_backends") > 20.0, "{page}");
    assert!(value(&page, "postgresql_connection_max") > 20.0, "{page}");
    drop(others);

    let mut locking = database.connect("postgres").await;
    // A slow machine may have let a loop wait in vain for one of two connections while the platform started.
    let before = value(&platform.metrics().await, "db_client_connection_timeouts_total");
    sqlx::raw_sql("begin; lock table social.posts in access exclusive mode").execute(&mut locking).await.unwrap();
    let ask = || platform.http.get(format!("{}/v1/timelines/public", platform.url)).send();
    let answers = join_all((0..8).map(|_| ask())).await;
    assert!(answers.into_iter().all(|answer| answer.expect("an answer").status() == StatusCode::SERVICE_UNAVAILABLE));
    // Two have connections and wait for the lock, two more get these after them; the rest waits for none to be free.
    assert!(value(&platform.metrics().await, "db_client_connection_timeouts_total") >= before + 1.0);
}
