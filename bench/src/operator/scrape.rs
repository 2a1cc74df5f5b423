//! How many reconciles there were, and how long they took, by the operator's own metrics.

use std::net::SocketAddr;

use crate::Result;
use crate::call::Call;
use crate::connection::Connection;

/// The histogram `socialplatform.operator.reconcile.duration`, over all outcomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconciles {
    /// Upper bounds in seconds, and how many took no longer.
    buckets: Vec<(f64, f64)>,
    count: f64,
}

/// Asks the operator.
pub async fn reconciles(private: SocketAddr) -> Result<Reconciles> {
    let answer = Connection::open(private).await?.send(&Call::get("metrics", "/metrics")).await?;
    if !answer.status.is_success() {
        return Err(format!("/metrics answers {}", answer.status).into());
    }
    Ok(Reconciles::parse(&String::from_utf8_lossy(&answer.body)))
}

impl Reconciles {
    fn parse(text: &str) -> Self {
        let mut reconciles = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#') && line.contains("operator_reconcile_duration")) {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let Ok(value) = value.parse::<f64>() else { continue };
            if name.ends_with("_count") {
                reconciles.count += value;
            }
            let bound = labels.split(',').find_map(|label| label.strip_prefix("le=\"")?.split('"').next()?.parse::<f64>().ok());
            if let (true, Some(bound)) = (name.ends_with("_bucket"), bound) {
                reconciles.add(bound, value);
            }
        }
        reconciles.buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        reconciles
    }

    fn add(&mut self, bound: f64, count: f64) {
        match self.buckets.iter_mut().find(|(known, _)| *known == bound) {
            Some((_, counted)) => *counted += count,
            None => self.buckets.push((bound, count)),
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// Those after `before`.
    pub fn since(&self, before: &Self) -> Self {
        let mut since = self.clone();
        since.count -= before.count;
        for (bound, count) in &before.buckets {
            since.add(*bound, -count);
        }
        since
    }

    /// The smallest bound, in seconds, that this share of them did not exceed; 0 where there is none.
    pub fn percentile(&self, share: f64) -> f64 {
        let enough = (share * self.count).ceil();
        let bucket = self.buckets.iter().find(|(_, count)| *count >= enough);
        bucket.filter(|_| self.count > 0.0).map_or(0.0, |(bound, _)| *bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE socialplatform_operator_reconcile_duration_seconds histogram\n\
        socialplatform_operator_reconcile_duration_seconds_bucket{outcome=\"changed\",le=\"0.05\"} 3\n\
        socialplatform_operator_reconcile_duration_seconds_bucket{outcome=\"changed\",le=\"+Inf\"} 4\n\
        socialplatform_operator_reconcile_duration_seconds_bucket{outcome=\"unchanged\",le=\"0.05\"} 96\n\
        socialplatform_operator_reconcile_duration_seconds_bucket{outcome=\"unchanged\",le=\"+Inf\"} 96\n\
        socialplatform_operator_reconcile_duration_seconds_count{outcome=\"changed\"} 4\n\
        socialplatform_operator_reconcile_duration_seconds_count{outcome=\"unchanged\"} 96\n";

    #[test]
    fn outcomes_are_added_up() {
        let reconciles = Reconciles::parse(TEXT);
        assert_eq!(reconciles.count(), 100);
        assert_eq!([0.99, 1.0].map(|share| reconciles.percentile(share)), [0.05, f64::INFINITY]);
    }

    #[test]
    fn what_was_before_is_taken_off() {
        let reconciles = Reconciles::parse(TEXT);
        assert_eq!(reconciles.since(&Reconciles::default()), reconciles);
        assert_eq!(reconciles.since(&reconciles).count(), 0);
        assert_eq!(reconciles.since(&reconciles).percentile(0.99), 0.0);
    }
}
