//! Hashing passwords, with bounded memory: so many at once, so many waiting, and no more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, try_generate_salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use opentelemetry::metrics::UpDownCounter;
use serving::Problem;
use tokio::sync::Semaphore;

use crate::metrics;
use crate::password::{MOST_BYTES, Password};

static WAITING: LazyLock<UpDownCounter<i64>> = LazyLock::new(|| {
    telemetry::meter()
        .i64_up_down_counter("socialplatform.auth.password_hashes")
        .with_unit("{hash}")
        .with_description("Password hashes that run or wait.")
        .build()
});

/// OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
fn params() -> Params {
    Params::new(19 * 1024, 2, 1, None).expect("the parameters are in range")
}

/// Hashes a password with a new salt.
fn make(password: &[u8], memory: &mut Vec<Block>) -> password_hash::Result<PasswordHash> {
    let salt = try_generate_salt()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params());
    let hash = output(&argon2, password, &salt, memory)?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(hash),
    })
}

/// Is it the password of this PHC string?
fn is_of(stored: &str, password: &[u8], memory: &mut Vec<Block>) -> password_hash::Result<bool> {
    let stored = PasswordHash::new(stored)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
    let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(&stored)?);
    // They are compared in constant time.
    Ok(output(&argon2, password, salt, memory)? == *expected)
}

/// One hash. It does not matter what was in the memory before: each block is written before it is read.
fn output(argon2: &Argon2<'_>, password: &[u8], salt: &[u8], memory: &mut Vec<Block>) -> password_hash::Result<Output> {
    let params = argon2.params();
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::new());
    }
    let mut bytes = [0; Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let bytes = bytes.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
    argon2.hash_password_into_with_memory(password, salt, bytes, memory.as_mut_slice())?;
    Ok(Output::new(bytes)?)
}

/// The memory of hashes. To get it from the system page by page costs a good part of a hash, so it goes on to the next one
/// while hashes wait, and back to the system when none does. There is never more than hashes run at once.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn take(&self) -> Vec<Block> {
        self.0.lock().expect("no holder panics").pop().unwrap_or_default()
    }

    fn give_back(&self, memory: Vec<Block>, is_wanted: bool) {
        let mut free = self.0.lock().expect("no holder panics");
        match is_wanted {
            true => free.push(memory),
            false => free.clear(),
        }
    }
}

/// Hashes, in turns.
#[derive(Clone)]
pub(crate) struct Hasher {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    memory: Arc<Memory>,
    /// Verified in place of an account that does not exist, so that both take the same time.
    nobody: Arc<str>,
}

impl Hasher {
    pub(crate) fn new(at_once: usize, waiting: usize) -> Self {
        metrics::hash_places(at_once + waiting);
        let nobody = make(b"nobody has this password", &mut Vec::new()).expect("hashing a constant works").to_string();
        Self {
            running: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once + waiting)),
            waiting: Arc::default(),
            memory: Arc::default(),
            nobody: nobody.into(),
        }
    }

    /// The PHC string to store.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Problem> {
        self.run(move |memory| make(password.expose().as_bytes(), memory).map(|hash| hash.to_string()))
            .await?
            .map_err(|error| Problem::internal(error.to_string()))
    }

    /// Is it the password of the stored hash? `None` stands for an account that does not exist: as much work, and no.
    pub(crate) async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool, Problem> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let same = self
            .run(move |memory| {
                // A password over the limit cannot have been chosen, and must not cost more than others.
                let typed = if password.expose().len() > MOST_BYTES { "" } else { password.expose() };
                is_of(&stored, typed.as_bytes(), memory).unwrap_or(false)
            })
            .await?;
        Ok(same && exists)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static) -> Result<T, Problem> {
        let Ok(_admitted) = self.admitted.clone().try_acquire_owned() else {
            metrics::hash_refused();
            return Err(Problem::unavailable("Too many people are signing in right now. Try again.", Duration::from_secs(2)));
        };
        let _counted = Counted::new();
        let asked = Instant::now();
        let in_line = InLine::new(&self.waiting);
        let running = self.running.clone().acquire_owned().await.expect("the semaphore is never closed");
        drop(in_line);
        metrics::hash_waited(asked.elapsed());
        let (span, memory, waiting) = (tracing::Span::current(), self.memory.clone(), self.waiting.clone());
        let task = tokio::task::spawn_blocking(move || {
            // Held here and not by the caller: a caller that hangs up leaves the work running.
            let _running = running;
            let mut blocks = memory.take();
            let done = span.in_scope(|| tracing::info_span!("argon2", otel.name = "argon2id").in_scope(|| work(&mut blocks)));
            memory.give_back(blocks, waiting.load(Ordering::Relaxed) > 0);
            done
        });
        task.await.map_err(Problem::internal)
    }
}

/// One that waits for its turn, until it has come or is given up.
struct InLine(Arc<AtomicUsize>);

impl InLine {
    fn new(waiting: &Arc<AtomicUsize>) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting.clone())
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
    use argon2::password_hash::PasswordVerifier;
    use serde_json::json;

    use super::*;

    fn password(text: &str) -> Password {
        serde_json::from_value(json!(text)).unwrap()
    }

    #[test]
    fn what_was_in_the_memory_before_changes_nothing() {
        let mut memory = Vec::new();
        let stored = make(b"correct horse battery", &mut memory).unwrap().to_string();
        assert!(!is_of(&stored, b"something else", &mut memory).unwrap());
        assert!(is_of(&stored, b"correct horse battery", &mut memory).unwrap());
        assert!(Argon2::default().verify_password(b"correct horse battery", stored.as_str()).is_ok());
    }

    #[test]
    fn memory_grows_to_what_a_hash_takes() {
        let mut memory = Vec::new();
        let small = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 3, 1, Some(24)).unwrap());
        let hash = output(&small, b"correct horse battery", b"some salt", &mut memory).unwrap();
        assert_eq!((hash.len(), memory.len()), (24, 64));
        let stored = make(b"correct horse battery", &mut memory).unwrap().to_string();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(memory.len(), 19 * 1024);
        assert_eq!(hash, output(&small, b"correct horse battery", b"some salt", &mut memory).unwrap(), "and may be larger");
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_only() {
        let hasher = Hasher::new(1, 1);
        let stored = hasher.hash(password("correct horse battery")).await.unwrap();
        assert!(hasher.verify(password("correct horse battery"), Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify(password("correct horse batterz"), Some(stored)).await.unwrap());
        assert!(!hasher.verify(password("nobody has this password"), None).await.unwrap());
        assert!(!hasher.verify(password("correct horse battery"), Some("no hash".to_owned())).await.unwrap());
    }

    #[tokio::test]
    async fn more_than_may_wait_are_turned_away_and_memory_goes_back_when_nobody_waits() {
        let hasher = Hasher::new(2, 4);
        let tries = (0..12).map(|_| {
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
        assert_eq!(done, 6);
        assert_eq!(hasher.memory.0.lock().unwrap().len(), 0);
    }
}
