//! The APIs that a cluster may have or not: asked for every minute, so that one which is installed later is used without a
//! restart. What is missing is a condition, never a crash; and what the cluster has not answered yet is not missing: nothing is
//! reconciled before it has.

use std::time::Duration;

use futures::{Stream, stream};
use kube::{Client, Resource};
use tokio::sync::watch;

use crate::connection::within;

/// How often the cluster is asked.
const POLL: Duration = Duration::from_secs(60);
/// How soon it is asked again, if it did not answer.
const RETRY: Duration = Duration::from_secs(5);
/// How long it may take to answer. Later than that, it did not say.
const ANSWER: Duration = Duration::from_secs(10);

/// The optional APIs that a cluster has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apis {
    /// `metrics.k8s.io`: CPU and memory of pods, for autoscalers.
    pub resource_metrics: bool,
    /// `custom.metrics.k8s.io`: requests a second of pods, for autoscalers.
    pub custom_metrics: bool,
}

impl Apis {
    /// Those whose groups are among `groups`.
    pub fn among(groups: &[&str]) -> Self {
        let has = |group: &str| groups.contains(&group);
        Self { resource_metrics: has("metrics.k8s.io"), custom_metrics: has("custom.metrics.k8s.io") }
    }

    /// Asks the cluster.
    pub async fn of(client: &Client) -> kube::Result<Self> {
        let list = within(ANSWER, client.list_api_groups()).await?;
        let groups: Vec<_> = list.groups.iter().map(|group| group.name.as_str()).collect();
        Ok(Self::among(&groups))
    }
}

/// Does the cluster know this kind?
pub async fn knows<K: Resource<DynamicType = ()>>(client: &Client) -> kube::Result<bool> {
    match within(ANSWER, client.list_api_group_resources(&K::api_version(&()))).await {
        Ok(list) => Ok(list.resources.iter().any(|resource| resource.name == K::plural(&()))),
        // Where nobody serves the group, the 404 is plain text and has no reason.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(error) => Err(error),
    }
}

/// Asks once, and tells `known`; how long until it is due again.
async fn ask(client: &Client, known: &watch::Sender<Option<Apis>>) -> Duration {
    match Apis::of(client).await {
        Ok(apis) => {
            known.send_if_modified(|known| known.replace(apis) != Some(apis));
            POLL
        }
        Err(error) => {
            tracing::warn!(%error, "failed to ask for the cluster's APIs; it is asked again");
            RETRY
        }
    }
}

/// The optional APIs as last seen.
#[derive(Clone)]
pub struct Known(watch::Receiver<Option<Apis>>);

impl Known {
    /// Begins to ask; ends when nobody wants to know any more.
    pub fn follow(client: Client) -> Self {
        let (sender, receiver) = watch::channel(None);
        tokio::spawn(async move {
            while !sender.is_closed() {
                let wait = ask(&client, &sender).await;
                tokio::time::sleep(wait).await;
            }
        });
        Self(receiver)
    }

    /// The APIs, once they are known: an API that was not asked for yet would look missing.
    pub async fn get(&self) -> Apis {
        let mut receiver = self.0.clone();
        // The sender goes only with the last receiver.
        receiver.wait_for(Option::is_some).await.ok().and_then(|apis| *apis).unwrap_or_default()
    }

    /// Whenever they are others than before.
    pub fn changes(&self) -> impl Stream<Item = ()> + Send + use<> {
        let mut receiver = self.0.clone();
        receiver.mark_unchanged();
        stream::unfold(receiver, |mut receiver| async move {
            receiver.changed().await.ok()?;
            Some(((), receiver))
        })
    }
}

/// Whether the cluster knows a kind, once it has answered: not known yet is not no. A yes stays one.
#[derive(Clone)]
pub struct Served(watch::Receiver<Option<bool>>);

impl Served {
    /// What nobody has asked yet, and how to say the answer.
    pub fn unknown() -> (watch::Sender<Option<bool>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    /// Waits for the first answer.
    pub async fn known(&self) -> bool {
        let mut receiver = self.0.clone();
        // Without a sender the controller is ending.
        receiver.wait_for(Option::is_some).await.is_ok_and(|served| *served == Some(true))
    }

    /// Did it say yes?
    pub fn is_yes(&self) -> bool {
        *self.0.borrow() == Some(true)
    }
}

/// Returns once the cluster knows the kind; tells `served` what it answers until then.
pub async fn until_served<K: Resource<DynamicType = ()>>(client: &Client, served: &watch::Sender<Option<bool>>) {
    loop {
        let wait = match knows::<K>(client).await {
            Ok(true) => {
                served.send_replace(Some(true));
                return;
            }
            Ok(false) => {
                served.send_replace(Some(false));
                POLL
            }
            Err(error) => {
                tracing::warn!(%error, kind = %K::kind(&()), "failed to ask whether the cluster knows a kind; it is asked again");
                RETRY
            }
        };
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::pending;

    use futures::FutureExt;
    use http::{Request, Response};
    use kube::client::Body;
    use tower::service_fn;

    use super::*;
    use crate::resources::monitoring::ServiceMonitor;

    #[tokio::test]
    async fn what_is_never_answered_ends_and_changes_nothing_of_what_was_known() {
        let silent = service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Infallible>>());
        let client = Client::new(silent, "social");
        let before = Some(Apis { resource_metrics: true, custom_metrics: false });
        let (known, _) = watch::channel(before);
        let asked = async { tokio::join!(ask(&client, &known), knows::<ServiceMonitor>(&client)) };
        let asked = tokio::time::timeout(ANSWER + RETRY, asked).await;
        let (wait, knows) = asked.expect("nobody waits for ever");
        assert_eq!((wait, *known.borrow()), (RETRY, before));
        assert!(knows.is_err(), "it is not missing either");
    }

    #[test]
    fn what_is_not_known_yet_is_waited_for() {
        let (sender, served) = Served::unknown();
        assert!(!served.is_yes() && served.known().now_or_never().is_none());
        sender.send_replace(Some(false));
        assert_eq!(served.known().now_or_never(), Some(false));
        sender.send_replace(Some(true));
        assert!(served.is_yes());
        drop(sender);
        assert_eq!(served.known().now_or_never(), Some(true));
    }

    #[test]
    fn an_api_is_known_by_its_group() {
        assert_eq!(Apis::among(&["apps", "metrics.k8s.io"]), Apis { resource_metrics: true, custom_metrics: false });
        assert_eq!(Apis::among(&["custom.metrics.k8s.io"]), Apis { resource_metrics: false, custom_metrics: true });
        assert_eq!(Apis::among(&["xmetrics.k8s.io"]), Apis::default());
    }
}
