use reqwest::{Method, StatusCode};

use crate::support::TestService;

#[tokio::test]
async fn strangers_make_no_series_of_methods_limits_and_schemes() {
    let service = TestService::spawn(&["--rate-per-address=1"]).await;
    let from_elsewhere = |method| service.request(method, "/open").header("x-forwarded-proto", "https");
    for method in [Method::DELETE, Method::PUT, Method::PATCH] {
        assert_eq!(from_elsewhere(method).send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    let question = from_elsewhere(Method::OPTIONS).header("access-control-request-method", "GET");
    assert_eq!(question.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let mut asked = 0;
    while from_elsewhere(Method::GET).send().await.unwrap().status() == StatusCode::OK {
        asked += 1;
        assert!(asked < 250, "there is no limit");
    }
    // Other tests ask as well: what counts is what nobody has made.
    let page = service.metrics().await;
    let counted = |labels: &[&str]| {
        let mut lines = page.lines().filter(|line| line.starts_with("http_server_request_duration_seconds_count{"));
        lines.any(|line| labels.iter().all(|label| line.contains(label)))
    };
    assert!(counted(&["http_route=\"/open\"", "status_code=\"200\""]), "{page}");
    for status in ["204", "405", "429"] {
        let status = format!("status_code=\"{status}\"");
        assert!(counted(&[&status]) && !counted(&[&status, "http_route=\"/open\""]), "{status}: {page}");
    }
    assert!(!counted(&["url_scheme=\"https\""]), "nobody has said that a proxy is in front: {page}");
}
