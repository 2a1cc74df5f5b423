//! Which traces are recorded.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock, OnceLock};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use opentelemetry::trace::{Link, SpanKind};
use opentelemetry::{Context, KeyValue, TraceId};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// What holds for traces that strangers began, too.
static OURS: OnceLock<New> = OnceLock::new();

/// Which new traces are recorded. A trace that one of our own services began is recorded as that service decided, so
/// each word and its `parentbased_` twin mean the same here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TraceSampler {
    /// All, however many they are.
    #[value(name = "always_on", alias = "parentbased_always_on")]
    AlwaysOn,
    /// None.
    #[value(name = "always_off", alias = "parentbased_always_off")]
    AlwaysOff,
    /// The share that `OTEL_TRACES_SAMPLER_ARG` says, but no more than `TRACES_PER_SECOND`.
    #[value(name = "traceidratio", alias = "parentbased_traceidratio")]
    Ratio,
}

/// Decides about new traces.
#[derive(Clone, Debug)]
pub(crate) struct New {
    /// From 0 to 1.
    share: f64,
    /// How many a second, whatever their share: what recording costs does not grow with who comes. No bound, if none.
    bound: Option<Arc<DefaultDirectRateLimiter>>,
}

impl New {
    /// By the settings: `ratio` and `a_second` are what they say of [`Ratio`](TraceSampler::Ratio).
    pub(crate) fn of(sampler: TraceSampler, ratio: f64, a_second: NonZeroU32) -> Self {
        match sampler {
            TraceSampler::AlwaysOn => Self { share: 1.0, bound: None },
            TraceSampler::AlwaysOff => Self { share: 0.0, bound: None },
            TraceSampler::Ratio => {
                let bound = RateLimiter::direct(Quota::per_second(a_second));
                Self { share: ratio.clamp(0.0, 1.0), bound: Some(bound.into()) }
            }
        }
    }

    /// Is there room for one more in this second? It is taken.
    fn has_room(&self) -> bool {
        self.bound.as_ref().is_none_or(|bound| bound.check().is_ok())
    }

    /// Is a trace recorded whose id somebody chose whom we do not trust? The SDK decides about its own random ids by the
    /// ids themselves: whoever sent small ones would be recorded whatever the share. So they are hashed under a key of this
    /// process.
    fn samples(&self, strange: TraceId) -> bool {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let is_of_the_share = self.share >= 1.0 || (KEY.hash_one(strange.to_bytes()) as f64) < self.share * u64::MAX as f64;
        is_of_the_share && self.has_room()
    }
}

impl ShouldSample for New {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let by_share = Sampler::TraceIdRatioBased(self.share).should_sample(parent, trace, name, kind, attributes, links);
        match by_share.decision {
            SamplingDecision::RecordAndSample if !self.has_room() => SamplingResult { decision: SamplingDecision::Drop, ..by_share },
            _ => by_share,
        }
    }
}

/// Decides about all: of traces that begin here as `new` does, and of others what was decided where they began. Once, at the start.
pub(crate) fn sampler(new: New) -> Sampler {
    let _ = OURS.set(new.clone());
    Sampler::ParentBased(Box::new(new))
}

/// Is a trace recorded that a stranger began?
pub(crate) fn samples(strange: TraceId) -> bool {
    OURS.get().is_none_or(|ours| ours.samples(strange))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a thousand traces of our own and of strangers are recorded that all begin now.
    fn recorded(new: &New) -> [usize; 2] {
        let ids = || (1..=1000_u128).map(|id| TraceId::from(id << 64 | id << 48));
        let begin = |trace| new.should_sample(None, trace, "", &SpanKind::Server, &[], &[]).decision;
        let own = ids().filter(|trace| begin(*trace) == SamplingDecision::RecordAndSample).count();
        [own, ids().filter(|trace| new.samples(*trace)).count()]
    }

    #[test]
    fn no_more_are_recorded_in_a_second_than_there_is_room_for() {
        let few = NonZeroU32::new(5).expect("not zero");
        let [own, strange] = recorded(&New::of(TraceSampler::Ratio, 1.0, few));
        // A machine that stands still for seconds makes room for more.
        assert!((5..100).contains(&own) && strange < 100, "{own} and {strange}");
        assert_eq!(recorded(&New::of(TraceSampler::Ratio, 0.0, few)), [0, 0]);
    }

    #[test]
    fn all_and_none_are_what_they_say() {
        let few = NonZeroU32::MIN;
        assert_eq!(recorded(&New::of(TraceSampler::AlwaysOn, 0.0, few)), [1000, 1000]);
        assert_eq!(recorded(&New::of(TraceSampler::AlwaysOff, 1.0, few)), [0, 0]);
    }
}
