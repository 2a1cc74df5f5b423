use contracts::Service;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::pictures::{flat, jpeg};
use crate::support::{Person, TestPhoto, id, path};

async fn titles(photos: &TestPhoto, query: &str, who: Option<&Person>) -> Vec<String> {
    let found = photos.json(&format!("/v1/photos?{query}"), who).await;
    let title = |photo: &Value| photo["title"].as_str().expect("a title").to_owned();
    found["items"].as_array().unwrap_or_else(|| panic!("{found}")).iter().map(title).collect()
}

#[tokio::test]
async fn photos_are_found_by_tag_and_by_the_beginning_of_words() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let public = ("visibility", "public");
    photos.keep(&ada, jpeg(40, 40, 1), &[public, ("title", "Pier"), ("alt", "A long pier at dusk"), ("tags", "sea,dusk")]).await;
    photos.keep(&ada, jpeg(40, 40, 2), &[public, ("title", "Harbor"), ("alt", "Boats"), ("tags", "sea")]).await;
    photos.keep(&ada, jpeg(40, 40, 3), &[public, ("title", "Größe"), ("alt", "A scale")]).await;

    assert_eq!(titles(&photos, "tag=sea", None).await, ["Harbor", "Pier"]);
    assert_eq!(titles(&photos, "tag=%23Dusk", None).await, ["Pier"]);
    assert_eq!(titles(&photos, "q=pie+dus", None).await, ["Pier"]);
    assert_eq!(titles(&photos, "q=boat", None).await, ["Harbor"]);
    assert_eq!(titles(&photos, "q=sea", None).await, ["Harbor", "Pier"], "a tag is a word too");
    assert_eq!(titles(&photos, "q=gr%C3%B6", None).await, ["Größe"]);
    assert_eq!(titles(&photos, "q=sea&tag=dusk", None).await, ["Pier"]);
    assert_eq!(titles(&photos, "q=airplane", None).await, [""; 0]);
    assert_eq!(titles(&photos, &format!("owner=account:{}", ada.id), None).await.len(), 3);
}

#[tokio::test]
async fn a_search_finds_nobodys_private_photos() {
    let photos = TestPhoto::spawn().await;
    let (ada, eve) = (photos.person(), photos.person());
    photos.keep(&ada, jpeg(40, 40, 1), &[("title", "Hidden"), ("tags", "sea")]).await;

    let of_ada = format!("owner=account:{}", ada.id);
    for query in ["", "tag=sea", "q=hidden", of_ada.as_str()] {
        for who in [None, Some(&eve)] {
            assert_eq!(titles(&photos, query, who).await, [""; 0], "{query}");
        }
    }
    // Not even her own, unless she asks for her own.
    assert_eq!(titles(&photos, "tag=sea", Some(&ada)).await, [""; 0]);
    assert_eq!(titles(&photos, "owner=me&tag=sea", Some(&ada)).await, ["Hidden"]);
    assert_eq!(titles(&photos, "owner=me", Some(&eve)).await, [""; 0]);
}

#[tokio::test]
async fn pages_lead_through_the_whole_list_and_back() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for n in 0..5 {
        photos.keep(&ada, jpeg(40, 40, n), &[("visibility", "public"), ("title", n.to_string().as_str())]).await;
    }
    pages(&photos, "/v1/photos?limit=2", ["4", "3", "2", "1", "0"]).await;
}

/// Goes through five photos, two a page, and back.
async fn pages(photos: &TestPhoto, start: &str, order: [&str; 5]) {
    let page = async |path: &str| {
        let answer = photos.get(path, None).await;
        let links = answer.headers().get("link").map_or("", |links| links.to_str().unwrap()).to_owned();
        let body: Value = answer.json().await.unwrap();
        let titles: Vec<String> =
            body["items"].as_array().unwrap().iter().map(|photo| photo["title"].as_str().unwrap().to_owned()).collect();
        (titles, links)
    };
    let follow = |links: &str, rel: &str| {
        let link = links.split(", ").find(|link| link.ends_with(&format!("rel=\"{rel}\"")))?;
        Some(link.split_once('<')?.1.split_once('>')?.0.to_owned())
    };

    let (first, links) = page(start).await;
    let (second, links) = page(&follow(&links, "next").unwrap()).await;
    let (third, last_links) = page(&follow(&links, "next").unwrap()).await;
    assert_eq!([first.clone(), second, third].concat(), order);
    assert_eq!(follow(&last_links, "next"), None);
    let (back, _) = page(&follow(&links, "prev").unwrap()).await;
    assert_eq!(back, first);
}

