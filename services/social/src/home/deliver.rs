//! Takes posts to the rings of their readers, a batch of followers at a time.

use std::time::{Duration, Instant};

use sqlx::{PgPool, Postgres, Transaction};
use tokio::sync::watch;
use tracing::{Instrument, Span, field};

use super::backlog;
use crate::store::home::{self, Delivery};

/// Authors with more followers are not delivered: their readers look for them.
pub(crate) const MOST_FOLLOWERS: i64 = 5_000;
/// Followers in one transaction.
pub(crate) const BATCH: i64 = 1_000;
/// How soon deliveries of a replica that died are found.
const POLL: Duration = Duration::from_millis(500);

/// Delivers until dropped. Every replica runs it: each works on another post.
pub(crate) async fn run(pool: &PgPool, mut written: watch::Receiver<()>) {
    loop {
        match step(pool).await.inspect_err(database::failed) {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "failed to deliver posts; trying again"),
        }
        let _ = tokio::time::timeout(POLL, written.changed()).await;
    }
}

/// Delivers one batch of one post; `false` if there is nothing to deliver, or that failed: then the post goes behind others.
async fn step(pool: &PgPool) -> sqlx::Result<bool> {
    let began = Instant::now();
    let mut tx = pool.begin().await?;
    let Some(delivery) = home::next_delivery(&mut tx).await? else { return Ok(false) };
    let span = tracing::info_span!(
        "home.deliver",
        otel.name = "deliver post",
        otel.kind = "consumer",
        followers = field::Empty,
        entries = field::Empty,
    );
    telemetry::link(&span, delivery.traceparent.as_deref());
    let delivered = async {
        deliver(tx, &delivery, began).await.inspect_err(|error| {
            database::failed(error);
            tracing::warn!(post = delivery.post, %error, "failed to deliver a post; others come first, and then it is tried again");
        })
    };
    if telemetry::recorded(delivered, |error| database::said(error)).instrument(span).await.is_err() {
        backlog::failed();
        home::pass_over(pool, delivery.post).await?;
        return Ok(false);
    }
    Ok(true)
}

async fn deliver(mut tx: Transaction<'static, Postgres>, delivery: &Delivery, began: Instant) -> sqlx::Result<()> {
    if !delivery.again && home::is_pulled(&mut tx, delivery).await? {
        home::delivered(&mut tx, delivery.post).await?;
        return tx.commit().await;
    }
    if delivery.passed == 0 && home::has_more_followers_than(&mut tx, delivery.author, MOST_FOLLOWERS).await? {
        // This post still goes to everybody; the author's next are looked for.
        home::pull_from_now_on(&mut tx, delivery.author).await?;
    }
    let batch = home::deliver(&mut tx, delivery, BATCH).await?;
    let span = Span::current();
    span.record("followers", batch.followers);
    span.record("entries", batch.entries);
    home::trim(&mut tx, &batch.full).await?;
    let rest = batch.last.filter(|_| batch.followers == BATCH);
    match rest {
        Some(last) => home::delivered_up_to(&mut tx, delivery.post, last).await?,
        None => home::delivered(&mut tx, delivery.post).await?,
    }
    tx.commit().await?;
    let took = began.elapsed();
    backlog::batch(took, batch.entries);
    if rest.is_none() && !delivery.again {
        backlog::delivered(delivery.age + took.as_secs_f64());
    }
    Ok(())
}
