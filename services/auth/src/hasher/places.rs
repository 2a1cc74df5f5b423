//! Who may wait for a hash: so many in all, and of one network no more than a part of them, so that nobody who sends many
//! at once shuts all others out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serving::Problem;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics;
use crate::source::Source;

/// One network has one place in so many, and one at the least.
const PART: usize = 4;
/// After this a place may be free.
const PAUSE: Duration = Duration::from_secs(2);

/// The places.
#[derive(Clone)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    networks: Networks,
    most_of_one: usize,
}

/// How many places each network has that has any.
type Networks = Arc<Mutex<HashMap<String, usize>>>;

/// A place, until it is dropped.
pub(super) struct Place {
    network: String,
    networks: Networks,
    _of_all: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(all: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), networks: Networks::default(), most_of_one: (all / PART).max(1) }
    }

    /// A place for somebody who comes from there. 429 if their network has its part, 503 if all are taken.
    pub(super) fn take(&self, source: &Source) -> Result<Place, Problem> {
        let network = source.network();
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = networks.get(&network).copied().unwrap_or_default();
        if taken >= self.most_of_one {
            tracing::warn!(event.name = "password_hashes.of_network", "refused a hash: too many of one network wait for one");
            return Err(Problem::too_many_requests(PAUSE));
        }
        let Ok(of_all) = self.all.clone().try_acquire_owned() else {
            metrics::hash_refused();
            return Err(Problem::unavailable("Too many people are signing in right now. Try again.", PAUSE));
        };
        networks.insert(network.clone(), taken + 1);
        drop(networks);
        Ok(Place { network, networks: self.networks.clone(), _of_all: of_all })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        match networks.get_mut(&self.network) {
            Some(taken) if *taken > 1 => *taken -= 1,
            _ => {
                networks.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(place: &Result<Place, Problem>) -> u16 {
        place.as_ref().map_or_else(|problem| problem.status().as_u16(), |_| 201)
    }

    #[test]
    fn one_network_has_a_quarter_and_others_the_rest() {
        let places = Places::new(8);
        let [greedy, other] = ["192.0.2.1", "192.0.2.2"].map(Source::of);
        let mut taken: Vec<_> = (0..3).map(|_| places.take(&greedy)).collect();
        taken.push(places.take(&other));
        assert_eq!(taken.iter().map(status).collect::<Vec<_>>(), [201, 201, 429, 201]);
        drop(taken.remove(0));
        assert_eq!(status(&places.take(&greedy)), 201, "one was given back");
        drop(taken);
        assert!(places.networks.lock().unwrap().is_empty(), "who has no place is forgotten");
    }

    #[test]
    fn when_all_places_are_taken_nobody_gets_one() {
        let places = Places::new(5);
        let taken: Vec<_> = (0..6).map(|n| places.take(&Source::of(&format!("192.0.2.{n}")))).collect();
        assert_eq!(taken.iter().map(status).collect::<Vec<_>>(), [201, 201, 201, 201, 201, 503]);
        drop(taken);
        assert_eq!(status(&places.take(&Source::of("192.0.2.9"))), 201);
    }
}
