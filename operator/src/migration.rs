//! Which migration Job is due.
//!
//! A Job cannot be changed once made, so its name says what it is: the release, a hash of what goes in, and the number
//! of the attempt. A failed attempt stays, so that its pod can be read, until the next one starts. Which may start is up to the
//! resource: a release may need a person's approval, and attempts may be counted.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{Job, JobStatus};
use kube::ResourceExt;

use crate::crd::MigrationStatus;

/// On a migration Job: the release it migrates to.
pub const VERSION_LABEL: &str = "app.kubernetes.io/version";
/// On a migration Job: a hash of what goes in.
pub const KEY_LABEL: &str = "socialplatform.dev/migration";
/// On a migration Job: the number of the attempt, from 1.
pub const ATTEMPT_LABEL: &str = "socialplatform.dev/attempt";

/// The wait after the first failure; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// A Job's name has room for two digits.
const LAST_DIGITS: u32 = 99;
/// The digits after the last: the Job that had them before went long ago.
const AFTER_THE_LAST: u32 = 50;

/// Which attempts may start, as the resource says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Whether the release is approved; if not, none may.
    pub approved: bool,
    /// How many times a failed one is followed by another; without end, if none.
    pub retries: Option<u32>,
}

/// A migration Job that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Its name.
    pub job: String,
    /// The release it migrates to.
    pub version: String,
    /// A hash of what goes in.
    pub key: String,
    /// From 1.
    pub number: u32,
    /// When it was made.
    pub made: Option<Timestamp>,
    /// How far it is.
    pub state: State,
}

/// How far a Job is.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Neither complete nor failed.
    Running,
    /// It went through.
    Complete,
    /// It failed, then.
    Failed(Timestamp),
}

impl Attempt {
    /// Reads a Job of ours; none if it is not a migration.
    pub fn of(job: &Job) -> Option<Self> {
        let label = |name: &str| job.labels().get(name).cloned();
        Some(Self {
            job: job.name_any(),
            version: label(VERSION_LABEL)?,
            key: label(KEY_LABEL)?,
            number: label(ATTEMPT_LABEL)?.parse().ok()?,
            made: job.metadata.creation_timestamp.as_ref().map(|time| time.0),
            state: state(job.status.as_ref()),
        })
    }

    /// When the next attempt is due, if this one failed and another may follow.
    pub fn retry_at(&self, allowance: Allowance) -> Option<Timestamp> {
        let State::Failed(failed) = self.state else { return None };
        let is_last = allowance.retries.is_some_and(|retries| self.number > retries);
        if !allowance.approved || is_last {
            return None;
        }
        let doublings = self.number.saturating_sub(1).min(16);
        let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
        Some(failed.saturating_add(wait).unwrap_or(Timestamp::MAX))
    }
}

/// All migration Jobs among `jobs`.
pub fn attempts(jobs: &[Arc<Job>]) -> Vec<Attempt> {
    jobs.iter().filter_map(|job| Attempt::of(job)).collect()
}

/// How far a Job is, by its conditions.
pub fn state(status: Option<&JobStatus>) -> State {
    let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let true_one = |type_: &str| conditions.iter().find(|condition| condition.type_ == type_ && condition.status == "True");
    if true_one("Complete").is_some() {
        return State::Complete;
    }
    match true_one("Failed") {
        Some(condition) => {
            let at = condition.last_transition_time.as_ref().map(|time| time.0);
            State::Failed(at.unwrap_or(Timestamp::UNIX_EPOCH))
        }
        None => State::Running,
    }
}

/// The number of the attempt that should exist for `key` now: the last one there is, or the one after a failed one whose
/// wait is over. Whether the first one may start is not asked here.
pub fn due(attempts: &[Attempt], key: &str, allowance: Allowance, now: Timestamp) -> u32 {
    // By time, as an older operator let numbers come round again.
    let last = attempts.iter().filter(|attempt| attempt.key == key).max_by_key(|attempt| (attempt.made, attempt.number));
    match last {
        None => 1,
        Some(last) if last.retry_at(allowance).is_some_and(|at| at <= now) => last.number.saturating_add(1),
        Some(last) => last.number,
    }
}

/// Has the work of `job` gone through before, as `last` says? Then nothing waits for it, whatever became of its Jobs.
pub fn is_through(last: Option<&MigrationStatus>, job: &str) -> bool {
    last.is_some_and(|last| is_same_work(&last.job, job))
}

