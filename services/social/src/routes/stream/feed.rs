//! One stream: what is told to one viewer, in its order, until either side ends it.

use std::collections::HashMap;
use std::time::Duration;

use contracts::{AccountId, PostId};
use identity::Viewer;
use serde::Serialize;
use serving::{Connection, Problem, Result};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::item::{End, Item, Sent};
use super::json;
use crate::Social;
use crate::routes::{load, notifications};
use crate::store::stream::{self, Told, What};
use crate::stream::{Refused, Subscription, metrics};

/// Something comes at least this often, so that whatever stands between keeps the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often it is asked whether the session goes on.
const SESSION: Duration = Duration::from_millis(250);
/// How long a client may not read before it is taken for gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream is opened anew once an hour, with a token of then. Auth counts on it (`LAST_USE` in its `store/sessions.rs`): of a
/// session that ends long after its last token, no service is told.
const LONGEST: Duration = Duration::from_secs(3600);
/// Events that are read in one go, and that wait to be sent.
const BATCH: usize = 16;
/// Events that somebody who comes back is told; who was away for more reads the lists.
const MOST_MISSED: usize = 256;
/// Events of everybody that are looked through for them.
const MOST_PASSED: i64 = 20_000;

/// The receiving end. The work is done by a task of its own, which ends with this.
pub(super) struct Feed {
    items: mpsc::Receiver<Item>,
    /// Keeps the connection's place until the last item is sent.
    _connection: Connection,
}

impl Feed {
    pub(super) fn open(social: Social, viewer: Viewer, connection: Connection, last: Option<i64>) -> Result<Self> {
        let subscription = social.0.live.hub.subscribe(viewer.account).map_err(|refused| match refused {
            Refused::OfAccount => Problem::conflict("too-many-streams", "You have eight streams open; close one first."),
            Refused::NotYet => Problem::unavailable("Streams begin in a moment. Try again.", Duration::from_secs(1)),
            Refused::OfAll => Problem::unavailable("There are too many streams. Try again.", Duration::from_secs(5)),
        })?;
        let (items, receiver) = mpsc::channel(BATCH);
        let mut session = interval(SESSION);
        session.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let source = Source { social, viewer, connection: connection.clone(), subscription, items, session };
        tokio::spawn(source.run(last));
        Ok(Self { items: receiver, _connection: connection })
    }

    pub(super) async fn next(&mut self) -> Option<Item> {
        self.items.recv().await
    }
}

struct Source {
    social: Social,
    viewer: Viewer,
    connection: Connection,
    subscription: Subscription,
    items: mpsc::Sender<Item>,
    session: Interval,
}

/// Why a source stops.
enum Stop {
    /// Nobody listens any more.
    Gone,
    /// They are told why.
    End(End),
}

impl From<Problem> for Stop {
    fn from(_: Problem) -> Self {
        Self::End(End::Unavailable)
    }
}

impl Source {
    async fn run(mut self, last: Option<i64>) {
        let stop = match self.begin(last).await {
            Ok(begun) => self.go_on(begun).await,
            Err(stop) => stop,
        };
        metrics::ended(match &stop {
            Stop::Gone => "gone",
            Stop::End(end) => end.reason(),
        });
        if let Stop::End(end) = stop {
            let _ = tokio::time::timeout(PATIENCE, self.items.send(Item::End(end))).await;
        }
    }

    /// Tells what was missed, and says from where on nothing will be.
    async fn begin(&mut self, last: Option<i64>) -> std::result::Result<i64, Stop> {
        let since = self.subscription.since;
        let Some(last) = last else {
            self.send_place(since, "ready").await?;
            return Ok(since);
        };
        let last = self.position(last).await?;
        let begun = since.max(last);
        let name = match self.missed(last, since).await? {
            Some(missed) => {
                for told in missed.chunks(BATCH) {
                    self.tell(told).await?;
                }
                "ready"
            }
            None => "reset",
        };
        let begun = if name == "ready" { begun } else { since };
        self.send_place(begun, name).await?;
        Ok(begun)
    }

    /// The position of the last event that a client has.
    async fn position(&self, last: i64) -> Result<i64> {
        let _turn = self.social.0.live.reads.acquire().await.map_err(Problem::internal)?;
        Ok(stream::unveiled(&self.social.0.pool, last).await?)
    }

    /// Sends where the stream is.
    async fn send_place(&mut self, position: i64, name: &'static str) -> std::result::Result<(), Stop> {
        let id = self.place(position).await?;
        self.send(Item::Event(Sent { id, name, data: "{}".to_owned() })).await
    }

    async fn place(&self, position: i64) -> Result<i64> {
        let _turn = self.social.0.live.reads.acquire().await.map_err(Problem::internal)?;
        Ok(stream::veiled(&self.social.0.pool, position).await?)
    }

