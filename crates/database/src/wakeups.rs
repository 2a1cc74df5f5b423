//! `NOTIFY` as a hint: one listening connection a process, many who wait.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;

/// Wakes loops that would otherwise only poll. A hint may be lost (the connection was), so every loop also polls.
#[derive(Clone)]
pub struct Wakeups(BTreeMap<String, watch::Sender<()>>);

/// One loop's end of a channel.
pub struct Wakeup(watch::Receiver<()>);

impl Wakeup {
    /// Returns at the next hint, or after `at_most`.
    pub async fn wait(&mut self, at_most: Duration) {
        let hint = async {
            // Nobody hints any more: only time is left.
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(at_most, hint).await;
    }
}

impl Wakeups {
    /// Channels to listen on.
    pub fn new(channels: impl IntoIterator<Item = String>) -> Self {
        Self(channels.into_iter().map(|channel| (channel, watch::Sender::new(()))).collect())
    }

    /// A loop's end of `channel`, which must be one of those given to [`new`](Self::new).
    pub fn on(&self, channel: &str) -> Wakeup {
        Wakeup(self.0[channel].subscribe())
    }

    /// Listens until dropped, over a connection of its own.
    pub async fn run(self, pool: PgPool) {
        loop {
            if let Err(error) = self.listen(&pool).await {
                tracing::debug!(%error, "lost the listening connection; polling goes on");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen(&self, pool: &PgPool) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen_all(self.0.keys().map(String::as_str)).await?;
        // Whatever was told while nobody listened.
        self.0.values().for_each(|channel| channel.send_replace(()));
        while let Some(hint) = listener.try_recv().await? {
            if let Some(channel) = self.0.get(hint.channel()) {
                channel.send_replace(());
            }
        }
        Ok(())
    }
}
