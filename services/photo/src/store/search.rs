//! Looking for photos. What few photos have is found by its index, whole; whatever else is asked for, the next few thousand photos in the
//! order of the list are looked at, and the page goes on from there.
//!
//! In one step the planner would choose between the two, and of most words it knows only that they are rarer than the most frequent
//! ones: of a word that nobody has written it expects some in every thousand photos, and reads all photos for them.

use serving::Page;
use sqlx::{PgPool, query_scalar};

use crate::license::License;
use crate::owner::Owner;
use crate::store::photos::PhotoRow;

/// Which photos are looked for; each condition that is there must hold.
pub(crate) struct Sought {
    /// Whose.
    pub(crate) owner: Option<Owner>,
    /// Whose private ones may be found.
    pub(crate) myself: Option<Owner>,
    pub(crate) tag: Option<String>,
    /// A `tsquery`.
    pub(crate) words: Option<String>,
    pub(crate) license: Option<License>,
    /// `landscape`, `portrait` or `square`.
    pub(crate) orientation: Option<&'static str>,
    /// What people call the color that it is mostly of.
    pub(crate) hue: Option<&'static str>,
    /// What of this few public photos have, where nobody's photos are asked for.
    pub(crate) rare: Option<Rare>,
}

/// What few public photos have.
pub(crate) enum Rare {
    /// What this `tsquery` finds, which is a part of the one for all words.
    Words(String),
    /// The tag that is asked for.
    Tag,
}

/// What is found, in the order of the page and one more than it holds.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<PhotoRow>,
    /// The last photo that was looked at, if that were many, not enough was found, and there are more.
    pub(crate) last: Option<i64>,
}

/// Where a page begins.
#[derive(Clone, Copy)]
struct Place {
    uses: i32,
    id: i64,
}

/// `query_as!` of the photos that are sought, given among which they are, what else must hold, and the order.
macro_rules! select_sought {
    ([$($among:tt)*], $rest:tt, $sought:ident, $($argument:tt)*) => {{
        let (owner, myself) = ($sought.owner.map(|owner| owner.to_string()), $sought.myself.map(|owner| owner.to_string()));
        sqlx::query_as!(
            PhotoRow,
            r#"select photos.id as "id!: PhotoId", photos.owner as "owner!: Owner", photos.blob as "blob!", photos.key as "key!",
                   photos.visibility as "visibility!: PhotoVisibility", photos.title as "title!", photos.alt as "alt!",
                   photos.tags as "tags!", photos.license as "license!: License", photos.credit as "credit!", photos.uses as "uses!",
                   photos.left_at is not null as "left!", missing_since is not null as "missing!", width, height, thumbhash, color,
                   animated, photos.created_at as "created_at!"
               from ("# + $($among)* + r#") photos join blobs on blobs.sha256 = photos.blob
               where left_at is null and (visibility = 'public' or owner = $1) and ($2::text is null or owner = $2)
                   and not owner_is_hidden(owner) and (missing_since is null or owner = $1)
                   and ($3::text is null or tags @> array[$3::text]) and ($4::text is null or search @@ $4::text::tsquery)
                   and ($5::text is null or license = $5) and ($6::text is null or hue = $6)
                   and ($7::text is null or $7 = case
                       when width > height then 'landscape' when width < height then 'portrait' else 'square'
                   end) "# + $rest,
            myself,
            owner,
            $sought.tag,
            $sought.words,
            $sought.license.map(License::id),
            $sought.hue,
            $sought.orientation,
            $($argument)*
        )
    }};
}

mod all;
mod next;

/// What is sought: the newest first, or the most used. Among the most used, the place of a cursor is where its photo stands now; behind
/// one that is gone comes nothing.
pub(crate) async fn photos(pool: &PgPool, sought: &Sought, most_used: bool, page: &Page) -> sqlx::Result<Found> {
    let Some(place) = place(pool, most_used, page).await? else { return Ok(Found::default()) };
    if sought.owner.is_some() || sought.rare.is_some() {
        return Ok(Found { rows: all::photos(pool, sought, most_used, place, page).await?, last: None });
    }
    let rows = next::photos(pool, sought, most_used, place, page).await?;
    let last = match i64::try_from(rows.len()).is_ok_and(|found| found > page.limit) {
        true => None,
        false => next::last(pool, most_used, place, page.after().is_some()).await?,
    };
    Ok(Found { rows, last })
}

async fn place(pool: &PgPool, most_used: bool, page: &Page) -> sqlx::Result<Option<Place>> {
    let id = page.after().unwrap_or_else(|| page.before());
    if !most_used || id == i64::MAX {
        return Ok(Some(Place { uses: i32::MAX, id }));
    }
    let uses = query_scalar!("select uses from photos where id = $1", id).fetch_optional(pool).await?;
    Ok(uses.map(|uses| Place { uses, id }))
}
