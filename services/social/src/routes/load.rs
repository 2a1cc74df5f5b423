//! From ids to posts as a viewer sees them, in three statements however many there are.

use std::collections::HashMap;

use contracts::photo::PhotoVisibility;
use contracts::{AccountId, PostId};
use identity::{AsOf, PhotoGrant, ServiceSigner};
use serving::{Problem, Result};
use sqlx::PgConnection;

use super::bodies::{Author, NamedEmoji, Photo, Post, Reaction, made_at, thumb};
use crate::State;
use crate::store::{photos, posts, reactions};

/// The posts among `ids` that the viewer may see, in the order of `ids`.
pub(super) async fn posts(
    connection: &mut PgConnection,
    signer: &ServiceSigner,
    viewer: Option<AccountId>,
    ids: &[i64],
) -> Result<Vec<Post>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = posts::by_ids(connection, viewer, ids).await?;
    let places: HashMap<i64, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    found.sort_unstable_by_key(|post| places.get(&post.id.0).copied());
    let ids: Vec<i64> = found.iter().map(|post| post.id.0).collect();
    // One statement has found them, so they say the same.
    let as_of = found.first().map_or(AsOf { relation: 0, own: 0 }, |post| as_of(post.heard, post.told));
    let mut shown: HashMap<PostId, Vec<Photo>> = HashMap::new();
    for photo in photos::of_posts(connection, &ids).await? {
        let post = photo.post;
        shown.entry(post).or_default().extend(view(signer, viewer, as_of, photo));
    }
    let mut reacted: HashMap<PostId, Vec<Reaction>> = HashMap::new();
    for reactions::Count { post, emoji, count, mine, emoji_key } in reactions::of_posts(connection, viewer, &ids).await? {
        reacted.entry(post).or_default().push(Reaction { emoji, picture: emoji_key.as_deref().map(thumb), count, mine });
    }
    let named = |(emoji, key): (String, String)| NamedEmoji { emoji, picture: thumb(&key) };
    let whole = found.into_iter().map(|post| Post {
        id: post.id,
        author: Author::new(post.author, post.handle, post.display_name, post.picture_key.as_deref()),
        text: post.text,
        content_warning: post.content_warning,
        language: post.language,
        entities: post.entities.0,
        emojis: post.emojis.map(|emojis| emojis.0.into_iter().map(named).collect()).unwrap_or_default(),
        visibility: post.visibility,
        parent: post.parent,
        root: post.root,
        created_at: made_at(post.id.0),
        edited_at: post.edited_at.map(|at| at.to_jiff()),
        photos: shown.remove(&post.id).unwrap_or_default(),
        reactions: reacted.remove(&post.id).unwrap_or_default(),
        comments_count: post.comments_count,
        bookmarked: post.bookmarked,
        erased: post.tombstone,
    });
    Ok(whole.collect())
}

/// One post, if the viewer may see it.
pub(super) async fn post(social: &State, viewer: Option<AccountId>, id: PostId) -> Result<Post> {
    let mut connection = social.pool.acquire().await?;
    posts(&mut connection, &social.signer, viewer, &[id.0]).await?.pop().ok_or_else(Problem::not_found)
}

/// As of when a statement has decided what somebody sees.
pub(super) fn as_of(heard: Option<i64>, told: Option<i64>) -> AsOf {
    AsOf { relation: heard.unwrap_or(0), own: told.unwrap_or(0) }
}

/// A photo as this viewer sees it. A private one is shown by its owner only: where others had used it while it was public,
/// it is gone. It needs a grant, unless it is the viewer's own, and a visitor cannot prove to be anybody that a grant could
/// name. The grant is as of the statement that decided that they see what shows it, and rests on whom that asked about: the
/// author, and of a comment the root's.
pub(super) fn view(signer: &ServiceSigner, viewer: Option<AccountId>, as_of: AsOf, photo: photos::Shown) -> Option<Photo> {
    let grant = match (photo.visibility, viewer) {
        (PhotoVisibility::Public, _) => None,
        (PhotoVisibility::Private, _) if photo.author != photo.owner => return None,
        (PhotoVisibility::Private, Some(viewer)) if viewer == photo.owner => None,
        (PhotoVisibility::Private, Some(viewer)) => {
            let source = format!("post:{}", photo.post);
            let (owner, audience_of) = (photo.owner, photo.root_author);
            Some(signer.grant(PhotoGrant { photo: photo.id, source, owner, audience_of, viewer, as_of: Some(as_of), iat: 0 }))
        }
        (PhotoVisibility::Private, None) => return None,
    };
    Some(Photo::new(photo, grant.as_deref()))
}
