//! The same work without a platform around it.

use std::time::{Duration, Instant};

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use tokio::task::JoinSet;

use crate::{Failure, Result};

/// Verifies a stored hash, with the parameters that it names, on so many threads.
pub async fn hashes_per_second(stored: &str, password: &str, threads: usize, time: Duration) -> Result<f64> {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..threads {
        let (stored, password) = (stored.to_owned(), password.to_owned());
        running.spawn_blocking(move || {
            let mut hashes = 0_u32;
            while began.elapsed() < time {
                let verified = Argon2::default().verify_password(password.as_bytes(), stored.as_str());
                verified.map_err(|error| format!("the stored hash is not of this password: {error}"))?;
                hashes += 1;
            }
            Ok::<_, Failure>(hashes)
        });
    }
    let mut hashes = 0;
    while let Some(of_one) = running.join_next().await {
        hashes += of_one??;
    }
    Ok(f64::from(hashes) / began.elapsed().as_secs_f64())
}
