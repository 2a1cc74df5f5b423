//! What nothing waits for. Its kinds are of other operators, and so are the webhooks that may refuse it or be down: that keeps no
//! release, no backup and no rotation from going on.

use super::volumes::RefusedVolume;
use super::writer::{Error, Writer};
use crate::children::Children;
use crate::resources::certificate::Certificate;
use crate::resources::monitoring::{PrometheusRule, ServiceMonitor};
use crate::resources::{Applied, Resources};

/// The objects, as they should be.
pub(super) struct Late {
    pub(super) certificates: Vec<Certificate>,
    pub(super) prometheus_rules: Vec<PrometheusRule>,
    pub(super) service_monitors: Vec<ServiceMonitor>,
}

/// Which of them could not be written, if any, and which of the volumes, for which nothing waits either.
#[derive(Debug, Default)]
pub struct Unwritten {
    /// The certificate of the domain.
    pub certificate: Option<Error>,
    /// Alerts, or what Prometheus reads metrics by.
    pub monitoring: Option<Error>,
    /// Volumes that stay as they are.
    pub volumes: Vec<RefusedVolume>,
}

impl Unwritten {
    /// One of them.
    pub fn into_error(self) -> Option<Error> {
        self.certificate.or(self.monitoring).or_else(|| self.volumes.into_iter().next().map(|refused| refused.error))
    }
}

impl Late {
    /// Applies each; `resources` has them as they are then.
    pub(super) async fn apply(self, writer: &mut Writer<'_>, live: &Children, resources: &mut Resources<Applied>) -> Unwritten {
        let certificates = writer.apply(self.certificates, &live.certificates).await;
        let rules = writer.apply(self.prometheus_rules, &live.prometheus_rules).await;
        let monitors = writer.apply(self.service_monitors, &live.service_monitors).await;
        let certificate = certificates.map(|applied| resources.certificates = applied).err();
        let rules = rules.map(|applied| resources.prometheus_rules = applied).err();
        let monitors = monitors.map(|applied| resources.service_monitors = applied).err();
        Unwritten { certificate, monitoring: rules.or(monitors), volumes: Vec::new() }
    }
}