/// The Jobs that nobody needs any more: all but the current one, those still running, and the newest of another release. While the
/// current one is not made, the newest of the same work stays, as it says how many there were.
pub fn superseded(attempts: &[Attempt], current: &str, version: &str) -> Vec<String> {
    let before =
        attempts.iter().filter(|attempt| attempt.version != version).max_by_key(|attempt| attempt.made).map(|attempt| attempt.job.as_str());
    let same = attempts.iter().filter(|attempt| is_same_work(&attempt.job, current));
    let last = same.max_by_key(|attempt| (attempt.made, attempt.number)).map(|attempt| attempt.job.as_str());
    attempts
        .iter()
        .filter(|attempt| attempt.job != current && ![before, last].contains(&Some(attempt.job.as_str())))
        .filter(|attempt| attempt.state != State::Running)
        .map(|attempt| attempt.job.clone())
        .collect()
}

/// A termination message may begin with a reason, as in `RolesMissing: run this as a superuser`.
pub fn reason_of<'a>(message: &'a str, otherwise: &'a str) -> (&'a str, &'a str) {
    let is_reason = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().all(|c| c.is_ascii_alphanumeric());
    match message.split_once(": ") {
        Some((reason, rest)) if is_reason(reason) => (reason, rest),
        _ => (otherwise, message),
    }
}

/// Are two Jobs, by their names, attempts at the same?
pub fn is_same_work(one: &str, other: &str) -> bool {
    let without_number = |name: &str| name.rsplit_once('-').map(|(work, _)| work.to_owned());
    without_number(one).is_some() && without_number(one) == without_number(other)
}

