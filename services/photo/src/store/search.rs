use contracts::PhotoId;
use contracts::photo::PhotoVisibility;
use serving::Page;
use sqlx::{PgPool, query_as};

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
}

/// `query_as!` of the photos that are sought, given what else must hold, and the order.
macro_rules! select_sought {
    ($rest:tt, $sought:ident, $($argument:tt)*) => {{
        let (owner, myself) = ($sought.owner.map(|owner| owner.to_string()), $sought.myself.map(|owner| owner.to_string()));
        query_as!(
            PhotoRow,
            r#"select photos.id as "id: PhotoId", owner as "owner: Owner", blob, key, visibility as "visibility: PhotoVisibility",
                   title, alt, tags, license as "license: License", credit, uses, left_at is not null as "left!", width, height,
                   thumbhash, color, animated, photos.created_at
               from photos join blobs on blobs.sha256 = photos.blob
               where left_at is null and (visibility = 'public' or owner = $1) and ($2::text is null or owner = $2)
                   and not owner_is_hidden(owner)
                   and ($3::text is null or tags @> array[$3]) and ($4::text is null or search @@ $4::text::tsquery)
                   and ($5::text is null or license = $5) and ($6::text is null or hue = $6)
                   and ($7::text is null or $7 = case
                       when width > height then 'landscape' when width < height then 'portrait' else 'square'
                   end)
                   and "# + $rest,
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

/// What is sought, in the order of the page and one more than it holds.
pub(crate) async fn newest(pool: &PgPool, sought: &Sought, page: &Page) -> sqlx::Result<Vec<PhotoRow>> {
    let one_more = page.limit + 1;
    if page.ascending() {
        select_sought!("photos.id > $8 order by photos.id limit $9", sought, page.after, one_more).fetch_all(pool).await
    } else {
        select_sought!("photos.id > $8 and photos.id < $9 order by photos.id desc limit $10", sought, page.after, page.before, one_more)
            .fetch_all(pool)
            .await
    }
}

/// What is sought, the most used first, in the order of the page and one more than it holds. The place of a cursor is where its
/// photo stands now; behind one that is gone comes nothing.
pub(crate) async fn most_used(pool: &PgPool, sought: &Sought, page: &Page) -> sqlx::Result<Vec<PhotoRow>> {
    let one_more = page.limit + 1;
    if page.ascending() {
        select_sought!(
            "(uses, photos.id) > (select seen.uses, seen.id from photos seen where seen.id = $8) order by uses, photos.id limit $9",
            sought,
            page.after,
            one_more
        )
        .fetch_all(pool)
        .await
    } else {
        let last = (page.before < i64::MAX).then_some(page.before);
        select_sought!(
            "($8::bigint is null or (uses, photos.id) < (select seen.uses, seen.id from photos seen where seen.id = $8))
             order by uses desc, photos.id desc limit $9",
            sought,
            last,
            one_more
        )
        .fetch_all(pool)
        .await
    }
}
