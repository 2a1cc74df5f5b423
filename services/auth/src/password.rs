//! Passwords, and the bounded queue of their hashing.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use opentelemetry::metrics::UpDownCounter;
use serde::Deserialize;
use serving::Problem;
use tokio::sync::Semaphore;

use crate::{common_passwords, metrics};

/// More would only make us hash longer.
const MOST_BYTES: usize = 1024;

static WAITING: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    telemetry::meter()
        .i64_up_down_counter("socialplatform.auth.password_hashes")
        .with_unit("{hash}")
        .with_description("Password hashes that run or wait.")
        .build()
});

/// A password someone typed; never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// The text itself, for what must depend on it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// May it be chosen? There are no rules of composition. `names` are those that everybody would try for this person:
    /// they may be in it, and do not count.
    pub(crate) fn check_new(&self, second_factor: bool, names: &[&str]) -> Result<(), Problem> {
        let fewest = minimum_length(second_factor);
        if self.0.chars().count() < fewest {
            return Err(Problem::invalid("password", format!("choose {fewest} characters or more; a few words are easy to keep in mind")));
        }
        if self.0.len() > MOST_BYTES {
            return Err(Problem::invalid("password", format!("a password has at most {MOST_BYTES} bytes")));
        }
        if common_passwords::contains(&self.0) {
            return Err(Problem::invalid("password", "this one is among those that are guessed first; choose another one"));
        }
        if without(&self.0, names).chars().count() < fewest {
            return Err(Problem::invalid(
                "password",
                format!(
                    "your handle and the name of this platform are guessed first: without them, {fewest} characters or more must be left"
                ),
            ));
        }
        Ok(())
    }
}

/// The fewest characters of a password (NIST SP 800-63B-4): more where it is all that protects.
pub(crate) fn minimum_length(second_factor: bool) -> usize {
    if second_factor { 8 } else { 15 }
}

/// The text without these names, whatever their case.
fn without(text: &str, names: &[&str]) -> String {
    let mut left = text.to_lowercase();
    for name in names.iter().filter(|name| !name.is_empty()) {
        left = left.replace(&name.to_lowercase(), "");
    }
    left
}

/// Argon2id with OWASP's minimum: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes with bounded memory: so many at once, so many waiting, and no more.
#[derive(Clone)]
pub(crate) struct Hasher {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Verified in place of an account that does not exist, so that both take the same time.
    nobody: Arc<str>,
}

impl Hasher {
    pub(crate) fn new(at_once: usize, waiting: usize) -> Self {
        metrics::hash_places(at_once + waiting);
        let nobody = argon2().hash_password(b"nobody has this password").expect("hashing a constant works").to_string();
        Self { running: Arc::new(Semaphore::new(at_once)), admitted: Arc::new(Semaphore::new(at_once + waiting)), nobody: nobody.into() }
    }

    /// The PHC string to store.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Problem> {
        self.run(move || argon2().hash_password(password.0.as_bytes()).map(|hash| hash.to_string()))
            .await?
            .map_err(|error| Problem::internal(error.to_string()))
    }

    /// Is it the password of the stored hash? `None` stands for an account that does not exist: as much work, and no.
    pub(crate) async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool, Problem> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let same = self
            .run(move || {
                let stored = PasswordHash::new(&stored).ok();
                // A password over the limit cannot have been chosen, and must not cost more than others.
                let typed = if password.0.len() > MOST_BYTES { "" } else { &password.0 };
                stored.is_some_and(|stored| argon2().verify_password(typed.as_bytes(), &stored).is_ok())
            })
            .await?;
        Ok(same && exists)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let Ok(_admitted) = self.admitted.clone().try_acquire_owned() else {
            metrics::hash_refused();
            return Err(Problem::unavailable("Too many people are signing in right now. Try again.", Duration::from_secs(2)));
        };
        let _counted = Counted::new();
        let asked = Instant::now();
        let running = self.running.clone().acquire_owned().await.expect("the semaphore is never closed");
        metrics::hash_waited(asked.elapsed());
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            // Held here and not by the caller: a caller that hangs up leaves the work running.
            let _running = running;
            span.in_scope(|| tracing::info_span!("argon2", otel.name = "argon2id").in_scope(work))
        });
        task.await.map_err(Problem::internal)
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
    use super::*;

    fn password(text: &str) -> Password {
        Password(text.to_owned())
    }

    fn allowed(text: &str, second_factor: bool) -> bool {
        password(text).check_new(second_factor, &["ada_lovelace", "social.example.org"]).is_ok()
    }

    #[test]
    fn a_new_password_has_fifteen_characters_and_no_rule_of_composition() {
        let long = "a few words, ".repeat(80);
        for (text, may_be) in [
            ("fourteen-chars", false),
            ("ünïcödé-äöü-ßße", true),
            ("\0 in the middle\0", true),
            ("🦀🐘🦊🐙🦉🐝🦋🐢🐍🦎🐬🐳🦈🐊🦓", true),
            (&long[..64], true),
            (&long[..128], true),
            (&long[..1024], true),
            (&long[..1025], false),
        ] {
            assert_eq!(allowed(text, false), may_be, "{text:?}");
        }
    }

    #[test]
    fn with_a_second_factor_eight_are_enough() {
        assert_eq!((minimum_length(false), minimum_length(true)), (15, 8));
        assert!(allowed("kjw7 pqz", true) && !allowed("kjw7 pq", true));
    }

    #[test]
    fn what_everybody_would_try_is_refused() {
        for text in ["qwertyuiopasdfghjkl", "Passwordpassword", "1234567890123456", "aaaaaaaaaaaaaaaaaaaa"] {
            assert!(!allowed(text, false), "{text}");
        }
        assert!(!allowed("sunshine", true));
    }

    #[test]
    fn names_do_not_count() {
        assert!(!allowed("Ada_Lovelace1815", false) && !allowed("social.example.org", false));
        assert!(!allowed("ada_lovelaceADA_LOVELACEada_lovelace", false));
        assert!(allowed("ada_lovelace wrote programs", false));
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_only() {
        let hasher = Hasher::new(1, 1);
        let stored = hasher.hash(password("correct horse battery")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(hasher.verify(password("correct horse battery"), Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify(password("correct horse batterz"), Some(stored)).await.unwrap());
        assert!(!hasher.verify(password("nobody has this password"), None).await.unwrap());
    }

    #[tokio::test]
    async fn more_than_may_wait_are_turned_away() {
        let hasher = Hasher::new(1, 1);
        let tries = (0..8).map(|_| {
            tokio::spawn({
                let hasher = hasher.clone();
                async move { hasher.hash(password("correct horse battery")).await.is_ok() }
            })
        });
        let tries: Vec<_> = tries.collect();
        let mut done = 0;
        for one in tries {
            done += usize::from(one.await.unwrap());
        }
        assert_eq!(done, 2);
    }
}
