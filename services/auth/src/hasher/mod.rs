//! Hashing passwords, with bounded memory: so many at once, so many waiting, and no more.

mod argon2id;
mod line;
mod places;

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use argon2::Block;
use opentelemetry::metrics::UpDownCounter;
use serving::Problem;
use tokio::sync::oneshot;

use self::line::Line;
use self::places::Places;
use crate::metrics;
use crate::password::{MOST_BYTES, Password};
use crate::source::Source;

static WAITING: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    telemetry::meter()
        .i64_up_down_counter("socialplatform.auth.password_hashes")
        .with_unit("{hash}")
        .with_description("Password hashes that run or wait.")
        .build()
});

/// Hashes, in turns.
#[derive(Clone)]
pub(crate) struct Hasher {
    line: Arc<Line>,
    places: Places,
    /// Verified in place of an account that does not exist, so that both take the same time.
    nobody: Arc<str>,
}

impl Hasher {
    pub(crate) fn new(at_once: usize, waiting: usize) -> Self {
        metrics::hash_places(at_once + waiting);
        let nobody = argon2id::make(b"nobody has this password", &mut Vec::new()).expect("hashing a constant works").to_string();
        Self { line: Arc::new(Line::new(at_once)), places: Places::new(at_once + waiting), nobody: nobody.into() }
    }

    /// The PHC string to store. Somebody at `source` waits for it.
    pub(crate) async fn hash(&self, password: Password, source: &Source) -> Result<String, Problem> {
        self.run(source, move |memory| argon2id::make(password.expose().as_bytes(), memory).map(|hash| hash.to_string()))
            .await?
            .map_err(|error| Problem::internal(error.to_string()))
    }

    /// Is it the password of the stored hash? `None` stands for an account that does not exist: as much work, and no.
    pub(crate) async fn verify(&self, password: Password, stored: Option<String>, source: &Source) -> Result<bool, Problem> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let same = self
            .run(source, move |memory| {
                // A password over the limit cannot have been chosen, and must not cost more than others.
                let typed = if password.expose().len() > MOST_BYTES { "" } else { password.expose() };
                argon2id::is_of(&stored, typed.as_bytes(), memory).unwrap_or(false)
            })
            .await?;
        Ok(same && exists)
    }

    async fn run<T: Send + 'static>(
        &self,
        source: &Source,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.places.take(source)?;
        let (counted, asked, span) = (Counted::new(), Instant::now(), tracing::Span::current());
        let (tell, told) = oneshot::channel();
        self.line.join(Box::new(move |memory| {
            // Held until here: a caller that hangs up takes no more places than one that waits.
            let held = (place, counted);
            if tell.is_closed() {
                return;
            }
            metrics::hash_waited(asked.elapsed());
            let done = span.in_scope(|| tracing::info_span!("argon2", otel.name = "argon2id").in_scope(|| work(memory)));
            drop(held);
            // Nobody is there to be told, if the caller has hung up.
            let _ = tell.send(done);
        }));
        told.await.map_err(Problem::internal)
    }
}

struct Counted;

impl Counted {
    fn new() -> Self {
        WAITING.add(1, &[]);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        WAITING.add(-1, &[]);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::task::Poll;

    use serde_json::json;

    use super::*;

    fn password(text: &str) -> Password {
        serde_json::from_value(json!(text)).unwrap()
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_only() {
        let (hasher, here) = (Hasher::new(1, 1), Source::of("192.0.2.1"));
        let stored = hasher.hash(password("correct horse battery"), &here).await.unwrap();
        assert!(hasher.verify(password("correct horse battery"), Some(stored.clone()), &here).await.unwrap());
        assert!(!hasher.verify(password("correct horse batterz"), Some(stored), &here).await.unwrap());
        assert!(!hasher.verify(password("nobody has this password"), None, &here).await.unwrap());
        assert!(!hasher.verify(password("correct horse battery"), Some("no hash".to_owned()), &here).await.unwrap());
    }

    #[tokio::test]
    async fn more_than_may_wait_are_turned_away() {
        let hasher = Hasher::new(2, 4);
        // No hash ends before all have asked for one.
        let held = [(); 2].map(|()| {
            let (hold, held) = mpsc::channel::<()>();
            hasher.line.join(Box::new(move |_| {
                let _ = held.recv();
            }));
            hold
        });
        let (mut let_in, mut turned_away) = (Vec::new(), 0);
        for n in 0..12 {
            let hasher = hasher.clone();
            let source = Source::of(&format!("192.0.2.{n}"));
            let mut hash = Box::pin(async move { hasher.hash(password("correct horse battery"), &source).await.is_ok() });
            let asked = futures::poll!(&mut hash);
            match asked {
                Poll::Pending => let_in.push(hash),
                Poll::Ready(done) => turned_away += usize::from(!done),
            }
        }
        assert_eq!((let_in.len(), turned_away), (6, 6));
        drop(held);
        for hash in let_in {
            assert!(hash.await);
        }
    }
}
