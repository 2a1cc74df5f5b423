use contracts::Service;
use contracts::fact::{AccountErased, AccountForgotten, AccountState, Fact, RelationChanged, RelationEvent, RelationHappened};
use contracts::photo::PhotoVisibility::Public;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, query_scalar};

use crate::answers::{NONE, answer, eventually, id, path};
use crate::support::{Person, TestSocial};

async fn done(social: &TestSocial, who: &Person, method: Method, path: &str, body: Option<Value>) {
    let request = social.request(method, path, Some(who));
    let (status, body) = answer(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await;
    assert!(status.is_success(), "{path}: {status} {body}");
}

/// Has social told that it has forgotten somebody?
async fn forgotten(social: &TestSocial, who: &Person) -> bool {
    let expected = Fact::AccountForgotten(AccountForgotten { account: who.id, service: Service::Social });
    social.told().await.contains(&serde_json::to_value(expected).unwrap())
}

async fn erase(social: &TestSocial, who: &Person) {
    social.hide(who, AccountState::Hidden).await;
    social.tell(Fact::AccountErased(AccountErased { account: who.id })).await;
    eventually("social says that it has forgotten", async || forgotten(social, who).await).await;
}

/// Rows that name an account, but for tombstones and the empty profile on which they hang.
async fn rows_of(social: &TestSocial, who: &Person) -> i64 {
    let pool = social.db.superuser_pool(Service::Social);
    let mut rows = 0;
    for (table, which) in [
        (
            "profiles",
            "id = $1 and (handle, display_name, bio, pronouns, picture is null, discoverable, told_posting is null)
                 <> ('', '', '', '', true, false, true)",
        ),
        ("posts", "author = $1 and not tombstone"),
        ("posts", "author = $1 and (text, content_warning, entities) <> ('', '', '[]')"),
        ("reactions", "account = $1"),
        ("bookmarks", "account = $1"),
        ("followed_tags", "account = $1"),
        ("pins", "author = $1"),
        ("lists", "owner = $1"),
        ("list_members", "account = $1"),
        ("mentions", "account = $1"),
        ("notifications", "account = $1"),
        ("notification_actors", "actor = $1"),
        ("told_lately", "account = $1 or actor = $1"),
        ("notification_marks", "account = $1"),
        ("notification_mutes", "account = $1"),
        ("photos", "owner = $1"),
        ("relations", "actor = $1 or target = $1"),
        ("home_readers", "account = $1"),
        ("home_entries", "reader = $1"),
        ("home_deliveries", "author = $1"),
        ("reports", "reporter = $1 or (account = $1 and (said, note, photos) <> ('', '', '{}'))"),
        ("moderation_acts", "account = $1 and (said is not null or note <> '')"),
        ("idempotency_keys", "caller = $1::text"),
        ("burials", "author = $1"),
        ("hidden_counts_owed", "account = $1"),
        ("fact_failures", "fact ->> 'owner' = $1::text"),
    ] {
        let sql = format!("select count(*) from {table} where {which}");
        rows += query_scalar::<_, i64>(AssertSqlSafe(sql)).bind(who.id).fetch_one(&pool).await.unwrap();
    }
    rows
}

#[tokio::test]
async fn nothing_is_left_of_who_is_erased() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let photo = social.photos.upload(&ada, Public);
    let his = social.posted(&bob, json!({"text": "a"})).await;
    for (who, whom) in [(&ada, &bob), (&bob, &ada)] {
        social.follow(who, whom).await;
    }
    let profile = json!({"display_name": "Ada", "bio": "b", "pronouns": "she", "picture_photo_id": photo.id});
    done(&social, &ada, Method::PATCH, "/v1/profiles/me", Some(profile)).await;
    let keyed = social.post(&ada, &json!({"text": format!("@person_{} #sea", bob.id), "photos": [photo.id]}));
    let (status, hers) = answer(keyed.header("idempotency-key", "once")).await;
    assert_eq!(status, StatusCode::CREATED);
    social.edited(&ada, &hers, json!({"text": "c"})).await;
    let comment = social.commented(&ada, &his, "d").await;
    let answered = social.commented(&bob, &comment, "e").await;
    social.posted(&bob, json!({"text": format!("@person_{}", ada.id)})).await;
    for (method, below) in [(Method::PUT, "/reactions/👍"), (Method::PUT, "/bookmark")] {
        done(&social, &ada, method, &format!("{}{below}", path(&his)), None).await;
    }
    done(&social, &bob, Method::PUT, &format!("{}/reactions/👍", path(&comment)), None).await;
    done(&social, &ada, Method::PUT, &format!("{}/pin", path(&hers)), None).await;
    done(&social, &ada, Method::PUT, "/v1/tags/sea/follow", None).await;
    for (owner, member) in [(&ada, &bob), (&bob, &ada)] {
        let (_, list) = answer(social.request(Method::POST, "/v1/timelines/lists", Some(owner)).json(&json!({"title": "a"}))).await;
        done(&social, owner, Method::PUT, &format!("/v1/timelines/lists/{}/members/{}", id(&list), member.id), None).await;
    }
    let report = Some(json!({"reason": "spam", "note": "f"}));
    done(&social, &ada, Method::POST, &format!("{}/reports", path(&his)), report.clone()).await;
    done(&social, &bob, Method::POST, &format!("{}/reports", path(&hers)), report).await;
    social.list("/v1/timelines/home", Some(&ada)).await;
    let parked = format!(
        "insert into fact_failures (producer, position, fact, attempts, error, parked_at)
         values ('photo', 0, '{{\"kind\": \"photo.changed\", \"owner\": \"{}\"}}', 10, '', now())",
        ada.id
    );
    social.plant(&[parked]).await;
    assert!(rows_of(&social, &ada).await > 16);

    erase(&social, &ada).await;
    assert_eq!(rows_of(&social, &ada).await, 0);
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
    for gone in [path(&hers), path(&comment), format!("/v1/profiles/{}", ada.id), format!("/v1/profiles?handle=person_{}", ada.id)] {
        assert_eq!(social.get(&gone, Some(&bob)).await.0, StatusCode::NOT_FOUND, "{gone}");
    }
    assert_eq!(social.get("/v1/profiles?handle=", None).await.0, StatusCode::NOT_FOUND);
    // What others said stays where it was.
    let his = social.read(&path(&his), Some(&bob)).await;
    assert_eq!((&his["comments_count"], &his["reactions"]), (&json!(0), &json!([])));
    assert_eq!(social.list(&format!("{}/comments", path(&his)), None).await, [id(&answered)]);
    assert_eq!(social.list("/v1/notifications", Some(&bob)).await, NONE);
}

