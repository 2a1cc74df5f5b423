use contracts::fact::{Fact, PostNarrowed};
use contracts::photo::PhotoVisibility::{Private, Public};
use identity::PhotoGrant;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::answers::{answer, id, ids, path};
use crate::support::{Person, TestSocial};

const REPORTS: &str = "/v1/moderation/reports";

/// Reports what must be taken; says which report it is.
async fn reported(social: &TestSocial, who: &Person, what: &str) -> String {
    let request = social.request(Method::POST, &format!("{what}/reports"), Some(who)).json(&json!({"reason": "spam", "note": "look"}));
    let (status, report) = answer(request).await;
    assert_eq!(status, StatusCode::CREATED, "{report}");
    id(&report).to_owned()
}

fn profile(of: &Person) -> String {
    format!("/v1/profiles/{}", of.id)
}

async fn resolve(social: &TestSocial, admin: &Person, report: &str, decision: &str, note: &str) -> (StatusCode, Value) {
    let request = social.request(Method::PUT, &format!("{REPORTS}/{report}/resolution"), Some(admin));
    answer(request.json(&json!({"decision": decision, "note": note}))).await
}

async fn remove(social: &TestSocial, admin: &Person, post: &Value, note: &str) -> StatusCode {
    let request = social.request(Method::PUT, &format!("/v1/moderation/removals/{}", id(post)), Some(admin));
    answer(request.json(&json!({"note": note}))).await.0
}

async fn look(social: &TestSocial, admin: &Person, report: &str) -> Value {
    social.read(&format!("{REPORTS}/{report}"), Some(admin)).await
}

/// What somebody was told, the newest first.
async fn told(social: &TestSocial, who: &Person) -> Vec<Value> {
    social.read("/v1/notifications", Some(who)).await["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn reports_of_one_thing_stand_as_one_and_the_newest_first() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let admin = social.admin();
    let [one, other] = [social.posted(&ada, json!({"text": "a"})).await, social.posted(&ada, json!({"text": "b"})).await];
    let first = reported(&social, &bob, &path(&one)).await;
    let of_other = reported(&social, &bob, &path(&other)).await;
    let last = reported(&social, &eve, &path(&one)).await;
    let of_person = reported(&social, &bob, &profile(&ada)).await;
    for limit in [1, 20] {
        let listed = social.list(&format!("{REPORTS}?limit={limit}"), Some(&admin)).await;
        assert_eq!(listed, [of_person.as_str(), &last, &of_other], "{limit} at once");
    }
    let page = social.read(REPORTS, Some(&admin)).await;
    assert_eq!([0, 1, 2].map(|n| page["items"][n]["reports_count"].as_i64().unwrap()), [1, 2, 1]);
    let case = look(&social, &admin, &last).await;
    assert_eq!((&case["report"]["said"], &case["report"]["note"]), (&json!("a"), &json!("look")));
    assert_eq!(case["report"]["account"], json!({"id": ada.id, "handle": format!("person_{}", ada.id)}));
    assert_eq!(ids(&json!({"items": case["others"]})), [first]);
    assert_eq!(social.get(&format!("{REPORTS}/4711"), Some(&admin)).await.0, StatusCode::NOT_FOUND);
    assert!(social.list(&format!("{REPORTS}?state=resolved"), Some(&admin)).await.is_empty());
}

#[tokio::test]
async fn a_report_shows_what_was_said_and_what_is_said_now() {
    let social = TestSocial::spawn().await;
    let (ada, bob, admin) = (social.person(), social.person(), social.admin());
    social.befriend(&ada, &bob).await;
    let (hidden, later) = (social.photos.upload(&ada, Private), social.photos.upload(&ada, Public));
    let post = social.posted(&ada, json!({"text": "buy this", "visibility": "friends", "photos": [hidden.id]})).await;
    let report = reported(&social, &bob, &path(&post)).await;
    social.edited(&ada, &post, json!({"text": "nothing", "photos": [later.id]})).await;
    assert_eq!(social.get(&path(&post), Some(&admin)).await.0, StatusCode::NOT_FOUND, "it is not for administrators as such");

    let case = look(&social, &admin, &report).await;
    assert_eq!(case["report"]["said"], "buy this");
    assert_eq!((&case["post_now"]["text"], &case["post_now"]["visibility"]), (&json!("nothing"), &json!("friends")));
    assert_eq!((&case["photos"][0]["id"], &case["post_now"]["photos"][0]["id"]), (&json!(hidden.id), &json!(later.id)));
    let address = case["photos"][0]["urls"]["large"].as_str().unwrap();
    let grant = social.issuer.service_keys().verify_grant(address.split_once("?grant=").unwrap().1).expect("photo takes it");
    let source = format!("report:{report}");
    let (audience_of, as_of, iat) = (None, grant.as_of, grant.iat);
    assert_eq!(grant, PhotoGrant { photo: hidden.id, source, owner: ada.id, audience_of, viewer: admin.id, as_of, iat });
    assert!(as_of.is_some());

    social.delete(&ada, &post).await;
    social.tell(hidden.changed(None)).await;
    let case = look(&social, &admin, &report).await;
    assert_eq!((&case["report"]["said"], case.get("post_now"), &case["photos"]), (&json!("buy this"), None, &json!([])));
    assert_eq!(case["profile_now"]["id"], json!(ada.id));
}

#[tokio::test]
async fn whoever_reported_is_told_that_it_was_looked_at() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve, kim] = [(); 4].map(|()| social.person());
    let admin = social.admin();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let first = reported(&social, &bob, &path(&post)).await;
    let second = reported(&social, &eve, &path(&post)).await;
    social.edited(&ada, &post, json!({"text": "b"})).await;
    let of_another_text = reported(&social, &kim, &path(&post)).await;
    assert_eq!(resolve(&social, &admin, &first, "dismissed", "fine").await.0, StatusCode::NO_CONTENT);

    for (who, report) in [(&bob, &first), (&eve, &second)] {
        let told = told(&social, who).await;
        assert_eq!((told.len(), &told[0]["kind"]), (1, &json!("report_resolved")));
        assert_eq!(told[0]["decision"], json!({"decision": "dismissed", "report": report}), "why is for administrators");
        assert_eq!((&told[0]["people"], &told[0]["people_count"]), (&json!([]), &json!(0)));
        assert_eq!(social.read("/v1/notifications/unread", Some(who)).await["count"], 1);
    }
    assert!(told(&social, &kim).await.is_empty() && told(&social, &ada).await.is_empty());
    // What was said otherwise was not looked at.
    assert_eq!(social.list(REPORTS, Some(&admin)).await, [of_another_text]);
    assert_eq!(social.list(&format!("{REPORTS}?state=resolved"), Some(&admin)).await, [second]);
    let resolution = look(&social, &admin, &first).await["report"]["resolution"].clone();
    assert_eq!((&resolution["decision"], &resolution["note"]), (&json!("dismissed"), &json!("fine")));
    assert_eq!(resolution["moderator"], json!(admin.id));
    // It may be reported again.
    reported(&social, &bob, &path(&post)).await;
}

