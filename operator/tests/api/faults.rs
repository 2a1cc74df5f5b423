//! An API server that fails one request of ten.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kube::client::{Body, ClientBuilder, DynBody};
use operator::crd::SocialPlatform;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tower::{BoxError, Layer, Service};

use crate::everything::everything;
use crate::harness::{Harness, development, eventually};

/// Fails one request of ten, in one of the ways in which API servers do.
#[derive(Clone)]
struct Faults(Arc<Mutex<StdRng>>);

impl Faults {
    fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    fn next(&self) -> Option<Fault> {
        let mut chance = self.0.lock().unwrap();
        chance.random_bool(0.1).then(|| match chance.random_range(0..5) {
            0 => Fault::Answer(429, "TooManyRequests"),
            1 => Fault::Answer(500, "InternalError"),
            2 => Fault::Answer(409, "Conflict"),
            3 => Fault::Answer(410, "Expired"),
            _ => Fault::NoAnswer,
        })
    }
}

enum Fault {
    Answer(u16, &'static str),
    NoAnswer,
}

impl<S> Layer<S> for Faults {
    type Service = Faulty<S>;

    fn layer(&self, inner: S) -> Faulty<S> {
        Faulty { inner, faults: self.clone() }
    }
}

struct Faulty<S> {
    inner: S,
    faults: Faults,
}

type Answer = Response<Box<DynBody>>;

impl<S> Service<Request<Body>> for Faulty<S>
where
    S: Service<Request<Body>, Response = Answer, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.faults.next() {
            None => Box::pin(self.inner.call(request)),
            Some(Fault::Answer(code, reason)) => Box::pin(std::future::ready(Ok(refusal(code, reason)))),
            // It has its effect, and nobody hears of it.
            Some(Fault::NoAnswer) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    drop(tokio::time::timeout(Duration::from_secs(5), answer).await);
                    Err("the connection was reset".into())
                })
            }
        }
    }
}

fn refusal(code: u16, reason: &str) -> Answer {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "as the test asks for",
        "reason": reason, "code": code,
    });
    let body = Full::new(Bytes::from(status.to_string())).map_err(|never: Infallible| -> BoxError { match never {} });
    Response::builder().status(code).header("content-type", "application/json").body(Box::new(body) as Box<DynBody>).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_fails_every_tenth_request_delays_and_changes_nothing() {
    let calm = Harness::start("calm").await;
    calm.create(&development()).await;
    calm.wait_until_ready().await;
    let expected = everything(&calm).await;

    let harness = Harness::prepare("faults").await;
    let client = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&Faults::seeded(7));
    harness.operate(client.with_layer(&harness.requests).build()).detach();
    harness.create(&development()).await;
    eventually("the platform is ready", || async {
        let platform: SocialPlatform = harness.get("demo").await;
        let status = platform.status.unwrap_or_default();
        let ready = status.conditions.iter().any(|it| it.type_ == "Ready" && it.status == "True");
        if ready { Ok(()) } else { Err(format!("{:?}", status.conditions)) }
    })
    .await;
    eventually("the objects are the same", || async {
        let found = everything(&harness).await;
        if found == expected { Ok(()) } else { Err(format!("{} and not {} objects", found.len(), expected.len())) }
    })
    .await;
}
