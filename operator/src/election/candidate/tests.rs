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

#[test]
fn a_lease_that_is_deleted_is_made_by_its_holder_at_once_and_by_others_after_its_whole_time() {
    let start = Instant::now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let mut holder = Candidate::new("holder");
    holder.written(at(0));
    assert_eq!(holder.decide(None, at(9)), Decision::Create);
    // One that could not renew for so long may have had a successor.
    assert_eq!(holder.decide(None, at(10)), Decision::Wait);
    assert_eq!(holder.decide(None, at(24)), Decision::Wait);
    assert_eq!(holder.decide(None, at(25)), Decision::Create);

    let mut other = Candidate::new("other");
    assert_eq!(other.decide(Some(&lease(Some("holder"), 1)), at(0)), Decision::Wait);
    // However long ago it last saw it: the holder may have renewed it until it was deleted.
    assert_eq!(other.decide(None, at(20)), Decision::Wait);
    assert_eq!(other.decide(None, at(34)), Decision::Wait);
    // The holder has made it again, so the time begins anew.
    assert_eq!(other.decide(Some(&lease(Some("holder"), 2)), at(34)), Decision::Wait);
    assert_eq!(other.decide(None, at(36)), Decision::Wait);
    assert_eq!(other.decide(None, at(51)), Decision::Create);
}

/// The Lease as an API server keeps it: a write with an old version is a conflict. No version comes twice.
#[derive(Default)]
struct Server {
    holder: Option<String>,
    is_there: bool,
    version: u64,
}

impl Server {
    fn lease(&self) -> Option<Lease> {
        self.is_there.then(|| lease(self.holder.as_deref(), self.version))
    }

    /// The version of the Lease; none, if there is no Lease.
    fn version(&self) -> Option<u64> {
        self.is_there.then_some(self.version)
    }

    /// Writes, if nobody else has since `version` was read.
    fn write(&mut self, holder: &str, version: Option<u64>) -> bool {
        let is_current = self.version() == version;
        if is_current {
            self.holder = Some(holder.to_owned());
            self.is_there = true;
            self.version += 1;
        }
        is_current
    }

    fn delete(&mut self) {
        self.is_there = false;
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

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    Step(Step),
    /// Somebody deletes the Lease.
    Deletion,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![8 => step().prop_map(Event::Step), 1 => Just(Event::Deletion)]
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
    version: Option<u64>,
    fate: Fate,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Whatever is slow, lost, stopped or deleted: at no time may two of them write. But whoever begins while the Lease is deleted
    /// makes another at once, as if it were the first: so it is deleted here when everybody knows of it, and nobody makes one.
    #[test]
    fn there_are_never_two_that_may_write(events in proptest::collection::vec(event(), 1..80)) {
        let start = Instant::now();
        let time = |millisecond: u64| start + Duration::from_millis(millisecond);
        let mut server = Server::default();
        let mut candidates: Vec<_> = ["a", "b", "c"].map(Candidate::new).into();
        let mut knows = [false; 3];
        let mut under_way: Vec<Written> = Vec::new();
        let mut now = 0;
        for event in events {
            let Event::Step(step) = event else {
                if knows == [true; 3] && under_way.iter().all(|write| write.version.is_some()) {
                    server.delete();
                }
                continue;
            };
            now += step.after;
            // What arrives at the server before this step reads.
            under_way.sort_by_key(|write| write.at);
            for write in under_way.extract_if(.., |write| write.at <= now) {
                let identity = candidates[write.who].identity().to_owned();
                let is_kept = write.fate != Fate::IsLost && server.write(&identity, write.version);
                if is_kept && write.fate == Fate::Arrives {
                    candidates[write.who].written(write.asked);
                    knows[write.who] = true;
                }
            }
            let lease = server.lease();
            knows[step.who] = lease.is_some();
            let asked = time(now + step.reading);
            let decision = candidates[step.who].decide(lease.as_ref(), asked);
            if decision != Decision::Wait {
                let at = now + step.reading + step.writing;
                under_way.push(Written { who: step.who, at, asked, version: server.version(), fate: step.fate });
            }
            let writers = candidates.iter().filter(|candidate| candidate.may_write(time(now))).count();
            prop_assert!(writers <= 1, "{writers} may write at {now} ms");
        }
    }
}
