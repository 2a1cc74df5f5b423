//! Whether people now see what they should, and nothing else.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Seeded;
use super::client::{Answer, Client, until_visible};
use super::error::SeedError;
use super::people::Person;
use super::pictures::Picture;
use super::plan::Plan;

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Post {
    author: Author,
    photos: Vec<Photo>,
}

#[derive(Deserialize)]
struct Author {
    id: String,
}

#[derive(Deserialize)]
struct Photo {
    id: String,
    urls: Urls,
}

#[derive(Deserialize)]
struct Urls {
    original: String,
}

/// Checks a home timeline, a search by tag and a private photo; says on standard output what held.
pub async fn run(client: &Client, plan: &Plan, pictures: &[Picture], seeded: &Seeded) -> Result<(), SeedError> {
    home_timeline(client, plan, seeded).await?;
    search_by_tag(client, plan, pictures, seeded).await?;
    private_photo(client, plan, seeded).await
}

/// The home timeline of whoever follows most people holds posts of those people only (and, as in any feed, one's own).
async fn home_timeline(client: &Client, plan: &Plan, seeded: &Seeded) -> Result<(), SeedError> {
    let mut followees = vec![Vec::new(); plan.people];
    for &(actor, target) in &plan.follows {
        followees[actor].push(target);
    }
    let reader = (0..plan.people).max_by_key(|&person| followees[person].len()).unwrap_or(0);
    let known: BTreeSet<&str> = followees[reader].iter().map(|&person| seeded.people[person].id.as_str()).collect();
    let reader = &seeded.people[reader];

    let posts: List<Post> = until_visible(async || {
        let list: List<Post> = get(client, reader, "/v1/timelines/home?limit=80").await?;
        if list.items.iter().any(|post| post.author.id != reader.id) { Ok(list) } else { Err(nothing_yet("home timeline")) }
    })
    .await?;
    if let Some(post) = posts.items.iter().find(|post| post.author.id != reader.id && !known.contains(&*post.author.id)) {
        let stranger = &post.author.id;
        return Err(SeedError::Check(format!(
            "the home timeline of {} holds a post of {stranger}, whom they do not follow",
            reader.handle
        )));
    }
    println!("check: the home timeline of {} holds {} posts, all by people they follow", reader.handle, posts.items.len());
    Ok(())
}

/// A public upload is found by its first tag.
async fn search_by_tag(client: &Client, plan: &Plan, pictures: &[Picture], seeded: &Seeded) -> Result<(), SeedError> {
    let found = plan.uploads.iter().position(|upload| !upload.private && !pictures[upload.picture].tags.is_empty());
    let n = found.ok_or_else(|| SeedError::Check("no public upload has a tag".into()))?;
    let (photo, tag) = (&seeded.photos[n], &pictures[plan.uploads[n].picture].tags[0]);
    let searcher = &seeded.people[0];
    let path = format!("/v1/photos?limit=80&tag={tag}");
    until_visible(async || {
        let list: List<Photo> = get(client, searcher, &path).await?;
        if list.items.iter().any(|item| item.id == *photo) { Ok(()) } else { Err(nothing_yet("photo search")) }
    })
    .await?;
    println!("check: the search for photos tagged {tag} finds the photo that {} uploaded", seeded.people[plan.uploads[n].owner].handle);
    Ok(())
}

/// A photo that is private and stands in a followers-only post is there for a follower, and for a stranger neither
/// the post nor the photo exists, by the follower's very URL.
async fn private_photo(client: &Client, plan: &Plan, seeded: &Seeded) -> Result<(), SeedError> {
    let (post, follower, stranger) = private_case(plan)
        .ok_or_else(|| SeedError::Check("no private upload has both a follower and a stranger: seed more people".into()))?;
    let (follower, stranger) = (&seeded.people[follower], &seeded.people[stranger]);
    let path = format!("/v1/posts/{}", seeded.posts[post]);

    let seen: Post = until_visible(async || get(client, follower, &path).await).await?;
    let url = seen.photos.first().map(|photo| &photo.urls.original);
    let url = url.ok_or_else(|| SeedError::Check(format!("{path} shows {} no photo", follower.handle)))?;
    let photo = fetch(client, follower, url).await?;
    if !photo.media_type.starts_with("image/") || photo.body.is_empty() {
        return Err(SeedError::Check(format!("{} was to see a photo and got {:?}", follower.handle, photo.media_type)));
    }
    for hidden in [&path, url] {
        match fetch(client, stranger, hidden).await {
            Err(error) if error.is(StatusCode::NOT_FOUND) => {}
            Err(error) => return Err(error),
            Ok(_) => return Err(SeedError::Check(format!("{}, a stranger, may read {hidden}", stranger.handle))),
        }
    }
    println!("check: a private photo in a followers-only post is there for {}, and not for {}", follower.handle, stranger.handle);
    Ok(())
}

/// A post that shows a private upload, with somebody who follows its author and somebody who does not.
fn private_case(plan: &Plan) -> Option<(usize, usize, usize)> {
    plan.posts.iter().enumerate().find_map(|(n, post)| {
        plan.uploads[post.photo?].private.then_some(())?;
        let follows = |person: usize| plan.follows.contains(&(person, post.author));
        let follower = (0..plan.people).find(|&person| follows(person))?;
        let stranger = (0..plan.people).find(|&person| person != post.author && !follows(person))?;
        Some((n, follower, stranger))
    })
}

async fn fetch(client: &Client, person: &Person, url: &str) -> Result<Answer, SeedError> {
    let request = person.request(client, Method::GET, url).await?;
    client.send(format!("read {url} as {}", person.handle), request).await
}

async fn get<T: DeserializeOwned>(client: &Client, person: &Person, path: &str) -> Result<T, SeedError> {
    fetch(client, person, path).await?.json()
}

/// What [`until_visible`] waits on where a list is there and what it should hold is not in it yet.
fn nothing_yet(what: &str) -> SeedError {
    SeedError::Refused {
        action: format!("find what was seeded in the {what}"),
        status: StatusCode::NOT_FOUND,
        detail: "it is not there".into(),
    }
}
