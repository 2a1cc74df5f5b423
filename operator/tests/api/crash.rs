//! An operator that dies in the middle of its work, and the next one, which knows nothing of it.
//!
//! A crash between two reads is one before the next write, so every write is tried, once with and once without its effect.
//! `PROVE=1` tries all of them; otherwise it is a sample, the same each time, or another with `SEED`.

use std::collections::BTreeSet;

use futures::StreamExt;
use kube::ResourceExt;
use kube::api::DeleteParams;
use operator::crd::SocialPlatform;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::backups::jobs_of;
use crate::dying::{Death, Moment};
use crate::everything::everything;
use crate::harness::{Harness, development, eventually};
use crate::record::Record;
use crate::work::{Work, operate, settled};

/// How many crashes are tried unless all are.
const SAMPLE: usize = 30;
/// How many at the same time.
const AT_ONCE: usize = 4;

/// What there is in the end when nobody dies, and how many writes it takes.
async fn undisturbed(work: Work) -> (Work, Vec<String>, usize) {
    let harness = Harness::prepare("undisturbed").await;
    let death = Death::never();
    let operator = operate(&harness, &death);
    work.prepare(&harness).await;
    let before = death.writes();
    work.begin(&harness).await;
    settled(&harness).await;
    let writes = death.writes() - before;
    operator.kill().await;
    work.meanwhile(&harness).await;
    let end = match work {
        Work::Deleting => Vec::new(),
        _ => everything(&harness).await,
    };
    work.judge(&end);
    (work, end, writes)
}

/// Dies once at `work`, and compares what the next operator ends with. Did it die?
async fn dies(work: Work, at: usize, moment: Moment, expected: &[String]) -> bool {
    let harness = Harness::prepare("crash").await;
    let first = harness.operate(harness.observed());
    work.prepare(&harness).await;
    first.kill().await;
    let record = Record::of(&harness, &["backup", "restore"]);
    let death = Death::at(at, moment);
    let mortal = operate(&harness, &death);
    work.begin(&harness).await;
    // It may take a write less than the first time: then it does not die.
    let died = tokio::select! {
        () = death.came() => true,
        () = settled(&harness) => false,
    };
    mortal.kill().await;
    work.meanwhile(&harness).await;

    let next = harness.operate(harness.observed());
    settled(&harness).await;
    let point = format!("{work:?}, at write {at}, {moment:?}");
    eventually(&format!("{point}: the same objects"), || async {
        let found = everything(&harness).await;
        let (found, expected): (BTreeSet<_>, BTreeSet<_>) = (found.iter().collect(), expected.iter().collect());
        let differing: Vec<_> = found.symmetric_difference(&expected).collect();
        if differing.is_empty() { Ok(()) } else { Err(format!("{differing:#?}")) }
    })
    .await;
    one_job_a_version(&harness, &point).await;
    // A second restore would find a database that is not empty any more.
    assert!(record.count() <= 1, "{point}: {} backups or restores", record.count());
    next.kill().await;
    died
}

/// Fails if a release was migrated to more than once.
pub async fn one_job_a_version(harness: &Harness, point: &str) {
    let jobs = jobs_of(harness, "migrate").await;
    let versions: Vec<_> = jobs.iter().map(|job| job.labels()["app.kubernetes.io/version"].clone()).collect();
    let distinct: BTreeSet<_> = versions.iter().collect();
    assert_eq!(versions.len(), distinct.len(), "{point}: {versions:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wherever_an_operator_dies_the_next_one_ends_with_the_same_objects() {
    let ends: Vec<_> = futures::stream::iter(Work::ALL.map(undisturbed)).buffered(AT_ONCE).collect().await;
    let mut points = Vec::new();
    for (work, expected, writes) in &ends {
        for at in 1..=*writes {
            points.extend([Moment::Before, Moment::After].map(|moment| (*work, at, moment, expected)));
        }
    }
    let all = points.len();
    if std::env::var("PROVE").is_err() {
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
        points.shuffle(&mut StdRng::seed_from_u64(seed));
        points.truncate(SAMPLE);
    }
    let tried = points.len();
    let crashes = points.into_iter().map(|(work, at, moment, expected)| dies(work, at, moment, expected));
    let died = futures::stream::iter(crashes).buffer_unordered(AT_ONCE).collect::<Vec<bool>>().await;
    let died = died.into_iter().filter(|died| *died).count();
    println!("{died} of {tried} died, of the {all} crashes that there may be");
    // How many writes something takes differs a little from time to time.
    assert!(died * 4 >= tried * 3, "only {died} of {tried} died");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_can_be_deleted_while_the_operator_is_dead() {
    let harness = Harness::prepare("orphaned").await;
    let operator = harness.operate(harness.observed());
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    operator.kill().await;
    harness.api::<SocialPlatform>().delete("demo", &DeleteParams::default()).await.unwrap();
    eventually("only what is retained is left", || async {
        let left = everything(&harness).await;
        let owned = left.iter().filter(|object| !object.contains(r#""owners":0"#)).count();
        if owned == 0 && !left.is_empty() { Ok(()) } else { Err(format!("{owned} of {} are owned", left.len())) }
    })
    .await;
    // The next one finds what stayed, and makes nothing of it.
    harness.requests.clear();
    let next = harness.operate(harness.observed());
    harness.create(&development()).await;
    harness.wait_until_ready().await;
    next.kill().await;
}
