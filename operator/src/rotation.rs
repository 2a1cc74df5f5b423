//! Passwords and keys that are replaced while everything runs.
//!
//! Each has two slots, `a` and `b`, and pods use one of them. A rotation fills the other one:
//!
//! ```text
//!   Settled ──────────► Introduced ──────────► Switched ──────────► Settled
//!     one slot            both are accepted      pods use the new      the old one is
//!     has values          everywhere             slot, both accepted   closed and deleted
//! ```
//!
//! Both slots are filled before a password is set, and every pod knows the new public keys before anyone signs with the
//! new private ones. The phase is kept in the Secret `<name>-rotation`, and each step is one write of it: an operator that
//! dies leaves either the phase before or the next one, and all other objects follow from the phase.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::Service;
use jiff::Timestamp;

/// How long the old values are accepted after the last pod that used them was replaced: a photo grant that was signed with
/// an old key is good for five minutes.
pub const OVERLAP: Duration = Duration::from_secs(360);

/// One of the two places that a password or a key has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

impl Slot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The letter at the end of a login role's name.
    pub fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }

    /// The one that is not this one.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The name of a service's Secret of this slot, without the platform's: `auth-key`, `auth-key-b`.
    pub fn secret(self, service: Service, what: &str) -> String {
        match self {
            Self::A => format!("{service}-{what}"),
            Self::B => format!("{service}-{what}-b"),
        }
    }

    /// The role with which a service logs in.
    pub fn login_role(self, database: &str, service: Service) -> String {
        format!("{database}_{service}_{}", self.letter())
    }
}

/// How far a rotation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// There is none.
    #[default]
    Settled,
    /// The new values are accepted, and nobody uses them.
    Introduced,
    /// The new values are used, and the old ones are accepted.
    Switched,
}

/// Which slot is in use, and what becomes of the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// The slot that pods use.
    pub active: Slot,
    /// How far a rotation is.
    pub phase: Phase,
    /// The text of `lifecycle.rotation` that it was, or is, done for.
    pub request: String,
}

/// What the next step depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// `lifecycle.rotation`.
    pub wanted: Option<&'a str>,
    /// Whether nothing of an earlier rotation is left in the slot that is not in use.
    pub idle_is_empty: bool,
    /// Since when the database and every pod are as this phase wants them; none while they are not.
    pub settled_since: Option<Timestamp>,
    /// How long the old values are accepted.
    pub overlap: Duration,
    /// The time.
    pub now: Timestamp,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing, until something else happens.
    Stay,
    /// Nothing before then.
    Wait(Timestamp),
    /// This.
    Go(Rotation),
}

impl Rotation {
    /// Does this slot have values?
    pub fn is_live(&self, slot: Slot) -> bool {
        slot == self.active || self.phase != Phase::Settled
    }

    /// The slots that have values.
    pub fn live(&self) -> impl Iterator<Item = Slot> + use<'_> {
        Slot::ALL.into_iter().filter(move |slot| self.is_live(*slot))
    }

    /// What the Secret says; nothing, if it says something else.
    pub fn read(values: &BTreeMap<String, String>) -> Option<Self> {
        let value = |key: &str| values.get(key).map(String::as_str);
        let active = match value("slot")? {
            "a" => Slot::A,
            "b" => Slot::B,
            _ => return None,
        };
        let phase = match value("phase")? {
            "Settled" => Phase::Settled,
            "Introduced" => Phase::Introduced,
            "Switched" => Phase::Switched,
            _ => return None,
        };
        Some(Self { active, phase, request: value("request")?.to_owned() })
    }

    /// What [`read`](Self::read) reads.
    pub fn values(&self) -> [(&'static str, String); 3] {
        [("slot", self.active.letter().to_string()), ("phase", format!("{:?}", self.phase)), ("request", self.request.clone())]
    }

    /// What follows from how things are. Pure.
    pub fn next(&self, facts: &Facts<'_>) -> Step {
        match (self.phase, facts.settled_since) {
            (Phase::Settled, _) => match facts.wanted {
                Some(wanted) if wanted != self.request && facts.idle_is_empty => {
                    Step::Go(Self { phase: Phase::Introduced, request: wanted.to_owned(), ..self.clone() })
                }
                _ => Step::Stay,
            },
            (_, None) => Step::Stay,
            (Phase::Introduced, Some(_)) => {
                Step::Go(Self { active: self.active.other(), phase: Phase::Switched, request: self.request.clone() })
            }
            (Phase::Switched, Some(since)) => match since.saturating_add(facts.overlap).unwrap_or(Timestamp::MAX) {
                end if end > facts.now => Step::Wait(end),
                _ => Step::Go(Self { phase: Phase::Settled, ..self.clone() }),
            },
        }
    }
}

#[cfg(test)]
mod tests;