/// The name of a Job: at most 63 characters for a platform's name of at most 30.
pub fn job_name(platform: &str, version: &str, key: &str, number: u32) -> String {
    let slug: String = version.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(12).collect();
    let digits = if number <= LAST_DIGITS { number } else { AFTER_THE_LAST + number % AFTER_THE_LAST };
    format!("{platform}-migrate-{}-{key}-{digits}", slug.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALWAYS: Allowance = Allowance { approved: true, retries: None };

    fn limited(retries: u32) -> Allowance {
        Allowance { retries: Some(retries), ..ALWAYS }
    }

    fn attempt(version: &str, key: &str, number: u32, made: i64, state: State) -> Attempt {
        Attempt {
            job: job_name("demo", version, key, number),
            version: version.into(),
            key: key.into(),
            number,
            made: Some(Timestamp::from_second(made).unwrap()),
            state,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_message_without_a_reason_gets_one() {
        let of = |message| reason_of(message, "MigrationFailed");
        assert_eq!(of("RolesMissing: do this"), ("RolesMissing", "do this"));
        assert_eq!(of("failed to connect: refused"), ("MigrationFailed", "failed to connect: refused"));
        assert_eq!(of(""), ("MigrationFailed", ""));
    }

    #[test]
    fn the_first_attempt_is_number_one() {
        assert_eq!(due(&[], "k", ALWAYS, at(0)), 1);
        assert_eq!(due(&[attempt("1", "other", 3, 0, State::Complete)], "k", ALWAYS, at(0)), 1);
    }

    #[test]
    fn a_running_or_complete_attempt_is_the_one() {
        for state in [State::Running, State::Complete] {
            assert_eq!(due(&[attempt("1", "k", 2, 0, state)], "k", ALWAYS, at(9999)), 2);
        }
    }

    #[test]
    fn a_failed_attempt_is_followed_after_a_wait_that_doubles() {
        let first = [attempt("1", "k", 1, 0, State::Failed(at(100)))];
        assert_eq!(due(&first, "k", ALWAYS, at(129)), 1);
        assert_eq!(due(&first, "k", ALWAYS, at(130)), 2);
        let second = [first[0].clone(), attempt("1", "k", 2, 130, State::Failed(at(200)))];
        assert_eq!(due(&second, "k", ALWAYS, at(259)), 2);
        assert_eq!(due(&second, "k", ALWAYS, at(260)), 3);
    }

    #[test]
    fn the_wait_has_an_end() {
        let late = attempt("1", "k", 40, 0, State::Failed(at(0)));
        assert_eq!(late.retry_at(ALWAYS), Some(at(600)));
    }

    #[test]
    fn attempts_never_end_unless_they_are_counted() {
        let late = attempt("1", "k", 150, 1000, State::Failed(at(2000)));
        assert_eq!(due(std::slice::from_ref(&late), "k", ALWAYS, at(2599)), 150);
        assert_eq!(due(std::slice::from_ref(&late), "k", ALWAYS, at(2600)), 151);
        assert_eq!(due(std::slice::from_ref(&late), "k", limited(99), at(9999)), 150);
    }

    #[test]
    fn numbers_that_an_older_operator_began_anew_go_on_from_the_last() {
        let older = attempt("1", "k", 99, 1000, State::Failed(at(2000)));
        let newer = attempt("1", "k", 50, 2600, State::Failed(at(3000)));
        assert_eq!(due(&[older.clone(), newer.clone()], "k", ALWAYS, at(3599)), 50);
        assert_eq!(due(&[newer, older], "k", ALWAYS, at(3600)), 51);
    }

    #[test]
    fn a_failed_attempt_is_followed_as_often_as_is_allowed() {
        for retries in [0, 1, 98, 99] {
            let failed = |number| attempt("1", "k", number, 0, State::Failed(at(0)));
            let due = |number| due(&[failed(number)], "k", limited(retries), at(9999));
            assert_eq!((due(retries + 1), failed(retries + 1).retry_at(limited(retries))), (retries + 1, None), "the last one");
            if retries > 0 {
                assert_eq!(due(retries), retries + 1, "the one before");
            }
            let raised = limited(retries + 1);
            assert_eq!(super::due(&[failed(retries + 1)], "k", raised, at(9999)), retries + 2, "once the limit is raised");
        }
        assert_eq!(due(&[], "k", limited(0), at(9999)), 1, "the failed Job was deleted");
    }

    #[test]
    fn what_is_not_approved_is_not_tried_again() {
        let unapproved = Allowance { approved: false, ..ALWAYS };
        let failed = attempt("1", "k", 1, 0, State::Failed(at(100)));
        assert_eq!(failed.retry_at(unapproved), None);
        assert_eq!(due(&[failed], "k", unapproved, at(9999)), 1);
    }

    #[test]
    fn only_the_same_work_has_gone_through_before() {
        let last = MigrationStatus { version: "1".into(), job: job_name("demo", "1", "k", 3), completed_at: None };
        assert!(is_through(Some(&last), &job_name("demo", "1", "k", 1)));
        assert!(!is_through(Some(&last), &job_name("demo", "1", "l", 1)));
        assert!(!is_through(None, &job_name("demo", "1", "k", 1)));
    }

    #[test]
    fn jobs_are_kept_for_one_release_more() {
        let attempts = [
            attempt("1", "a", 1, 10, State::Complete),
            attempt("2", "b", 1, 20, State::Failed(at(25))),
            attempt("2", "b", 2, 30, State::Complete),
            attempt("3", "c", 1, 40, State::Failed(at(45))),
            attempt("3", "c", 2, 50, State::Running),
        ];
        let gone = superseded(&attempts, &attempts[4].job, "3");
        assert_eq!(gone, [&attempts[0].job, &attempts[1].job, &attempts[3].job].map(Clone::clone));
    }

    #[test]
    fn the_last_failed_attempt_is_kept_until_the_next_one_is_made() {
        let failed = |number, made| attempt("2", "k", number, made, State::Failed(at(made + 5)));
        let before = attempt("1", "a", 1, 10, State::Complete);
        let attempts = [before, failed(1, 20), failed(2, 60)];
        assert_eq!(superseded(&attempts, &job_name("demo", "2", "k", 3), "2"), [attempts[1].job.clone()], "it waits for a store");
        let next = attempt("2", "k", 3, 130, State::Running);
        let gone = superseded(&[attempts.to_vec(), vec![next.clone()]].concat(), &next.job, "2");
        assert_eq!(gone, [attempts[1].job.clone(), attempts[2].job.clone()]);
    }

    #[test]
    fn a_running_job_is_left_to_end() {
        let attempts = [attempt("1", "a", 1, 10, State::Running), attempt("1", "b", 1, 20, State::Running)];
        assert!(superseded(&attempts, &attempts[1].job, "1").is_empty());
    }

    #[test]
    fn two_attempts_are_at_the_same_work() {
        let name = |version, key, number| job_name("demo", version, key, number);
        assert!(is_same_work(&name("1", "k", 1), &name("1", "k", 12)));
        assert!(!is_same_work(&name("1", "k", 1), &name("2", "k", 1)));
        assert!(!is_same_work(&name("1", "k", 1), &name("1", "l", 1)));
    }

    #[test]
    fn a_job_name_is_a_label_value_whatever_the_version() {
        let name = job_name(&"p".repeat(30), "2026.11.21_RC1-with-more", "0123abcd", LAST_DIGITS);
        assert_eq!(name, format!("{}-migrate-2026-11-21-r-0123abcd-99", "p".repeat(30)));
        assert!(name.len() <= 63);
    }

    #[test]
    fn the_digits_of_a_name_come_round_and_never_meet_the_attempt_before() {
        let digits = |number| job_name("demo", "1", "k", number).rsplit_once('-').unwrap().1.to_owned();
        assert_eq!([1, 99, 100, 101, 149, 150].map(digits), ["1", "99", "50", "51", "99", "50"]);
        assert!((1..1000).all(|number| digits(number) != digits(number + 1)));
    }
}
