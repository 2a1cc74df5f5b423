//! Rings of home timelines, while what is in them changes.

use contracts::Service;
use reqwest::Method;

use crate::answers::{ids, link};
use crate::home::{HOME, all_delivered, post, write};
use crate::support::TestSocial;

#[tokio::test]
async fn scrolling_skips_nothing_when_a_read_trims_the_ring() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    write(&pool, &ada, 1_200).await;
    all_delivered(&social).await;
    social.read(HOME, Some(&reader)).await;
    let expected = write(&pool, &ada, 99).await;
    all_delivered(&social).await;
    assert_eq!(social.count("home_entries").await, 899, "the next arrival trims");
    let (mut seen, mut next) = (Vec::new(), format!("{HOME}?limit=80"));
    while seen.len() < 880 {
        let page = social.request(Method::GET, &next, Some(&reader)).send().await.unwrap();
        next = link(&page, "next").unwrap();
        seen.extend(ids(&page.json().await.unwrap()));
    }
    // One's own post is looked for by the next read, which then finds that the reader stands below the ring.
    post(&social, &reader).await;
    seen.extend(social.list(&next, Some(&reader)).await);
    assert_eq!(seen, expected);
    assert_eq!(social.count("home_entries").await, 800);
}

#[tokio::test]
async fn a_poll_whose_own_read_trims_the_ring_misses_nothing() {
    let social = TestSocial::spawn().await;
    let pool = social.db.superuser_pool(Service::Social);
    let (reader, ada) = (social.person(), social.person());
    post(&social, &ada).await;
    social.follow(&reader, &ada).await;
    write(&pool, &ada, 800).await;
    all_delivered(&social).await;
    let first = social.request(Method::GET, HOME, Some(&reader)).send().await.unwrap();
    let prev = link(&first, "prev").unwrap().replace("after=", "limit=80&after=");
    let mut expected = write(&pool, &ada, 899).await;
    all_delivered(&social).await;
    // Before it, all that came since is remembered; with it, a hundred of that are not.
    expected.insert(0, post(&social, &reader).await);
    assert_eq!(social.list(&prev, Some(&reader)).await, expected);
}
