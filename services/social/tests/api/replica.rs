//! Another replica of a service, on the same database.

use contracts::Service;
use contracts::client::PhotoClient;
use database::Wakeups;
use serving::{Listeners, Rates, Readiness, private_stack, public_stack, serve};
use social::Social;
use sqlx::PgPool;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::{TestSocial, config};

pub struct Replica {
    _background: JoinSet<()>,
    stop: Option<oneshot::Sender<()>>,
    pub serving: JoinHandle<()>,
    pub url: String,
}

impl Replica {
    /// Beside `social`, with connections of its own.
    pub async fn spawn(social: &TestSocial, pool: PgPool) -> Self {
        let config = config();
        let rates = Rates::new(&config);
        let signer = social.issuer.signer(Service::Social);
        let client = PhotoClient::new(social.photos.transport(), signer.tokens_for(Service::Photo));
        let service = Social::new(pool.clone(), social.issuer.identity(Service::Social, rates.clone()), client, signer);
        let listeners = Listeners::bind(&config).await.expect("free ports");
        let url = format!("http://{}", listeners.public_addr().expect("a bound socket"));
        let (public, readiness) = (public_stack(service.public(), &config, &rates), Readiness::default());
        let private = private_stack(service.private(), readiness.clone());
        let wakeups = Wakeups::new(social::channels());
        let mut background = JoinSet::new();
        background.spawn(wakeups.clone().run(pool));
        background.spawn(async move { service.background(&wakeups).await });
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            serve(listeners, &config, public, private, readiness, stopped).await;
        });
        Self { _background: background, stop: Some(stop), serving, url }
    }

    /// As SIGTERM does.
    pub fn stop(&mut self) {
        self.stop.take().expect("stopped once").send(()).expect("somebody listens");
    }
}
