use std::collections::HashSet;

use contracts::Service;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::answers::{answer, done};
use crate::support::{Person, TestRelation};

/// One page: whom it lists, and the addresses of the pages after and before it.
struct Page {
    ids: Vec<String>,
    next: Option<String>,
    prev: Option<String>,
}

async fn page(relation: &TestRelation, address: &str) -> Page {
    let answer = relation.request(Method::GET, address, None).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{address}");
    let links = answer.headers().get("link").map(|links| links.to_str().unwrap().to_owned()).unwrap_or_default();
    let link = |rel: &str| {
        let link = links.split(", ").find(|link| link.ends_with(&format!("rel=\"{rel}\"")))?;
        Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned())
    };
    let (next, prev) = (link("next"), link("prev"));
    let body: Value = answer.json().await.unwrap();
    let ids = body["items"].as_array().unwrap().iter().map(|person| person["id"].as_str().unwrap().to_owned());
    Page { ids: ids.collect(), next, prev }
}

fn list(person: &Person, list: &str, limit: usize) -> String {
    format!("/v1/relations/{}/{list}?limit={limit}", person.id)
}

fn ids<'a>(people: impl IntoIterator<Item = &'a Person>) -> Vec<String> {
    people.into_iter().map(|person| person.id.to_string()).collect()
}

/// Somebody and those who follow them, the newest first.
async fn star(relation: &TestRelation, followers: usize) -> (Person, Vec<Person>) {
    let star = relation.person();
    let mut fans: Vec<Person> = (0..followers).map(|_| relation.person()).collect();
    done(fans.iter().map(|fan| relation.follow(fan, &star))).await;
    fans.reverse();
    (star, fans)
}

#[tokio::test]
async fn pages_never_skip_or_repeat() {
    let relation = TestRelation::spawn().await;
    let (star, fans) = star(&relation, 23).await;
    done(fans.iter().rev().map(|fan| relation.follow(&star, fan))).await;
    for name in ["followers", "following"] {
        for limit in [1, 7, 22, 23, 80] {
            let (mut seen, mut address) = (Vec::new(), Some(list(&star, name, limit)));
            while let Some(next) = address {
                let page = page(&relation, &next).await;
                assert_eq!(page.ids.len(), limit.min(23 - seen.len()), "{name} by {limit}");
                seen.extend(page.ids);
                address = page.next;
            }
            assert_eq!(seen, ids(&fans), "{name} by {limit}");
        }
    }
}

#[tokio::test]
async fn pages_go_back_as_they_came() {
    let relation = TestRelation::spawn().await;
    let (star, fans) = star(&relation, 11).await;
    let mut last = page(&relation, &list(&star, "followers", 4)).await;
    while let Some(next) = &last.next {
        last = page(&relation, next).await;
    }
    let (mut seen, mut address) = (last.ids, last.prev.unwrap());
    loop {
        let page = page(&relation, &address).await;
        if page.ids.is_empty() {
            break;
        }
        seen = [page.ids, seen].concat();
        address = page.prev.unwrap();
    }
    assert_eq!(seen, ids(&fans));
}

#[tokio::test]
async fn who_comes_and_goes_meanwhile_moves_nobody_else() {
    let relation = TestRelation::spawn().await;
    let (star, fans) = star(&relation, 12).await;
    let first = page(&relation, &list(&star, "followers", 5)).await;
    let late = relation.person();
    done([relation.follow(&late, &star), relation.unfollow(&fans[1], &star), relation.unfollow(&fans[7], &star)]).await;

    let mut seen = first.ids;
    let mut address = first.next;
    while let Some(next) = address {
        let page = page(&relation, &next).await;
        seen.extend(page.ids);
        address = page.next;
    }
    let expected: Vec<String> = ids(fans.iter().enumerate().filter(|(index, _)| *index != 7).map(|(_, fan)| fan));
    assert_eq!(seen, expected);

    // Whoever keeps the first page open finds who came since, once.
    let newer = page(&relation, &first.prev.unwrap()).await;
    assert_eq!(newer.ids, ids([&late]));
    let nobody = page(&relation, &newer.prev.unwrap()).await;
    assert_eq!(nobody.ids, ids([]));
    let later = relation.person();
    done([relation.follow(&later, &star)]).await;
    assert_eq!(page(&relation, &nobody.prev.unwrap()).await.ids, ids([&later]));
}