#[tokio::test]
async fn a_post_that_others_answered_keeps_its_place_and_nothing_that_it_said() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    let photo = social.photos.upload(&ada, Public);
    social.follow(&bob, &ada).await;
    let post = social.posted(&ada, json!({"text": "a #sea", "content_warning": "b", "photos": [photo.id]})).await;
    let answered = social.commented(&bob, &post, "c").await;
    let own = social.commented(&ada, &answered, "d").await;
    let below = social.commented(&eve, &own, "e").await;
    done(&social, &eve, Method::PUT, &format!("{}/reactions/👍", path(&post)), None).await;
    let narrow = social.posted(&ada, json!({"text": "a", "visibility": "followers"})).await;
    let lost = social.commented(&bob, &narrow, "c").await;
    let alone = social.posted(&ada, json!({"text": "a"})).await;
    social.commented(&ada, &alone, "b").await;

    erase(&social, &ada).await;
    for who in [None, Some(&bob), Some(&eve)] {
        let left = social.read(&path(&post), who).await;
        assert_eq!((&left["text"], &left["photos"], &left["reactions"]), (&json!(""), &json!([]), &json!([])));
        assert_eq!((&left["content_warning"], &left["entities"], &left["erased"]), (&Value::Null, &json!([]), &json!(true)));
        assert_eq!(left["author"], json!({"id": ada.id, "handle": "", "display_name": ""}));
        let mut comments = social.list(&format!("{}/comments", path(&post)), who).await;
        comments.sort();
        let mut expected = [id(&answered), id(&below)];
        expected.sort_unstable();
        assert_eq!(comments, expected);
        for gone in [&own, &narrow, &lost, &alone] {
            assert_eq!(social.get(&path(gone), who).await.0, StatusCode::NOT_FOUND);
        }
        // It is on no list, and of nobody.
        let lists = ["/v1/timelines/public", "/v1/timelines/tags/sea", &format!("/v1/timelines/accounts/{}", ada.id)];
        for list in lists {
            assert_eq!(social.list(list, who).await, NONE, "{list}");
        }
    }
    // The thread goes on, and nobody is told of it who is not there.
    social.commented(&eve, &post, "f").await;
    done(&social, &eve, Method::PUT, &format!("{}/reactions/👍", path(&post)), None).await;
    assert_eq!(rows_of(&social, &ada).await, 0);
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn what_thousands_made_of_a_post_goes_in_batches() {
    let social = TestSocial::spawn().await;
    let ada = social.person();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    let (root, ada_id, crowd) = (id(&post), ada.id, "1000000 + n from generate_series(1, 2500) n");
    social
        .plant(&[
            "insert into profiles (id, handle) select 1000000 + n, 'crowd_' || n from generate_series(1, 2500) n".to_owned(),
            format!(
                "insert into posts (text, visibility, parent, root, root_author, author)
                 select 'b', 'public', {root}, {root}, {ada_id}, {crowd}"
            ),
            format!("update posts set comments_count = 2500 where id = {root}"),
            format!("insert into reactions (post, emoji, account) select {root}, '👍', {crowd}"),
            format!("insert into reaction_counts (post, emoji, count) values ({root}, '👍', 2500)"),
            format!("insert into bookmarks (post, account) select {root}, {crowd}"),
            format!("insert into notifications (account, kind, post) values ({ada_id}, 'reaction', {root})"),
            format!(
                "insert into notification_actors (notification, emoji, actor) select (select number from notifications), '👍', {crowd}"
            ),
        ])
        .await;

    erase(&social, &ada).await;
    assert_eq!(rows_of(&social, &ada).await, 0);
    for table in ["reactions", "reaction_counts", "bookmarks", "notifications", "notification_actors"] {
        assert_eq!(social.count(table).await, 0, "{table}");
    }
    let answers = "posts where root is not null and visibility = 'unlisted'";
    assert_eq!((social.count(answers).await, social.most_at_once(answers).await), (2500, 1000));
    assert_eq!(social.read(&path(&post), None).await["erased"], json!(true));
    assert_eq!(social.social.repair_counts().await.unwrap(), 0);
}

