use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{DEADLINE, TestService};

/// The value of the only series of `name` that has all of `labels`.
fn value(page: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let samples = page.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'));
    let mut meant = samples.filter(|sample| labels.iter().all(|label| sample.contains(label)));
    let found = meant.next().map(|sample| sample.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number"));
    assert!(meant.next().is_none(), "{labels:?} are of more than one series");
    found
}

#[tokio::test]
async fn whoever_gives_up_is_counted_and_not_as_answered() {
    let service = TestService::spawn(&[]).await;
    for n in 1..=2 {
        let mut stream = TcpStream::connect(service.public).await.unwrap();
        stream.write_all(b"GET /held HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
        service.until_held().await;
        drop(stream);
        let deadline = Instant::now() + DEADLINE;
        loop {
            let page = service.metrics().await;
            let given_up = ["http_route=\"/held\"", "error_type=\"cancelled\""];
            if value(&page, "http_server_request_duration_seconds_count", &given_up) == Some(f64::from(n)) {
                assert!(!page.lines().any(|line| line.contains("cancelled") && line.contains("status_code")), "{page}");
                break;
            }
            assert!(Instant::now() < deadline, "{page}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