#[tokio::test]
async fn a_removed_post_is_gone_with_its_thread_and_its_author_is_told_why() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let admin = social.admin();
    let post = social.posted(&ada, json!({"text": "buy this", "content_warning": "!"})).await;
    let photo = social.photos.upload(&bob, Private);
    let comment = social.posted(&bob, json!({"text": "b", "parent": post["id"], "photos": [photo.id]})).await;
    let mut reports = Vec::new();
    for who in [&bob, &eve] {
        reports.push(reported(&social, who, &path(&post)).await);
    }
    assert_eq!(resolve(&social, &admin, &reports[0], "removed", "spam is not for here").await.0, StatusCode::NO_CONTENT);
    for gone in [&post, &comment] {
        assert_eq!(social.get(&path(gone), Some(&ada)).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(social.read(&profile(&ada), None).await["posts_count"], 0);
    let narrowed = [(&comment, &bob), (&post, &ada)].map(|(post, author)| {
        let narrowed = PostNarrowed { post: id(post).parse().unwrap(), author: author.id };
        serde_json::to_value(Fact::PostNarrowed(narrowed)).unwrap()
    });
    assert_eq!(social.told().await, narrowed);

    let hers = told(&social, &ada).await.remove(0);
    let expected = json!({"decision": "removed", "reason": "spam is not for here", "said": "!\n\nbuy this"});
    assert_eq!((&hers["kind"], &hers["decision"]), (&json!("post_removed"), &expected));
    for (who, report) in [(&bob, &reports[0]), (&eve, &reports[1])] {
        let newest = told(&social, who).await.remove(0);
        assert_eq!(newest["decision"], json!({"decision": "removed", "report": report}));
    }
    assert!(social.list(REPORTS, Some(&admin)).await.is_empty());
}

#[tokio::test]
async fn a_post_that_nobody_reported_can_be_removed_too_and_once() {
    let social = TestSocial::spawn().await;
    let (ada, admin) = (social.person(), social.admin());
    let post = social.posted(&ada, json!({"text": "a", "visibility": "friends"})).await;
    assert_eq!(remove(&social, &admin, &post, " ").await, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..2 {
        assert_eq!(remove(&social, &admin, &post, "why").await, StatusCode::NO_CONTENT);
    }
    assert_eq!((social.count("posts").await, social.count("moderation_acts").await, told(&social, &ada).await.len()), (0, 1, 1));
    assert_eq!(remove(&social, &admin, &json!({"id": "4711"}), "why").await, StatusCode::NOT_FOUND);
    let acts = social.read(&format!("/v1/moderation/acts?account={}", ada.id), Some(&admin)).await;
    let act = &acts["items"][0];
    assert_eq!((&act["kind"], &act["note"], &act["said"]), (&json!("removed"), &json!("why"), &json!("a")));
    assert_eq!((&act["post"], &act["account"]), (&post["id"], &json!(ada.id)));
    assert_eq!(act["moderator"], json!({"id": admin.id, "handle": format!("person_{}", admin.id)}));
    assert!(social.list(&format!("/v1/moderation/acts?account={}", admin.id), Some(&admin)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_administrators_at_once_one_decides() {
    let social = TestSocial::spawn().await;
    let (ada, bob) = (social.person(), social.person());
    for decision in ["dismissed", "removed"] {
        let post = social.posted(&ada, json!({"text": "a"})).await;
        let report = reported(&social, &bob, &path(&post)).await;
        let before = social.count("moderation_acts").await;
        let mut asked = JoinSet::new();
        for n in 0..8 {
            let request = social.request(Method::PUT, &format!("{REPORTS}/{report}/resolution"), Some(&social.admin()));
            asked.spawn(answer(request.json(&json!({"decision": decision, "note": n.to_string()}))));
        }
        let answers = asked.join_all().await;
        let decided = answers.iter().filter(|(status, _)| *status == StatusCode::NO_CONTENT).count();
        let conflicts = answers.iter().filter(|(status, _)| *status == StatusCode::CONFLICT).count();
        assert_eq!((decided, conflicts), (1, 7), "{decision}: {answers:?}");
        assert_eq!(social.count("moderation_acts").await, before + 1);
    }
    assert_eq!(told(&social, &bob).await.len(), 2);
}

#[tokio::test]
async fn a_decision_may_be_repeated_and_not_changed() {
    let social = TestSocial::spawn().await;
    let (ada, bob, admin) = (social.person(), social.person(), social.admin());
    social.posted(&ada, json!({"text": "a"})).await;
    let report = reported(&social, &bob, &profile(&ada)).await;
    for (decision, note, field) in [("handled", "", "note"), ("removed", "why", "decision"), ("banned", "why", "decision")] {
        let (status, problem) = resolve(&social, &admin, &report, decision, note).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{problem}");
    }
    for _ in 0..2 {
        assert_eq!(resolve(&social, &admin, &report, "handled", "suspended").await.0, StatusCode::NO_CONTENT);
    }
    for (who, decision) in [(&admin, "dismissed"), (&social.admin(), "handled")] {
        let (status, problem) = resolve(&social, who, &report, decision, "suspended").await;
        let kind = problem["type"].as_str().unwrap();
        assert_eq!((status, kind), (StatusCode::CONFLICT, "https://socialplatform.dev/problems/already-resolved"));
    }
    assert_eq!((social.count("moderation_acts").await, told(&social, &bob).await.len()), (1, 1));

    let post = social.posted(&ada, json!({"text": "a"})).await;
    let report = reported(&social, &bob, &path(&post)).await;
    social.delete(&ada, &post).await;
    let (status, problem) = resolve(&social, &admin, &report, "removed", "why").await;
    assert_eq!((status, problem["type"].as_str().unwrap()), (StatusCode::CONFLICT, "https://socialplatform.dev/problems/post-gone"));
    assert_eq!(resolve(&social, &admin, &report, "dismissed", "").await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn nobody_else_moderates() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let report = reported(&social, &bob, &path(&post)).await;
    for address in [REPORTS.to_owned(), format!("{REPORTS}/{report}"), "/v1/moderation/acts".to_owned()] {
        assert_eq!(social.get(&address, Some(&bob)).await.0, StatusCode::FORBIDDEN, "{address}");
        assert_eq!(social.get(&address, None).await.0, StatusCode::UNAUTHORIZED, "{address}");
    }
    assert_eq!(resolve(&social, &bob, &report, "removed", "why").await.0, StatusCode::FORBIDDEN);
    assert_eq!(remove(&social, &bob, &post, "why").await, StatusCode::FORBIDDEN);
    assert_eq!(social.get(&path(&post), None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn one_may_not_want_to_hear_of_reports_but_hears_of_a_removal() {
    let social = TestSocial::spawn().await;
    let (ada, bob, admin) = (social.person(), social.person(), social.admin());
    let mute = async |who: &Person, kind: &str| {
        let request = social.request(Method::PUT, "/v1/notifications/settings", Some(who)).json(&json!({"muted": [kind]}));
        answer(request).await.0
    };
    assert_eq!(mute(&bob, "report_resolved").await, StatusCode::OK);
    assert_eq!(mute(&ada, "post_removed").await, StatusCode::UNPROCESSABLE_ENTITY);
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let report = reported(&social, &bob, &path(&post)).await;
    assert_eq!(resolve(&social, &admin, &report, "removed", "why").await.0, StatusCode::NO_CONTENT);
    assert_eq!((told(&social, &ada).await.len(), told(&social, &bob).await.len()), (1, 0));
}
