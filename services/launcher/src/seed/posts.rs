//! Posting, commenting, reacting.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::{Client, until_visible};
use super::error::SeedError;
use super::people::{Person, bytes};
use super::plan::{Comment, Post, Reaction};

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// Writes a post and answers its id.
pub async fn write(client: &Client, people: &[Person], photos: &[String], ordinal: usize, post: &Post) -> Result<String, SeedError> {
    let photos: Vec<&String> = post.photo.iter().map(|&n| &photos[n]).collect();
    let body = json!({ "text": post.text, "visibility": post.visibility, "photos": photos });
    let author = &people[post.author];
    let action = format!("post in the name of {}", author.handle);
    let answer = author.create(client, action, "/v1/posts", ordinal, "application/json", bytes(&body)).await?;
    Ok(answer.json::<Created>()?.id)
}

/// Comments on a post that the author of the comment may see, or will as soon as their following it is known.
pub async fn comment(client: &Client, people: &[Person], posts: &[String], ordinal: usize, comment: &Comment) -> Result<(), SeedError> {
    let body = bytes(&json!({ "text": comment.text, "parent": posts[comment.post] }));
    let author = &people[comment.author];
    until_visible(async || {
        let action = format!("comment in the name of {}", author.handle);
        author.create(client, action, "/v1/posts", ordinal, "application/json", body.clone()).await
    })
    .await?;
    Ok(())
}

/// Reacts to a post that the person may see, or will as soon as their following is known.
pub async fn react(client: &Client, people: &[Person], posts: &[String], reaction: &Reaction) -> Result<(), SeedError> {
    let person = &people[reaction.by];
    let path = format!("/v1/posts/{}/reactions/{}", posts[reaction.post], reaction.emoji);
    until_visible(async || {
        let request = person.request(client, Method::PUT, &path).await?;
        client.send(format!("react in the name of {}", person.handle), request).await
    })
    .await?;
    Ok(())
}
