use contracts::Service;
use contracts::photo::{USABLE, UsableRequest};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::pictures::jpeg;
use crate::store::BUCKET;
use crate::support::{Person, TestPhoto, id, path, problem, url};

const NOWHERE: &str = "/p/AAAAAAAAAAAAAAAAAAAAAA/original";

/// Every way to ask for a picture's bytes must be answered as if there were none.
async fn assert_invisible(photos: &TestPhoto, photo: &Value, who: Option<&Person>) {
    let nothing = problem(photos.get(NOWHERE, None).await).await;
    for variant in ["original", "large", "small", "thumb"] {
        let address = url(photo, variant);
        let ask = |method: Method| photos.request(method, address, who);
        for asked in [
            ask(Method::GET),
            ask(Method::GET).header("range", "bytes=0-9"),
            ask(Method::GET).header("range", "bytes=999999999-"),
            ask(Method::GET).header("if-none-match", "*"),
        ] {
            assert_eq!(problem(asked.send().await.unwrap()).await, nothing, "{variant}");
        }
        let head = ask(Method::HEAD).header("if-none-match", "*").send().await.unwrap();
        assert_eq!(head.status(), StatusCode::NOT_FOUND, "{variant}");
        assert!(!head.headers().contains_key("etag"));
    }
}

#[tokio::test]
async fn a_private_photo_is_invisible_to_strangers() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;

    assert_invisible(&photos, &photo, None).await;
    assert_invisible(&photos, &photo, Some(&eve)).await;
    let path = format!("/v1/photos/{}", id(&photo));
    for who in [None, Some(&eve)] {
        assert_eq!(photos.get(&path, who).await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn its_owner_sees_a_private_photo() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;

    let answer = photos.get(url(&photo, "large"), Some(&ada)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "private, no-cache");
    let etag = answer.headers()["etag"].clone();
    let again = photos.request(Method::GET, url(&photo, "large"), Some(&ada)).header("if-none-match", etag);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn making_a_photo_private_ends_its_addresses() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let before = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "public")]).await;
    let path = format!("/v1/photos/{}", id(&before));

    let change = photos.request(Method::PATCH, &path, Some(&ada)).json(&json!({"visibility": "private"}));
    let answer = change.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let after: Value = answer.json().await.unwrap();
    assert_ne!(after["key"], before["key"]);

    // The old address is gone for everybody, and the new one is there for its owner.
    assert_invisible(&photos, &before, Some(&ada)).await;
    assert_invisible(&photos, &before, None).await;
    assert_invisible(&photos, &after, Some(&eve)).await;
    assert_eq!(photos.get(url(&after, "thumb"), Some(&ada)).await.status(), StatusCode::OK);

    // And back: an address that was never public may become so.
    let change = photos.request(Method::PATCH, &path, Some(&ada)).json(&json!({"visibility": "public"}));
    let public: Value = change.send().await.unwrap().json().await.unwrap();
    assert_eq!(public["key"], after["key"]);
    assert_eq!(photos.get(url(&public, "thumb"), None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn nobody_changes_anothers_photo() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(50, 50, 1), &[("visibility", "public")]).await;
    let path = format!("/v1/photos/{}", id(&photo));

    let change = |who| photos.request(Method::PATCH, &path, who).json(&json!({"alt": "mine now"}));
    assert_eq!(change(None).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(change(Some(&eve)).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let delete = photos.request(Method::DELETE, &path, Some(&eve));
    assert_eq!(delete.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.json(&path, None).await, photo);
}

#[tokio::test]
async fn a_change_says_only_what_there_is() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = photos.keep(&ada, jpeg(50, 50, 1), &[("alt", "before"), ("tags", "a,b")]).await;
    let path = format!("/v1/photos/{}", id(&photo));
    let change = async |body: Value| photos.request(Method::PATCH, &path, Some(&ada)).json(&body).send().await.unwrap();

    let changed: Value = change(json!({"alt": "after"})).await.json().await.unwrap();
    assert_eq!((&changed["alt"], &changed["tags"]), (&json!("after"), &json!(["a", "b"])));
    for wrong in [json!({"owner": "account:1"}), json!({"visibility": "friends"}), json!({"tags": ["two words"]})] {
        assert_eq!(change(wrong.clone()).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn social_learns_which_photos_a_person_may_show() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    let public = photos.keep(&ada, jpeg(50, 50, 1), &[("visibility", "public"), ("alt", "A square")]).await;
    let private = photos.keep(&ada, jpeg(50, 50, 2), &[("visibility", "private")]).await;
    let ask = async |caller: Service, author: &Person| {
        let token = photos.issuer.signer(caller).tokens_for(Service::Photo)();
        let asked = UsableRequest { author: author.id, photos: vec![id(&private), id(&public)] };
        let request = photos.http.post(format!("{}{USABLE}", photos.private_url)).bearer_auth(token);
        request.json(&asked).send().await.unwrap()
    };

    let own: Value = ask(Service::Social, &ada).await.json().await.unwrap();
    let ids: Vec<&Value> = own["photos"].as_array().unwrap().iter().map(|photo| &photo["id"]).collect();
    assert_eq!(ids, [&private["id"], &public["id"]]);

    let others: Value = ask(Service::Social, &eve).await.json().await.unwrap();
    let [usable] = others["photos"].as_array().unwrap().as_slice() else { panic!("{others}") };
    assert_eq!(usable["id"], public["id"]);
    assert_eq!((&usable["key"], &usable["alt"]), (&public["key"], &json!("A square")));

    assert_eq!(ask(Service::Relation, &ada).await.status(), StatusCode::FORBIDDEN);
    let anonymous = photos.http.post(format!("{}{USABLE}", photos.private_url)).json(&json!({"author": "1", "photos": []}));
    assert_eq!(anonymous.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_bucket_itself_tells_nobody_anything() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (seed, visibility) in [(1, "public"), (2, "private")] {
        photos.keep(&ada, jpeg(50, 50, seed), &[("visibility", visibility)]).await;
    }
    let bucket = format!("{}/{BUCKET}", photos.store.endpoint);
    let objects = photos.store.objects();
    let addresses = objects.keys().map(|key| format!("{bucket}/{key}"));
    for address in addresses.chain([bucket.clone(), format!("{bucket}?list-type=2")]) {
        for method in [Method::GET, Method::HEAD, Method::DELETE, Method::PUT] {
            let status = photos.http.request(method.clone(), &address).send().await.unwrap().status();
            assert!(!status.is_success(), "{method} {address}: {status}");
        }
    }
    assert_eq!(photos.store.objects(), objects);
}

#[tokio::test]
async fn a_bucket_that_shows_itself_to_anybody_is_noticed() {
    let photos = TestPhoto::spawn().await;
    let listed = async || {
        let list = photos.http.get(format!("{}/{BUCKET}?list-type=2", photos.store.endpoint)).send().await.unwrap();
        (list.status().is_success(), list.text().await.unwrap().contains("blobs/"))
    };
    for kept in [0, 1] {
        assert!(!photos.service.is_exposed().await.unwrap(), "with {kept} photos");
        photos.store.set_open(true);
        assert_eq!(listed().await, (true, kept > 0), "what the check is about");
        assert!(photos.service.is_exposed().await.unwrap(), "with {kept} photos");
        photos.store.set_open(false);
        photos.keep(&photos.person(), jpeg(50, 50, 1), &[("visibility", "private")]).await;
    }
    // One that does not answer is neither open nor closed.
    photos.store.set_down(true);
    assert!(photos.service.is_exposed().await.is_err());
}

#[tokio::test]
async fn after_deletion_every_address_leads_nowhere() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    for visibility in ["public", "private"] {
        let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", visibility)]).await;
        let grant = photos.grant(&photo, &ada, &bob);
        let delete = photos.request(Method::DELETE, &path(&photo), Some(&ada));
        assert_eq!(delete.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        for who in [None, Some(&ada), Some(&bob)] {
            assert_invisible(&photos, &photo, who).await;
        }
        let granted = photos.get(&format!("{}?grant={grant}", url(&photo, "thumb")), Some(&bob)).await;
        assert_eq!(granted.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_grant_opens_no_other_way_in() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob, eve) = (photos.person(), photos.person(), photos.person());
    let photo = photos.keep(&ada, jpeg(500, 300, 1), &[("visibility", "private")]).await;
    let grant = photos.grant(&photo, &ada, &bob);
    for variant in ["original", "large", "small", "thumb"] {
        let address = format!("{}?grant={grant}", url(&photo, variant));
        for method in [Method::GET, Method::HEAD] {
            for header in [("range", "bytes=0-9"), ("if-none-match", "*"), ("if-range", "\"x\"")] {
                let ask = |who| photos.request(method.clone(), &address, who).header(header.0, header.1);
                assert!(ask(Some(&bob)).send().await.unwrap().status() != StatusCode::NOT_FOUND, "{variant} {header:?}");
                for who in [None, Some(&eve)] {
                    assert_eq!(ask(who).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{variant} {header:?}");
                }
            }
        }
        let whole = photos.get(&address, Some(&bob)).await;
        assert_eq!(whole.headers()["cache-control"], "private, no-cache");
    }
    // It shows the picture, and not what is said of it.
    let described = photos.get(&format!("{}?grant={grant}", path(&photo)), Some(&bob)).await;
    assert_eq!(described.status(), StatusCode::NOT_FOUND);
    assert_eq!(photos.usable(&bob, &[&photo]).await, Vec::<Value>::new());
}