#[tokio::test]
async fn what_comes_late_of_who_is_erased_makes_no_row() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let his = social.posted(&bob, json!({"text": "a"})).await;
    erase(&social, &ada).await;

    let changed = |actor: &Person, target: &Person| {
        Fact::RelationChanged(RelationChanged { follows: true, ..RelationChanged::nothing(actor.id, target.id) })
    };
    social.tell(changed(&ada, &bob)).await;
    social.tell(changed(&bob, &ada)).await;
    for (actor, target) in [(&ada, &bob), (&bob, &ada)] {
        social.tell(Fact::RelationHappened(RelationHappened { event: RelationEvent::Followed, actor: actor.id, target: target.id })).await;
    }
    social.hide(&ada, AccountState::Active).await;
    assert_eq!(answer(social.post(&ada, &json!({"text": "b"}))).await.0, StatusCode::FORBIDDEN);
    assert_eq!(answer(social.react(Method::PUT, &ada, &his, "👍")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(social.get("/v1/timelines/home", Some(&ada)).await.0, StatusCode::FORBIDDEN);
    let mark = social.request(Method::PUT, "/v1/notifications/read", Some(&ada)).json(&json!({"up_to": id(&his)}));
    assert!(!answer(mark).await.0.is_server_error());
    assert_eq!(rows_of(&social, &ada).await, 0);
}

#[tokio::test]
async fn an_edit_names_nobody_anew_who_is_erased() {
    let social = TestSocial::spawn().await;
    let [ada, bob, eve] = [(); 3].map(|()| social.person());
    for who in [&bob, &eve] {
        social.posted(who, json!({"text": "a"})).await;
    }
    let post = social.posted(&ada, json!({"text": format!("@person_{} @person_{}", bob.id, eve.id)})).await;
    erase(&social, &bob).await;
    social.edited(&ada, &post, json!({"content_warning": "b"})).await;
    assert_eq!(rows_of(&social, &bob).await, 0);
    assert_eq!(social.count(&format!("mentions where account = {}", eve.id)).await, 1);
}

#[tokio::test]
async fn of_what_administrators_did_about_who_is_erased_no_text_is_left() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let admin = social.admin();
    let photo = social.photos.upload(&ada, Public);
    let post = social.posted(&ada, json!({"text": "a", "photos": [photo.id]})).await;
    let report = json!({"reason": "spam", "note": "b"});
    done(&social, &bob, Method::POST, &format!("{}/reports", path(&post)), Some(report)).await;
    let removal = format!("/v1/moderation/removals/{}", id(&post));
    done(&social, &admin, Method::PUT, &removal, Some(json!({"note": "c"}))).await;

    erase(&social, &ada).await;
    assert_eq!(rows_of(&social, &ada).await, 0);
    let acts = social.read(&format!("/v1/moderation/acts?account={}", ada.id), Some(&admin)).await;
    let act = &acts["items"][0];
    assert_eq!((&act["kind"], &act["note"], act.get("said")), (&json!("removed"), &json!(""), None));
    // Who reported it still reads that it was removed.
    assert_eq!(social.list("/v1/notifications", Some(&bob)).await.len(), 1);
}

