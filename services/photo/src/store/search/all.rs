//! Among few photos: one owner's, or those that have something rare.

use contracts::PhotoId;
use contracts::photo::PhotoVisibility;
use serving::Page;
use sqlx::PgPool;

use super::{Place, Rare, Sought};
use crate::license::License;
use crate::owner::Owner;
use crate::store::photos::PhotoRow;

/// `query_as!` of what is sought among photos that are all read and put in order. `$11` is 1 from the first down, and -1 from the last
/// up.
macro_rules! select_all {
    ($among:tt, $sought:ident, $most_used:ident, $place:ident, $page:ident $(, $more:expr)?) => {
        select_sought!(
            [$among],
            "and case
                 when $10::boolean then
                     ($11::bigint * photos.uses, $11::bigint * photos.id) < ($11::bigint * $12::int, $11::bigint * $8::bigint)
                 else $11::bigint * photos.id < $11::bigint * $8::bigint
             end
             order by case when $10::boolean then $11::bigint * photos.uses end desc, $11::bigint * photos.id desc limit $9",
            $sought,
            $place.id,
            $page.limit + 1,
            $most_used,
            if $page.after().is_some() { -1_i64 } else { 1 },
            $place.uses
            $(, $more)?
        )
    };
}

/// What is sought among all of them. `offset 0` keeps PostgreSQL from looking for them in any other way.
pub(super) async fn photos(pool: &PgPool, sought: &Sought, most_used: bool, place: Place, page: &Page) -> sqlx::Result<Vec<PhotoRow>> {
    match &sought.rare {
        Some(Rare::Words(rarest)) => {
            select_all!(
                "select * from photos where visibility = 'public' and left_at is null and search @@ $13::text::tsquery offset 0",
                sought,
                most_used,
                place,
                page,
                rarest.as_str()
            )
            .fetch_all(pool)
            .await
        }
        Some(Rare::Tag) => {
            select_all!(
                "select * from photos where visibility = 'public' and left_at is null and tags @> array[$3::text] offset 0",
                sought,
                most_used,
                place,
                page
            )
            .fetch_all(pool)
            .await
        }
        None if most_used => {
            select_all!("select * from photos where owner = $2 offset 0", sought, most_used, place, page).fetch_all(pool).await
        }
        None => newest(pool, sought, place, page).await,
    }
}

/// An owner's, the newest first: in the order of the index, so that no more are read than a page needs.
async fn newest(pool: &PgPool, sought: &Sought, place: Place, page: &Page) -> sqlx::Result<Vec<PhotoRow>> {
    let (id, most) = (place.id, page.limit + 1);
    if page.after().is_some() {
        select_sought!(["select * from photos where owner = $2 and id > $8"], "order by photos.id limit $9", sought, id, most)
            .fetch_all(pool)
            .await
    } else {
        select_sought!(["select * from photos where owner = $2 and id < $8"], "order by photos.id desc limit $9", sought, id, most)
            .fetch_all(pool)
            .await
    }
}
