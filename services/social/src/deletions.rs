//! Deleting a post or a comment with all that hangs on it: at once, or where that is much, hidden at once and taken away bit by bit.
//!
//! ```text
//!  delete ─► much? ─ no ─► gone
//!               └── yes ─► deletions: seen by nobody ─► step, step, …: what others made of comments, comments, itself ─► gone
//! ```
//!
//! The row is the queue: a replica that is killed leaves it as it is, and the next turn of any replica goes on. A step locks the
//! thread before anything else, as whoever changes it does.

use std::sync::LazyLock;
use std::time::Duration;

use contracts::fact::{Fact, PostNarrowed};
use contracts::{AccountId, PostId};
use facts::{FactId, Outbox};
use opentelemetry::metrics::Counter;
use serving::Result;
use sqlx::{PgConnection, PgPool};
use tokio::sync::watch;
use tracing::Instrument;

use crate::routes::posts::tell_narrowed;
use crate::store::{clearing, deletions, posts, threads};

/// How soon deletions of a replica that died are found.
const POLL: Duration = Duration::from_millis(500);

static FAILED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    let about = "Steps of deletions that failed.";
    telemetry::meter().u64_counter("socialplatform.deletions.failed").with_unit("{step}").with_description(about).build()
});

/// A deletion that was made.
pub(crate) struct Deletion {
    /// Who has heard of it has heard of all that was told.
    pub(crate) fact: FactId,
    /// Nothing is left. Otherwise it is hidden, and of photos below it will be told as they go.
    pub(crate) whole: bool,
}

/// Deletes a post of `author` with its whole thread, or a comment; `None` if there is none. The thread must be locked, as
/// [`threads::lock_to_delete`] does.
pub(crate) async fn delete(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<Option<Deletion>> {
    let Some(counted) = posts::counted(connection, author, id).await? else { return Ok(None) };
    let whole = !deletions::is_much(connection, id).await?;
    let fact = if whole {
        // What grants the thread has given is known only while it is there.
        let fact = tell_narrowed(connection, author, id).await?;
        posts::delete(connection, &[id.0]).await?;
        fact
    } else {
        deletions::begin(connection, id).await?;
        facts::publish(connection, &Fact::PostNarrowed(PostNarrowed { post: id, author })).await?
    };
    posts::uncount(connection, author, &counted).await?;
    Ok(Some(Deletion { fact, whole }))
}

/// Deletes a post or comment of an account that is erased, or some of what hangs on it. The thread must be locked likewise.
pub(crate) async fn delete_erased(connection: &mut PgConnection, author: AccountId, id: PostId) -> Result<()> {
    match deletions::begun(connection, id).await? {
        Some(begun) => delete_some(connection, begun).await,
        None => delete(connection, author, id).await.map(drop),
    }
}

/// Takes away until dropped. Every replica runs it: each works on another thread.
pub(crate) async fn run(pool: &PgPool, outbox: &Outbox, mut written: watch::Receiver<()>) {
    loop {
        match step(pool).await {
            Ok(true) => {
                outbox.committed();
                continue;
            }
            Ok(false) => {}
            // The cause was logged when it became a problem.
            Err(problem) => tracing::warn!(problem = problem.detail(), "failed to look for what is to be deleted; trying again"),
        }
        let _ = tokio::time::timeout(POLL, written.changed()).await;
    }
}

/// Takes some away; `false` if there is nothing, or that failed: then the post goes behind others.
async fn step(pool: &PgPool) -> Result<bool> {
    let mut tx = pool.begin().await?;
    let Some(id) = deletions::next(&mut tx).await? else { return Ok(false) };
    let span = tracing::info_span!("deletions.step", otel.name = "delete what hangs on a post", otel.kind = "consumer");
    let deleted = async {
        delete_some(&mut tx, id).await.inspect_err(|problem| {
            // The cause was logged when it became a problem.
            let (post, problem) = (id.0, problem.detail());
            tracing::warn!(post, problem, "failed to delete what hangs on a post; others come first, and then it is tried again");
        })
    };
    if telemetry::recorded(deleted, |problem| problem.detail().to_owned()).instrument(span).await.is_err() {
        tx.rollback().await?;
        FAILED.add(1, &[]);
        deletions::pass_over(pool, id).await?;
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

async fn delete_some(connection: &mut PgConnection, id: PostId) -> Result<()> {
    let batch = deletions::batch(connection, id).await?;
    if clearing::clear(connection, &batch).await? || (batch == [id.0] && deletions::let_answers_go(connection, id).await?) {
        return Ok(());
    }
    // Of itself it was told when it was hidden.
    for comment in threads::granting_among(connection, &batch).await?.into_iter().filter(|comment| comment.id != id) {
        let narrowed = PostNarrowed { post: comment.id, author: comment.author };
        facts::publish(connection, &Fact::PostNarrowed(narrowed)).await?;
    }
    posts::delete(connection, &batch).await
}
