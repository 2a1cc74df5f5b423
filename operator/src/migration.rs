//! Which migration Job is due.
//!
//! A Job cannot be changed once made, so its name says what it is: the release, a hash of what goes in, and the number
//! of the attempt. A failed attempt stays, so that its pod can be read, until the next one starts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{Job, JobStatus};
use kube::ResourceExt;

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
const LAST_ATTEMPT: u32 = 99;
/// The attempt after the last: the Job of that number went long ago, and its wait is the longest as well.
const AFTER_THE_LAST: u32 = 50;

/// A migration Job that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Its name.
    pub job: String,
    /// The release it migrates to.
    pub version: String,
    /// A hash of what goes in.
    pub key: String,
    /// From 1 to 99, and then from 50 again.
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

    /// When the next attempt is due, if this one failed.
    pub fn retry_at(&self) -> Option<Timestamp> {
        let State::Failed(failed) = self.state else { return None };
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
/// wait is over.
pub fn due(attempts: &[Attempt], key: &str, now: Timestamp) -> u32 {
    // By time, as numbers come round again.
    let last = attempts.iter().filter(|attempt| attempt.key == key).max_by_key(|attempt| (attempt.made, attempt.number));
    match last {
        None => 1,
        Some(last) => match last.retry_at() {
            Some(at) if at <= now && last.number >= LAST_ATTEMPT => AFTER_THE_LAST,
            Some(at) if at <= now => last.number + 1,
            _ => last.number,
        },
    }
}

/// The Jobs that nobody needs any more: all but the current one, those still running, and the newest of another release.
pub fn superseded(attempts: &[Attempt], current: &str, version: &str) -> Vec<String> {
    let before =
        attempts.iter().filter(|attempt| attempt.version != version).max_by_key(|attempt| attempt.made).map(|attempt| attempt.job.as_str());
    attempts
        .iter()
        .filter(|attempt| attempt.job != current && Some(attempt.job.as_str()) != before)
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
    format!("{platform}-migrate-{}-{key}-{number}", slug.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(due(&[], "k", at(0)), 1);
        assert_eq!(due(&[attempt("1", "other", 3, 0, State::Complete)], "k", at(0)), 1);
    }

    #[test]
    fn a_running_or_complete_attempt_is_the_one() {
        for state in [State::Running, State::Complete] {
            assert_eq!(due(&[attempt("1", "k", 2, 0, state)], "k", at(9999)), 2);
        }
    }

    #[test]
    fn a_failed_attempt_is_followed_after_a_wait_that_doubles() {
        let first = [attempt("1", "k", 1, 0, State::Failed(at(100)))];
        assert_eq!(due(&first, "k", at(129)), 1);
        assert_eq!(due(&first, "k", at(130)), 2);
        let second = [first[0].clone(), attempt("1", "k", 2, 130, State::Failed(at(200)))];
        assert_eq!(due(&second, "k", at(259)), 2);
        assert_eq!(due(&second, "k", at(260)), 3);
    }

    #[test]
    fn the_wait_has_an_end() {
        let late = attempt("1", "k", 40, 0, State::Failed(at(0)));
        assert_eq!(late.retry_at(), Some(at(600)));
    }

    #[test]
    fn attempts_never_end() {
        let last = attempt("1", "k", LAST_ATTEMPT, 1000, State::Failed(at(2000)));
        assert_eq!(due(std::slice::from_ref(&last), "k", at(2599)), LAST_ATTEMPT);
        assert_eq!(due(std::slice::from_ref(&last), "k", at(2600)), 50);
        let again = attempt("1", "k", 50, 2600, State::Failed(at(3000)));
        assert_eq!(due(&[last.clone(), again.clone()], "k", at(3599)), 50);
        assert_eq!(due(&[again, last], "k", at(3600)), 51);
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
        let name = job_name(&"p".repeat(30), "2026.11.21_RC1-with-more", "0123abcd", LAST_ATTEMPT);
        assert_eq!(name, format!("{}-migrate-2026-11-21-r-0123abcd-99", "p".repeat(30)));
        assert!(name.len() <= 63);
    }
}
