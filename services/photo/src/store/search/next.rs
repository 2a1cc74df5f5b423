//! Among all public photos: those that come next are looked at, as many as [`LOOKED_AT`] says.

use contracts::PhotoId;
use contracts::photo::PhotoVisibility;
use serving::Page;
use sqlx::{PgPool, query_scalar};

use super::{Place, Sought};
use crate::bounds::LOOKED_AT;
use crate::license::License;
use crate::owner::Owner;
use crate::store::photos::PhotoRow;

/// `query_as!` of what is sought among the next public photos, given where they begin and their order, inside and outside.
macro_rules! select_next {
    ($begin:tt, $order:tt, $sought:ident, $($argument:tt)*) => {
        select_sought!(
            ["select * from photos where visibility = 'public' and left_at is null and " + $begin + " limit 5000"],
            $order,
            $sought,
            $($argument)*
        )
    };
}

/// What is sought among the next.
pub(super) async fn photos(pool: &PgPool, sought: &Sought, most_used: bool, place: Place, page: &Page) -> sqlx::Result<Vec<PhotoRow>> {
    let (Place { uses, id }, most) = (place, page.limit + 1);
    match (most_used, page.after().is_some()) {
        (false, false) => {
            select_next!("id < $8 order by id desc", "order by photos.id desc limit $9", sought, id, most).fetch_all(pool).await
        }
        (false, true) => select_next!("id > $8 order by id", "order by photos.id limit $9", sought, id, most).fetch_all(pool).await,
        (true, false) => {
            select_next!(
                "(uses, id) < ($8, $10) order by uses desc, id desc",
                "order by photos.uses desc, photos.id desc limit $9",
                sought,
                uses,
                most,
                id
            )
            .fetch_all(pool)
            .await
        }
        (true, true) => {
            select_next!("(uses, id) > ($8, $10) order by uses, id", "order by photos.uses, photos.id limit $9", sought, uses, most, id)
                .fetch_all(pool)
                .await
        }
    }
}

/// `query_scalar!` of the last of the next public photos, given where they begin, and their order.
macro_rules! select_last {
    ($begin:tt, $($argument:tt)*) => {
        query_scalar!(
            "select id from photos where visibility = 'public' and left_at is null and " + $begin + " offset $1 limit 1",
            LOOKED_AT - 1,
            $($argument)*
        )
    };
}

/// The last that was looked at, if there are as many.
pub(super) async fn last(pool: &PgPool, most_used: bool, place: Place, up: bool) -> sqlx::Result<Option<i64>> {
    let Place { uses, id } = place;
    match (most_used, up) {
        (false, false) => select_last!("id < $2 order by id desc", id).fetch_optional(pool).await,
        (false, true) => select_last!("id > $2 order by id", id).fetch_optional(pool).await,
        (true, false) => select_last!("(uses, id) < ($2, $3) order by uses desc, id desc", uses, id).fetch_optional(pool).await,
        (true, true) => select_last!("(uses, id) > ($2, $3) order by uses, id", uses, id).fetch_optional(pool).await,
    }
}
