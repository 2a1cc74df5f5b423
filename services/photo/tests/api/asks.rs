//! Every way to ask for a private picture that somebody is shown by a grant.

use contracts::AccountId;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::cookie::cookie;
use crate::support::{Person, TestPhoto, problem, url};

const VARIANTS: [&str; 4] = ["original", "large", "small", "thumb"];
const NOWHERE: &str = "/p/AAAAAAAAAAAAAAAAAAAAAA/original";

type Header<'a> = (&'static str, &'a str);

/// What is asked, and how somebody is answered who may see the picture and holds the version `held`.
fn asks(held: &str) -> [(Method, Option<Header<'_>>, StatusCode); 6] {
    [
        (Method::GET, None, StatusCode::OK),
        (Method::HEAD, None, StatusCode::OK),
        (Method::GET, Some(("range", "bytes=0-9")), StatusCode::PARTIAL_CONTENT),
        (Method::GET, Some(("range", "bytes=999999999-")), StatusCode::RANGE_NOT_SATISFIABLE),
        (Method::GET, Some(("if-none-match", held)), StatusCode::NOT_MODIFIED),
        (Method::HEAD, Some(("if-none-match", held)), StatusCode::NOT_MODIFIED),
    ]
}

/// How somebody says who they are: by an access token or by the media cookie, or not at all.
fn proofs(photos: &TestPhoto, who: Option<&Person>) -> Vec<Option<(&'static str, String)>> {
    let Some(who) = who else { return vec![None] };
    vec![Some(("authorization", format!("Bearer {}", who.token))), Some(("cookie", cookie(photos, who)))]
}

/// The ETag of each picture, which whoever was shown it holds. Its owner is asked for it.
pub async fn held(photos: &TestPhoto, photo: &Value) -> Vec<String> {
    let owner = photo["owner"].as_str().and_then(|owner| owner.strip_prefix("account:")).expect("an account");
    let token = photos.issuer.token(AccountId(owner.parse().expect("a number")));
    let mut held = Vec::new();
    for variant in VARIANTS {
        let head = photos.request(Method::HEAD, url(photo, variant), None).bearer_auth(&token).send().await.expect("an answer");
        held.push(head.headers()["etag"].to_str().expect("ASCII").to_owned());
    }
    held
}

/// What `who` is answered who asks for the picture with the grant in its address, and holds these versions of it: 200 if they are
/// shown it in whichever way they ask, and 404 if in none.
pub async fn fetch_again(photos: &TestPhoto, photo: &Value, grant: &str, who: Option<&Person>, held: &[String]) -> StatusCode {
    let nothing = problem(photos.get(NOWHERE, None).await).await;
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for (variant, held) in VARIANTS.into_iter().zip(held) {
        let address = format!("{}?grant={grant}", url(photo, variant));
        for proof in proofs(photos, who) {
            for (method, said, expected) in asks(held) {
                let headers = proof.iter().map(|(name, value)| (*name, value.as_str())).chain(said);
                let asked = photos.request(method.clone(), &address, None);
                let asked = headers.fold(asked, |asked, (name, value)| asked.header(name, value));
                let answer = asked.send().await.expect("an answer");
                let what = format!("{method} {variant} {said:?}, proved by {:?}", proof.as_ref().map(|(name, _)| name));
                if answer.status() == expected {
                    assert_eq!(answer.headers()["etag"], held.as_str(), "{what}");
                    shown.push(what);
                    continue;
                }
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{what}");
                assert!(!answer.headers().contains_key("etag"), "{what}");
                if method == Method::GET {
                    assert_eq!(problem(answer).await, nothing, "{what}");
                }
                hidden.push(what);
            }
        }
    }
    assert!(shown.is_empty() || hidden.is_empty(), "shown: {shown:#?}, and not: {hidden:#?}");
    if hidden.is_empty() { StatusCode::OK } else { StatusCode::NOT_FOUND }
}

/// The same, where the owner can be asked for what they hold.
pub async fn fetch(photos: &TestPhoto, photo: &Value, grant: &str, who: Option<&Person>) -> StatusCode {
    fetch_again(photos, photo, grant, who, &held(photos, photo).await).await
}
