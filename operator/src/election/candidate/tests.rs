use k8s_openapi::api::coordination::v1::LeaseSpec;
use kube::api::ObjectMeta;
use proptest::prelude::*;

use super::*;

fn lease(holder: Option<&str>, version: u64) -> Lease {
    Lease {
        metadata: ObjectMeta { resource_version: Some(version.to_string()), ..ObjectMeta::default() },
        spec: Some(LeaseSpec { holder_identity: holder.map(str::to_owned), ..LeaseSpec::default() }),
    }
}

#[test]
fn a_lease_is_made_renewed_or_taken_over_when_nobody_holds_it() {
    let now = Instant::now();
    let mut me = Candidate::new("me");
    assert_eq!(me.decide(None, now), Decision::Create);
    assert_eq!(me.decide(Some(&lease(Some("me"), 1)), now), Decision::Renew);
    assert_eq!(me.decide(Some(&lease(None, 2)), now), Decision::Take);
    assert_eq!(me.decide(Some(&lease(Some(""), 3)), now), Decision::Take);
    assert_eq!(me.decide(Some(&lease(Some("other"), 4)), now), Decision::Wait);
}

#[test]
fn a_lease_of_another_is_taken_over_when_it_was_not_renewed_for_its_whole_time() {
    let start = Instant::now();
    let mut me = Candidate::new("me");
    let mut at = |seconds: u64, version: u64| me.decide(Some(&lease(Some("other"), version)), start + Duration::from_secs(seconds));
    // However old it was when it was first seen.
    assert_eq!(at(100, 1), Decision::Wait);
    assert_eq!(at(114, 1), Decision::Wait);
    // Renewed, so the time begins anew.
    assert_eq!(at(114, 2), Decision::Wait);
    assert_eq!(at(128, 2), Decision::Wait);
    assert_eq!(at(129, 2), Decision::Take);
}

#[test]
fn nothing_may_be_written_before_a_lease_or_after_its_deadline() {
    let now = Instant::now();
    let mut me = Candidate::new("me");
    assert!(!me.may_write(now));
    me.written(now);
    assert!(me.may_write(now + DEADLINE - Duration::from_millis(1)));
    assert!(!me.may_write(now + DEADLINE));
}

#[test]
fn who_sees_another_in_its_place_writes_no_more() {
    let now = Instant::now();
    let mut me = Candidate::new("me");
    me.written(now);
    assert_eq!(me.decide(Some(&lease(Some("other"), 1)), now), Decision::Wait);
    assert!(!me.may_write(now));
}

/// The Lease as an API server keeps it: a write with an old version is a conflict.
#[derive(Default)]
struct Server {
    holder: Option<String>,
    version: u64,
}

impl Server {
    fn lease(&self) -> Option<Lease> {
        (self.version > 0).then(|| lease(self.holder.as_deref(), self.version))
    }

    /// Writes, if nobody else has since `version` was read.
    fn write(&mut self, holder: &str, version: u64) -> bool {
        let is_current = self.version == version;
        if is_current {
            self.holder = Some(holder.to_owned());
            self.version += 1;
        }
        is_current
    }
}

/// A step of one candidate: when it starts after the step before, how long reading and writing take, and whether the
/// write or its answer is lost. A process that is stopped for a while is a slow one.
#[derive(Clone, Debug)]
struct Step {
    who: usize,
    after: u64,
    reading: u64,
    writing: u64,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Arrives,
    IsLost,
    AnswerIsLost,
}

fn step() -> impl Strategy<Value = Step> {
    let span = prop_oneof![8 => 0..2_000_u64, 1 => 0..20_000_u64];
    let fate = prop_oneof![8 => Just(Fate::Arrives), 1 => Just(Fate::IsLost), 1 => Just(Fate::AnswerIsLost)];
    (0..3_usize, span.clone(), span.clone(), span, fate).prop_map(|(who, after, reading, writing, fate)| Step {
        who,
        after,
        reading,
        writing,
        fate,
    })
}

/// A write that is under way.
struct Written {
    who: usize,
    at: u64,
    asked: Instant,
    version: u64,
    fate: Fate,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Whatever is slow, lost or stopped: at no time may two of them write.
    #[test]
    fn there_are_never_two_that_may_write(steps in proptest::collection::vec(step(), 1..80)) {
        let start = Instant::now();
        let time = |millisecond: u64| start + Duration::from_millis(millisecond);
        let mut server = Server::default();
        let mut candidates: Vec<_> = ["a", "b", "c"].map(Candidate::new).into();
        let mut under_way: Vec<Written> = Vec::new();
        let mut now = 0;
        for step in steps {
            now += step.after;
            // What arrives at the server before this step reads.
            under_way.sort_by_key(|write| write.at);
            for write in under_way.extract_if(.., |write| write.at <= now) {
                let identity = candidates[write.who].identity().to_owned();
                let is_kept = write.fate != Fate::IsLost && server.write(&identity, write.version);
                if is_kept && write.fate == Fate::Arrives {
                    candidates[write.who].written(write.asked);
                }
            }
            let lease = server.lease();
            let asked = time(now + step.reading);
            let decision = candidates[step.who].decide(lease.as_ref(), asked);
            if decision != Decision::Wait {
                let at = now + step.reading + step.writing;
                under_way.push(Written { who: step.who, at, asked, version: server.version, fate: step.fate });
            }
            let writers = candidates.iter().filter(|candidate| candidate.may_write(time(now))).count();
            prop_assert!(writers <= 1, "{writers} may write at {now} ms");
        }
    }
}
