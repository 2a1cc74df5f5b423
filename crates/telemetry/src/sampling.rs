//! Which traces are recorded.

use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, OnceLock};

use opentelemetry::TraceId;
use opentelemetry_sdk::trace::Sampler;

static RATIO: OnceLock<f64> = OnceLock::new();

/// Which new traces are recorded. A trace that one of our own services began is recorded as that service decided, so
/// each word and its `parentbased_` twin mean the same here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TraceSampler {
    /// All.
    #[value(name = "always_on", alias = "parentbased_always_on")]
    AlwaysOn,
    /// None.
    #[value(name = "always_off", alias = "parentbased_always_off")]
    AlwaysOff,
    /// The share that `OTEL_TRACES_SAMPLER_ARG` says.
    #[value(name = "traceidratio", alias = "parentbased_traceidratio")]
    Ratio,
}

impl TraceSampler {
    /// The share of new traces that is recorded, where `ratio` is what the settings say of [`Ratio`](Self::Ratio).
    pub(crate) fn share(self, ratio: f64) -> f64 {
        match self {
            Self::AlwaysOn => 1.0,
            Self::AlwaysOff => 0.0,
            Self::Ratio => ratio.clamp(0.0, 1.0),
        }
    }
}

/// Of traces that begin here, this share is recorded; of others, what was decided where they began. Once, at the start.
pub(crate) fn sampler(share: f64) -> Sampler {
    let _ = RATIO.set(share);
    Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)))
}

/// Is a trace recorded whose id somebody chose whom we do not trust? The SDK decides about its own random ids by the
/// ids themselves: whoever sent small ones would be recorded whatever the share. So they are hashed under a key of this
/// process.
pub(crate) fn samples(strange: TraceId) -> bool {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let share = RATIO.get().copied().unwrap_or(1.0);
    share >= 1.0 || (KEY.hash_one(strange.to_bytes()) as f64) < share * u64::MAX as f64
}