#[tokio::test]
async fn a_search_that_means_nothing_is_refused() {
    let photos = TestPhoto::spawn().await;
    for (query, status) in [
        ("q=%21%21", StatusCode::BAD_REQUEST),
        ("owner=nobody", StatusCode::BAD_REQUEST),
        ("owner=me", StatusCode::UNAUTHORIZED),
        ("tag=two+words", StatusCode::UNPROCESSABLE_ENTITY),
        ("limit=0", StatusCode::BAD_REQUEST),
        ("sort=oldest", StatusCode::BAD_REQUEST),
        ("license=MIT", StatusCode::BAD_REQUEST),
        ("orientation=round", StatusCode::BAD_REQUEST),
        ("color=%23ff0000", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(photos.get(&format!("/v1/photos?{query}"), None).await.status(), status, "{query}");
    }
}

#[tokio::test]
async fn words_are_found_without_their_accents_and_with_typing_errors() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let public = ("visibility", "public");
    photos.keep(&ada, jpeg(40, 40, 1), &[public, ("title", "Sunset at the pier"), ("tags", "evening")]).await;
    photos.keep(&ada, jpeg(40, 40, 2), &[public, ("title", "Café"), ("alt", "Mountains behind a café")]).await;
    photos.keep(&ada, jpeg(40, 40, 3), &[("title", "Mountebank")]).await;

    for (query, found) in [
        ("q=sunzet", "Sunset at the pier"),
        ("q=sunzet+pier", "Sunset at the pier"),
        ("q=evenning", "Sunset at the pier"),
        ("q=mountian", "Café"),
        ("q=cafe", "Café"),
        ("q=CAF%C3%89", "Café"),
    ] {
        assert_eq!(titles(&photos, query, None).await, [found], "{query}");
    }
    // Each word must be there, and one that is there is not stretched.
    for query in ["q=sunzet+mountain", "q=pie+cafe", "q=xylophone"] {
        assert_eq!(titles(&photos, query, None).await, [""; 0], "{query}");
    }
    // What is private lends its words to nobody.
    assert!(!titles(&photos, "q=mountebank", None).await.contains(&"Mountebank".to_owned()));
    assert!(titles(&photos, "owner=me&q=mounte", Some(&ada)).await.contains(&"Mountebank".to_owned()));
}

#[tokio::test]
async fn a_short_word_is_found_with_one_typing_error() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    for (seed, title) in (1..).zip(["House", "Beach", "Train", "Boat", "Pier"]) {
        photos.keep(&ada, jpeg(40, 40, seed), &[("visibility", "public"), ("title", title)]).await;
    }
    photos.keep(&ada, jpeg(40, 40, 6), &[("title", "Diary")]).await;
    for (typed, found) in
        [("huose", "House"), ("baech", "Beach"), ("tarin", "Train"), ("baot", "Boat"), ("piar", "Pier"), ("pierr", "Pier")]
    {
        assert_eq!(titles(&photos, &format!("q={typed}"), None).await, [found], "{typed}");
    }
    // Not with two, not with another first letter, and not a word that is private.
    for typed in ["hoosa", "nier", "dairy", "huose+beach"] {
        assert_eq!(titles(&photos, &format!("q={typed}"), None).await, [""; 0], "{typed}");
    }
}

