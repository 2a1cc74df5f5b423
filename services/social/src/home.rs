//! Home timelines: what the people and tags that somebody follows have posted.
//!
//! ```text
//!  a post ─► home_deliveries ─► deliver: a batch of followers in a transaction ─► home_entries: a ring for each reader
//!              │                                                                     │ newer than the floor
//!              │ not yet delivered                                                   ▼
//!  a read ─► look: what is there and not in the ring ─► the ring gets it ─► page ─► at_home ─► posts
//!              ▲                                                               ▲
//!              │ one's own, of the much-followed, of tags                      │ older than the floor: the tables
//! ```
//!
//! **Pushed and pulled.** A post goes into the rings of its author's followers, in batches, by a loop that takes the next
//! row of `home_deliveries` under its lock: the author's request writes that one row, and a replica that is killed gives the
//! delivery back at once, at the batch where it was (a job's claim would hold it for minutes). Authors with more than
//! [`MOST_FOLLOWERS`](deliver::MOST_FOLLOWERS) are not delivered; their readers look for their posts. So are posts of tags,
//! and one's own. Nothing is delivered to who has not read for thirty days.
//!
//! **Nothing waits for a delivery.** A read also looks at what is still on its way, so home is complete whatever the loop
//! does, and a post is there for everybody from its commit on.
//!
//! **The ring is a cache with a border.** Above its `floor` it holds everything that the tables would give, up to 800 posts
//! or a few more; below, the tables are read, so scrolling ends where the posts do. Of what has a followed tag, a page looks no
//! further than [`looked`](crate::store::looked) says, and the next goes on there. A delivery or another read may trim the ring at
//! any time, so the border is always read in one statement with the entries above it. Whatever changes what a reader may find
//! (a fact about whom they follow or befriend, a tag followed, thirty days away) marks the ring as stale, and the next read
//! builds it from the tables: that is also how the posts of somebody newly followed get to their place in the past.
//!
//! **Entries are hints.** A page asks the SQL function `at_home` about each: still followed, not muted, and visible. So an
//! unfollow, a block, a deletion or another audience shows at the next read, and a page is filled up after filtering.
//!
//! **Two orders.** `next` goes by the posts' ids, which is by time. `prev` goes by arrival: each reader's deliveries are
//! numbered under the lock of the reader's row, so a number that is seen means that all smaller ones are committed. A post
//! that was committed or delivered late has an old id and a new number, and a client that polls `prev` finds it. A client
//! that was away for longer than the ring remembers gets the newest page, whose `next` leads down to what it knows.

mod backlog;
mod deliver;

use contracts::AccountId;
use identity::Viewer;
use serving::{Page, Paged, Result};
use sqlx::PgPool;

pub(crate) use backlog::watch;
pub(crate) use deliver::run;

use crate::store::home::{self, Arrived, Look, Ring};
use crate::store::profiles;

/// News that one read puts into the ring; if there is more, building it anew is cheaper.
pub(crate) const MOST_NEWS: usize = 200;

/// A page of ids.
pub(crate) async fn read(pool: &PgPool, viewer: &Viewer, page: &Page) -> Result<Paged<i64>> {
    let reader = viewer.account;
    refresh(pool, viewer).await?;
    let Some(after) = page.after() else {
        return older(pool, reader, page).await;
    };
    match home::arrived(pool, reader, after, page.limit + 1).await? {
        Some((ring, arrived)) if after >= ring.trimmed => Ok(newer(page, after, ring, arrived)),
        _ => older(pool, reader, &page.restarted()).await,
    }
}

/// Puts into the ring all that there is for it.
async fn refresh(pool: &PgPool, viewer: &Viewer) -> Result<()> {
    let reader = viewer.account;
    match home::look(pool, reader).await? {
        Some(Look { stale: false, day_old, news }) if news.len() <= MOST_NEWS => {
            if day_old {
                home::touch(pool, reader).await?;
            }
            match news.is_empty() {
                true => Ok(()),
                false => take(pool, reader, &news).await,
            }
        }
        _ => rebuild(pool, viewer).await,
    }
}

async fn take(pool: &PgPool, reader: AccountId, news: &[i64]) -> Result<()> {
    let mut tx = pool.begin().await?;
    home::take(&mut tx, reader, news).await?;
    Ok(tx.commit().await?)
}

/// Everybody's first read comes here, so whoever reads has a profile, and can be found and mentioned.
async fn rebuild(pool: &PgPool, viewer: &Viewer) -> Result<()> {
    let reader = viewer.account;
    let mut tx = pool.begin().await?;
    profiles::ensure(&mut tx, viewer).await?;
    // From here on, whoever changes what the reader follows waits, and marks the ring as stale again.
    let known = home::begin_anew(&mut tx, reader).await?;
    home::build(&mut tx, reader, known).await?;
    Ok(tx.commit().await?)
}

/// What arrived after a number, by arrival. Older pages go on below the oldest of it.
fn newer(page: &Page, after: i64, ring: Ring, mut arrived: Vec<Arrived>) -> Paged<i64> {
    let limit = usize::try_from(page.limit).expect("a limit is small");
    let more = arrived.len() > limit;
    arrived.truncate(limit);
    let poll = arrived.last().filter(|_| more).map_or(ring.arrived, |last| last.arrived);
    let mut ids: Vec<i64> = arrived.iter().map(|entry| entry.post).collect();
    ids.sort_unstable();
    page.cut_polled(ids, |id| *id, poll.max(after))
}

/// What is older than a post, by time: from the ring, and where it ends from the tables.
async fn older(pool: &PgPool, reader: AccountId, page: &Page) -> Result<Paged<i64>> {
    let Some((ring, mut ids)) = home::in_ring(pool, reader, page).await? else {
        return Ok(page.cut_polled(Vec::new(), |id| *id, 0));
    };
    let missing = page.limit + 1 - i64::try_from(ids.len()).expect("a page is small");
    let mut looked = None;
    if missing > 0 && ring.floor > 0 {
        let below = home::below(pool, reader, page.before().min(ring.floor + 1), missing).await?;
        ids.extend(below.ids);
        looked = below.last;
    }
    Ok(page.cut_polled_short(ids, |id| *id, ring.arrived, looked))
}