    /// What happened after `last`; `None` if that is not known any more, or too much. In turns, as all reading: when a replica stops,
    /// all its streams come back at once.
    async fn missed(&self, last: i64, since: i64) -> Result<Option<Vec<Told>>> {
        let _turn = self.social.0.live.reads.acquire().await.map_err(Problem::internal)?;
        let pool = &self.social.0.pool;
        let (oldest, newest) = stream::bounds(pool).await?;
        if last > newest || last < oldest - 1 || since - last > MOST_PASSED {
            return Ok(None);
        }
        if since <= last {
            return Ok(Some(Vec::new()));
        }
        let missed = stream::routed(pool, last, since, &[self.viewer.account.0]).await?;
        Ok((missed.len() <= MOST_MISSED).then(|| missed.into_iter().map(|(_, told)| told).collect()))
    }

    /// Tells what happens after `begun`.
    async fn go_on(&mut self, begun: i64) -> Stop {
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.reset();
        let renew = tokio::time::sleep(LONGEST);
        tokio::pin!(renew);
        let mut told = Vec::with_capacity(BATCH);
        loop {
            let step = tokio::select! {
                () = self.items.closed() => return Stop::Gone,
                () = self.connection.closing() => return Stop::End(End::Stopping),
                () = &mut renew => return Stop::End(End::Renew),
                _ = self.session.tick() => self.goes_on(),
                _ = heartbeat.tick() => self.send(Item::Heartbeat).await,
                count = self.subscription.queue.recv_many(&mut told, BATCH) => match count {
                    0 => return Stop::End(End::Behind),
                    _ => {
                        told.retain(|told: &Told| told.position > begun);
                        let step = self.tell(&told).await;
                        if step.is_ok() {
                            metrics::told(&told);
                        }
                        told.clear();
                        step
                    }
                },
            };
            if let Err(stop) = step {
                return stop;
            }
        }
    }

    /// Reads what these events are about as the viewer sees it now, and sends it. What they may not see is left out.
    async fn tell(&mut self, told: &[Told]) -> std::result::Result<(), Stop> {
        self.goes_on()?;
        if told.is_empty() {
            return Ok(());
        }
        for event in self.read(told).await? {
            self.send(Item::Event(event)).await?;
            metrics::sent();
        }
        Ok(())
    }

    async fn read(&self, told: &[Told]) -> Result<Vec<Sent>> {
        let social = &*self.social.0;
        let viewer: AccountId = self.viewer.account;
        let _turn = social.live.reads.acquire().await.map_err(Problem::internal)?;
        let mut connection = social.pool.acquire().await?;
        let posts = told.iter().filter_map(|told| if let What::Post(id) | What::Edit(id) = told.what { Some(id.0) } else { None });
        let posts: Vec<i64> = posts.collect();
        let numbers: Vec<i64> =
            told.iter().filter_map(|told| if let What::Notification(number) = told.what { Some(number) } else { None }).collect();
        let posts = load::posts(&mut connection, &social.signer, Some(viewer), &posts).await?;
        let posts: HashMap<PostId, String> = posts.iter().map(|post| (post.id, json(post))).collect();
        let notifications = notifications::numbered(&mut connection, &social.signer, viewer, &numbers).await?;
        let notifications: HashMap<i64, String> = notifications.iter().map(|(number, told)| (*number, json(told))).collect();
        let sent = told.iter().filter_map(|told| {
            let (name, data) = match told.what {
                What::Post(id) => ("post", posts.get(&id)?.clone()),
                What::Edit(id) => ("edit", posts.get(&id)?.clone()),
                What::Delete(id) => ("delete", json(&Deleted { id })),
                What::Notification(number) => ("notification", notifications.get(&number)?.clone()),
            };
            Some(Sent { id: told.place, name, data })
        });
        Ok(sent.collect())
    }

    /// Sends, unless the session ends meanwhile or the client does not read.
    async fn send(&mut self, item: Item) -> std::result::Result<(), Stop> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            tokio::select! {
                place = self.items.reserve() => {
                    place.map_err(|_| Stop::Gone)?.send(item);
                    return Ok(());
                }
                _ = self.session.tick() => self.goes_on()?,
                () = tokio::time::sleep_until(deadline) => {
                    self.connection.cut();
                    return Err(Stop::Gone);
                }
            }
        }
    }

    /// Does the session?
    fn goes_on(&self) -> std::result::Result<(), Stop> {
        match self.social.0.identity.goes_on(self.viewer.session) {
            Some(true) => Ok(()),
            Some(false) => Err(Stop::End(End::SignedOut)),
            None => Err(Stop::End(End::Unavailable)),
        }
    }
}

/// A post that is gone.
#[derive(Serialize)]
struct Deleted {
    id: PostId,
}