#[tokio::test]
async fn a_page_has_twenty_unless_asked_and_eighty_at_the_most() {
    let relation = TestRelation::spawn().await;
    let (star, _) = star(&relation, 21).await;
    let whole = page(&relation, &format!("/v1/relations/{}/followers", star.id)).await;
    assert_eq!(whole.ids.iter().collect::<HashSet<_>>().len(), 20);
    for query in ["limit=0", "limit=81", "limit=-1", "limit=many", "before=yesterday", "after=%00", "before=9&after=1"] {
        let address = format!("/v1/relations/{}/followers?{query}", star.id);
        assert_eq!(answer(relation.request(Method::GET, &address, None)).await.0, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn whoever_is_blocked_finds_an_empty_list_as_of_an_id_that_is_nobodys() {
    let relation = TestRelation::spawn().await;
    let (star, fans) = star(&relation, 2).await;
    relation.befriend(&star, &fans[1]).await;
    done([relation.follow(&star, &fans[1]), relation.block(&star, &fans[0])]).await;
    for name in ["followers", "following", "friends"] {
        assert_eq!(page(&relation, &list(&star, name, 5)).await.ids, ids([&fans[1]]), "{name}");
        let of = async |who: &Person| relation.ids(&list(&star, name, 5), Some(who)).await;
        assert_eq!(of(&fans[0]).await, [], "{name}");
        assert_eq!(of(&star).await, [fans[1].id], "{name}");
    }
    // Neither does whoever blocks.
    done([relation.block(&fans[1], &star)]).await;
    assert_eq!(relation.ids(&list(&star, "followers", 5), Some(&fans[1])).await, []);
}

#[tokio::test]
async fn whom_a_block_severs_is_left_out_and_the_page_is_full_all_the_same() {
    let relation = TestRelation::spawn().await;
    let (star, fans) = star(&relation, 9).await;
    let reader = relation.person();
    done([relation.block(&reader, &fans[0]), relation.block(&fans[2], &reader), relation.block(&reader, &fans[4])]).await;
    let seen = relation.ids(&list(&star, "followers", 4), Some(&reader)).await;
    assert_eq!(seen, [1, 3, 5, 6].map(|nth: usize| fans[nth].id));
    assert_eq!(page(&relation, &list(&star, "followers", 80)).await.ids.len(), 9);
}

#[tokio::test]
async fn a_list_full_of_people_who_are_hidden_is_read_in_pages_that_hold_few() {
    let relation = TestRelation::spawn().await;
    let (star, fans) = star(&relation, 5).await;
    // All of whom follow later than the first two of them.
    let pool = relation.db.superuser_pool(Service::Relation);
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    for statement in [
        "insert into hidden_accounts (account) select 1000000 + n from generate_series(1, 2500) n",
        // The places of the two oldest stay the lowest, and those of the others become the highest.
        "insert into follows (actor, target) select 1000000 + n, $star from generate_series(1, 2500) n",
        "update follows set id = next_id('follows') where target = $star and actor in ($young)",
    ] {
        let young = ids(&fans[..3]).join(", ");
        let statement = statement.replace("$star", &star.id.to_string()).replace("$young", &young);
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();

    let first = list(&star, "followers", 4);
    let (mut seen, mut down, mut address) = (Vec::new(), Vec::new(), Some(first.clone()));
    while let Some(next) = address {
        let page = page(&relation, &next).await;
        down.push(page.ids.len());
        seen.extend(page.ids);
        address = page.next;
    }
    // Of the first 1,000 three are shown, of the next none, and then those who are left.
    assert_eq!(down, [3, 0, 2]);
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(seen.clone()), sorted(ids(&fans)));
    assert_eq!(seen[3..], ids(&fans[3..]));

    // And up again, as somebody does who kept the page of the oldest.
    let lowest = "select min(id) from follows where target = $1";
    let lowest: i64 = sqlx::query_scalar(lowest).bind(star.id).fetch_one(&pool).await.unwrap();
    let (mut up, mut address) = (Vec::new(), format!("{first}&after={lowest}"));
    loop {
        let page = page(&relation, &address).await;
        up = [page.ids, up].concat();
        match page.prev {
            Some(prev) if prev != address => address = prev,
            _ => break,
        }
    }
    assert_eq!(up, seen[..4]);
}

#[tokio::test]
async fn own_lists_are_for_their_owner_alone() {
    let relation = TestRelation::spawn().await;
    let ada = relation.person();
    for name in
        ["follow-requests", "follow-requests/sent", "friend-requests", "friend-requests/sent", "matches", "blocks", "mutes", "suggestions"]
    {
        let path = format!("/v1/relations/{name}");
        assert_eq!(answer(relation.request(Method::GET, &path, None)).await.0, StatusCode::UNAUTHORIZED, "{name}");
        assert_eq!(relation.get(&path, Some(&ada)).await["items"], serde_json::json!([]), "{name}");
    }
}
