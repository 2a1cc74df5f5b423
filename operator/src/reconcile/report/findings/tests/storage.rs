//! Volumes that are refused. What the API server says of them is in the tests with one.

use super::*;
use crate::reconcile::conditions::VOLUMES_APPLIED;

#[test]
fn a_volume_that_was_refused_stays_told_while_nobody_looks_and_no_longer() {
    let (cluster, platform, outcome) = applied(minimal(), Progress::Migrated, true);
    let refused = Finding::new(VOLUMES_APPLIED, Truth::False, "ApplyFailed", "it cannot grow");
    let old = merged(&[], vec![refused.clone()], Some(1), Timestamp::UNIX_EPOCH);
    let told = |view: View<'_>| findings(&cluster, view, &old).into_iter().find(|finding| finding.type_ == VOLUMES_APPLIED);
    assert_eq!(told(View::Paused), Some(refused));
    assert_eq!(told(View::Applied(&platform, &outcome)), None);
}
