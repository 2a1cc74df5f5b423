use std::collections::BTreeMap;

use contracts::Service;
use contracts::export::{EXPORT, ExportFile, ExportPage, ExportRequest};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::albums::{self, album};
use crate::pictures::jpeg;
use crate::support::{Person, TestPhoto, answer, id, url};

/// A request of another service on the private port.
fn internal(photos: &TestPhoto, caller: Service, method: Method, path: &str) -> RequestBuilder {
    let token = photos.issuer.signer(caller).tokens_for(Service::Photo)();
    photos.http.request(method, format!("{}{path}", photos.private_url)).bearer_auth(token)
}

/// All that auth is answered, page after page.
async fn exported(photos: &TestPhoto, of: &Person) -> Vec<ExportFile> {
    let (mut files, mut after) = (Vec::new(), None);
    loop {
        let asked = ExportRequest { account: of.id, after };
        let answer = internal(photos, Service::Auth, Method::POST, EXPORT).json(&asked).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let page: ExportPage = answer.json().await.unwrap();
        files.extend(page.files);
        match page.after {
            Some(next) => after = Some(next),
            None => return files,
        }
    }
}

#[tokio::test]
async fn auth_gets_every_photo_and_album_of_somebody() {
    let photos = TestPhoto::spawn().await;
    let (ada, bob) = (photos.person(), photos.person());
    let mut hers = Vec::new();
    for (seed, visibility) in [(1, "public"), (2, "private")] {
        hers.push(photos.keep(&ada, jpeg(60, 40, seed), &[("visibility", visibility), ("alt", "A pier")]).await);
    }
    let his = photos.keep(&bob, jpeg(60, 40, 3), &[("visibility", "public")]).await;
    let piers = album(&photos, &ada, "Piers", "private").await;
    let put = format!("{}/photos/{}", albums::path(&piers), id(&hers[1]));
    assert_eq!(photos.send(Method::PUT, &put, Some(&ada), &json!({})).await.0, StatusCode::NO_CONTENT);
    photos.shows(&ada, "post:17", &[&his]).await;

    let (mut said, mut bytes): (BTreeMap<String, Value>, BTreeMap<String, Vec<u8>>) = Default::default();
    for file in exported(&photos, &ada).await {
        match file {
            ExportFile::Json { name, contents } => said.extend([(name, contents)]),
            ExportFile::Text { name, .. } => panic!("photo has no texts: {name}"),
            ExportFile::Bytes { name, path, size } => {
                let original = internal(&photos, Service::Auth, Method::GET, &path).send().await.unwrap();
                assert_eq!(original.headers()["content-length"], size.to_string().as_str(), "{name}");
                let original = original.bytes().await.unwrap().to_vec();
                assert_eq!(original.len() as u64, size);
                bytes.extend([(name, original)]);
            }
        }
    }
    let uses: Vec<Value> = said.iter().filter(|(name, _)| name.starts_with("uses/")).map(|(_, contents)| contents.clone()).collect();
    said.retain(|name, _| !name.starts_with("uses/"));
    assert_eq!((&uses[0][0]["photo"], &uses[0][0]["source"], uses.len()), (&his["id"], &json!("post:17"), 1));
    let mut expected = BTreeMap::new();
    for photo in &hers {
        expected.insert(format!("photos/{}.json", id(photo)), photo.clone());
        let original = photos.get(url(photo, "original"), Some(&ada)).await.bytes().await.unwrap().to_vec();
        assert_eq!(bytes.remove(&format!("photos/{}.jpeg", id(photo))), Some(original));
    }
    let of_album = photos.json(&albums::path(&piers), Some(&ada)).await;
    let name = format!("albums/{}.json", piers["id"].as_str().unwrap());
    expected.insert(name, json!({"album": of_album, "photos": [hers[1]["id"]]}));
    assert_eq!(said, expected);
    assert!(bytes.is_empty(), "more than hers: {:?}", bytes.keys());
}

#[tokio::test]
async fn many_photos_are_exported_in_pages_without_a_gap() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = photos.keep(&ada, jpeg(60, 40, 1), &[]).await;
    let many = "insert into photos (owner, blob, key, visibility, title, alt, tags, license, credit, words)
                select owner, blob, lpad(n::text, 22, 'A'), visibility, title, alt, tags, license, credit, words
                from photos cross join generate_series(1, 120) n";
    sqlx::query(many).execute(&photos.db.superuser_pool(Service::Photo)).await.unwrap();
    let files = exported(&photos, &ada).await;
    let bytes = files.iter().filter(|file| matches!(file, ExportFile::Bytes { .. })).count();
    assert_eq!((files.len(), bytes), (242, 121), "{photo}");
}

#[tokio::test]
async fn nobody_but_auth_gets_it() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let photo = photos.keep(&ada, jpeg(60, 40, 1), &[]).await;
    let original = format!("/internal/export/photos/{}", id(&photo));
    for (caller, expected) in [(Service::Auth, StatusCode::OK), (Service::Social, StatusCode::FORBIDDEN)] {
        let asked = ExportRequest { account: ada.id, after: None };
        assert_eq!(answer(internal(&photos, caller, Method::POST, EXPORT).json(&asked)).await.0, expected, "{caller}");
        assert_eq!(internal(&photos, caller, Method::GET, &original).send().await.unwrap().status(), expected, "{caller}");
    }
    assert_eq!(photos.get(&original, Some(&ada)).await.status(), StatusCode::NOT_FOUND, "it is not public");
}
