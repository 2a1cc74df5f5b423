//! The counts that reads rely on, compared with the rows that they count. They change in the transaction of what they
//! count, so nothing is ever found; if something is, it is mended, and the log says that there is a mistake to look for.

use sqlx::PgPool;

use crate::store::counts::{self, Compared};

/// Compares every count and mends what differs; says how many there were.
pub(crate) async fn repair(pool: &PgPool) -> sqlx::Result<u64> {
    let mut mended = 0;
    let mut after = 0;
    while let Compared { last: Some(last), wrong } = counts::wrong_posts(pool, after).await? {
        for id in wrong {
            let mut tx = pool.begin().await?;
            if counts::mend_post(&mut tx, id).await? {
                tracing::error!(post = id, "the counts of a post were wrong; they are mended");
                mended += 1;
            }
            tx.commit().await?;
        }
        after = last;
    }
    after = 0;
    while let Compared { last: Some(last), wrong } = counts::wrong_profiles(pool, after).await? {
        for id in wrong {
            let mut tx = pool.begin().await?;
            if counts::mend_profile(&mut tx, id).await? {
                tracing::error!(profile = id, "the count of a profile's posts was wrong; it is mended");
                mended += 1;
            }
            tx.commit().await?;
        }
        after = last;
    }
    after = 0;
    while let Compared { last: Some(last), wrong } = counts::wrong_hidden(pool, after).await? {
        for id in wrong {
            let mut tx = pool.begin().await?;
            if counts::mend_hidden(&mut tx, id).await? {
                tracing::error!(account = id, "counts did not know whether an account is hidden; they are brought up to it");
                mended += 1;
            }
            tx.commit().await?;
        }
        after = last;
    }
    Ok(mended)
}
