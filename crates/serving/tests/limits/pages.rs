use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestService, assert_problem};

/// The address of the page after or before an answer's.
fn link(answer: &Response, rel: &str) -> Option<String> {
    let links = answer.headers().get("link")?.to_str().expect("ASCII");
    let link = links.split(", ").find(|link| link.ends_with(&format!("rel=\"{rel}\"")))?;
    Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned())
}

async fn items(answer: Response) -> Value {
    let mut page: Value = answer.json().await.unwrap();
    page["items"].take()
}

#[tokio::test]
async fn a_list_is_walked_both_ways_with_one_cursor_at_a_time() {
    let service = TestService::spawn(&[]).await;
    let (mut next, mut seen, mut last) = (Some("/items?limit=4".to_owned()), Vec::new(), String::new());
    while let Some(address) = next {
        let answer = service.get(&address).await;
        next = link(&answer, "next");
        last = link(&answer, "prev").unwrap();
        for address in next.iter().chain([&last]) {
            assert_eq!(address.matches("before=").count() + address.matches("after=").count(), 1, "{address}");
        }
        seen.push(items(answer).await);
    }
    assert_eq!(seen, [json!([10, 9, 8, 7]), json!([6, 5, 4, 3]), json!([2, 1])]);
    // Newer than the last page, the oldest of it first; and then on.
    let up = service.get(&last).await;
    let further = link(&up, "prev").unwrap();
    assert_eq!(items(up).await, json!([6, 5, 4, 3]));
    let up = service.get(&further).await;
    let top = link(&up, "prev").unwrap();
    assert_eq!(items(up).await, json!([10, 9, 8, 7]));
    // Whoever polls keeps the cursor until something comes.
    let empty = service.get(&top).await;
    assert_eq!(link(&empty, "prev"), Some(top));
    assert_eq!(items(empty).await, json!([]));
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let service = TestService::spawn(&[]).await;
    for query in ["limit=0", "limit=81", "before=yesterday", "after=1.5", "before=9&after=1", "after=1&before=9", "before=9&after=0"] {
        assert_problem(service.get(&format!("/items?{query}")).await, StatusCode::BAD_REQUEST, "bad-request").await;
    }
    let problem: Value = service.get("/items?before=9&after=1").await.json().await.unwrap();
    assert_eq!(problem["detail"], "A page has one cursor: ask with before or with after, not with both.");
}