#[tokio::test]
async fn who_is_erased_is_told_of_no_decision() {
    let social = TestSocial::spawn().await;
    let [ada, bob] = [(); 2].map(|()| social.person());
    let admin = social.admin();
    let post = social.posted(&ada, json!({"text": "a"})).await;
    social.commented(&bob, &post, "b").await;
    erase(&social, &ada).await;
    // Its place is left, and is removed like any post.
    let removal = format!("/v1/moderation/removals/{}", id(&post));
    done(&social, &admin, Method::PUT, &removal, Some(json!({"note": "c"}))).await;
    assert_eq!(social.get(&path(&post), None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(social.count("notifications").await, 0);
}

#[tokio::test]
async fn a_notification_stays_for_whoever_was_told_of_in_it_lately_and_goes_when_there_is_nobody() {
    let social = TestSocial::spawn().await;
    let [ada, bob, cleo, eve] = [(); 4].map(|()| social.person());
    let followed = async |who: &Person, whom: &Person| {
        social.follow(who, whom).await;
        let happened = RelationHappened { event: RelationEvent::Followed, actor: who.id, target: whom.id };
        social.tell(Fact::RelationHappened(happened)).await;
    };
    for (who, whom) in [(&ada, &bob), (&eve, &bob), (&ada, &cleo)] {
        followed(who, whom).await;
    }
    social.unfollow(&eve, &bob).await;
    erase(&social, &ada).await;
    assert_eq!(rows_of(&social, &ada).await, 0);
    assert_eq!(social.count("notifications").await, 1);
    assert_eq!(social.list("/v1/notifications", Some(&bob)).await, NONE);
    followed(&eve, &bob).await;
    assert_eq!(social.list("/v1/notifications", Some(&bob)).await.len(), 1);
}