#[tokio::test]
async fn photos_are_found_by_license_orientation_and_color() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let red = [220, 20, 30];
    for (title, file, license) in [
        ("wide", flat(40, 20, red), "CC0-1.0"),
        ("high", flat(20, 40, [30, 80, 220]), "CC-BY-4.0"),
        ("square", flat(30, 30, red), "all-rights-reserved"),
    ] {
        photos.keep(&ada, file, &[("visibility", "public"), ("title", title), ("license", license)]).await;
    }
    photos.keep(&ada, flat(50, 20, red), &[("title", "hidden"), ("license", "CC0-1.0")]).await;

    for (query, found) in [
        ("license=CC0-1.0", vec!["wide"]),
        ("license=all-rights-reserved", vec!["square"]),
        ("orientation=landscape", vec!["wide"]),
        ("orientation=portrait", vec!["high"]),
        ("orientation=square", vec!["square"]),
        ("color=red", vec!["square", "wide"]),
        ("color=Blue", vec!["high"]),
        ("color=red&orientation=landscape&license=CC0-1.0", vec!["wide"]),
        ("color=green", vec![]),
    ] {
        assert_eq!(titles(&photos, query, None).await, found, "{query}");
    }
    assert_eq!(titles(&photos, "owner=me&color=red&license=CC0-1.0", Some(&ada)).await, ["hidden", "wide"]);
}

#[tokio::test]
async fn the_most_used_come_first_where_that_is_asked_for() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let people = [(); 3].map(|()| photos.person());
    let mut made = Vec::new();
    for n in 0..5 {
        let title = n.to_string();
        made.push(photos.keep(&ada, jpeg(40, 40, n), &[("visibility", "public"), ("title", title.as_str())]).await);
    }
    for (photo, users) in [(1, 3), (4, 1), (0, 1)] {
        for person in &people[..users] {
            photos.shows(person, &format!("post:{photo}"), &[&made[photo]]).await;
        }
    }
    pages(&photos, "/v1/photos?sort=most_used&limit=2", ["1", "4", "0", "3", "2"]).await;
    // The most used of all is no longer public: found by nobody, and not counted.
    let private = photos.change(&ada, &made[1], json!({"visibility": "private"})).await;
    assert_eq!(private["uses"], 0);
    assert_eq!(titles(&photos, "sort=most_used", None).await, ["4", "0", "3", "2"]);
    assert_eq!(photos.json(&path(&made[4]), None).await["uses"], 1);
}

#[tokio::test]
async fn a_search_for_few_among_many_goes_on_where_it_stopped_looking() {
    let photos = TestPhoto::spawn().await;
    let ada = photos.person();
    let wanted = photos.keep(&ada, flat(40, 20, [220, 20, 30]), &[("visibility", "public"), ("title", "wanted")]).await;
    let other = photos.keep(&ada, flat(40, 20, [30, 80, 220]), &[]).await;
    // More than are looked at for one page, all of them newer, and used by somebody.
    let crowd = "insert into photos (owner, blob, key, visibility, title, alt, tags, license, credit, uses, words)
                 select owner, blob, lpad(n::text, 22, 'A'), 'public', '', '', '{}'::text[], license, '', 1, '{}'::text[]
                 from photos cross join generate_series(1, 5100) n where photos.id = $1";
    sqlx::query(crowd).bind(id(&other).0).execute(&photos.db.superuser_pool(Service::Photo)).await.unwrap();

    for query in ["color=red", "color=red&sort=most_used"] {
        let first = photos.get(&format!("/v1/photos?{query}"), None).await;
        let links = first.headers()["link"].to_str().unwrap().to_owned();
        assert_eq!(first.json::<Value>().await.unwrap()["items"], json!([]), "{query}");
        let next = |link: &str| Some(link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?.to_owned());
        let next = links.split(", ").find_map(next).expect("a next page");
        assert_eq!(photos.json(&next, None).await["items"][0]["id"], wanted["id"], "{query}");
    }
    // Among one's own, and what has a rare word, all are found at once.
    for (query, who) in [("color=red&owner=me", Some(&ada)), ("color=red&q=wanted", None)] {
        assert_eq!(titles(&photos, query, who).await, ["wanted"], "{query}");
    }
}
