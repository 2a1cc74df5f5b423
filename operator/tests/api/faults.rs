//! An API server that fails one request of ten, leaves some without any answer, and ends watches in the middle.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt, future, stream};
use http::{Method, Request};
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::Service as Address;
use kube::ResourceExt;
use kube::api::DeleteParams;
use kube::client::{Body, ClientBuilder, DynBody};
use operator::controller::Options;
use operator::crd::SocialPlatform;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tower::{BoxError, Layer, Service};

use crate::everything::everything;
use crate::harness::{Harness, Operator, development, eventually, eventually_within};
use crate::instead::{self, Answer, Instead};
use crate::tries;

/// How long a reconcile of the operator that meets them may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a platform may take. About eight tries are needed, more if chance will, and between two that fail at once there are seconds.
const PATIENCE: Duration = Duration::from_secs(600);
/// The write that is not answered, whatever chance says.
const UNANSWERED: usize = 10;

/// Fails one request of ten, in one of the ways in which API servers do, and ends every other watch within two seconds.
#[derive(Clone)]
struct Faults {
    chance: Arc<Mutex<StdRng>>,
    interrupted: Arc<AtomicUsize>,
    writes: Arc<AtomicUsize>,
}

impl Faults {
    fn seeded(seed: u64) -> Self {
        Self { chance: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))), interrupted: Arc::default(), writes: Arc::default() }
    }

    /// When a watch is to end, and what comes last.
    fn interruption(&self) -> Option<(Duration, Result<Bytes, BoxError>)> {
        let mut chance = self.chance.lock().unwrap();
        if chance.random_bool(0.5) {
            return None;
        }
        self.interrupted.fetch_add(1, Ordering::SeqCst);
        let last = match chance.random_bool(0.5) {
            true => Err("the connection was cut".into()),
            false => Ok(Bytes::from(format!("{}\n", json!({ "type": "ERROR", "object": said(410, "Expired") })))),
        };
        Some((Duration::from_millis(chance.random_range(100..2000)), last))
    }

    fn next(&self, method: &Method) -> Option<Fault> {
        let is_write = *method != Method::GET;
        if is_write && self.writes.fetch_add(1, Ordering::SeqCst) + 1 == UNANSWERED {
            return Some(Fault::Silence);
        }
        let mut chance = self.chance.lock().unwrap();
        chance.random_bool(0.1).then(|| match chance.random_range(0..6) {
            0 => Fault::Answer(429, "TooManyRequests"),
            1 => Fault::Answer(500, "InternalError"),
            2 => Fault::Answer(409, "Conflict"),
            3 => Fault::Answer(410, "Expired"),
            // For a watch the client alone has a limit, of minutes.
            4 if is_write => Fault::Silence,
            _ => Fault::NoAnswer,
        })
    }
}

enum Fault {
    Answer(u16, &'static str),
    /// The connection is reset.
    NoAnswer,
    /// The connection stays, and nothing comes.
    Silence,
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
        let is_watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
        match self.faults.next(request.method()) {
            None => {
                let interruption = is_watch.then(|| self.faults.interruption()).flatten();
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let answer = answer.await?;
                    Ok(match interruption {
                        None => answer,
                        Some((after, last)) => answer.map(|body| interrupted(body, after, last)),
                    })
                })
            }
            Some(Fault::Answer(code, reason)) => Box::pin(std::future::ready(Ok(refusal(code, reason)))),
            // It has its effect, and nobody hears of it.
            Some(Fault::NoAnswer) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    drop(tokio::time::timeout(Duration::from_secs(5), answer).await);
                    Err("the connection was reset".into())
                })
            }
            Some(Fault::Silence) => Box::pin(future::pending()),
        }
    }
}

/// The events of a watch up to some moment, and then something else.
fn interrupted(body: Box<DynBody>, after: Duration, last: Result<Bytes, BoxError>) -> Box<DynBody> {
    let events = body.into_data_stream().take_until(Box::pin(tokio::time::sleep(after)));
    let all = events.chain(stream::once(future::ready(last)));
    Box::new(axum::body::Body::from_stream(all).map_err(BoxError::from))
}

fn said(code: u16, reason: &str) -> serde_json::Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "as the test asks for",
        "reason": reason, "code": code,
    })
}

/// An answer that says no.
pub fn refusal(code: u16, reason: &str) -> Answer {
    instead::answer(code, &said(code, reason))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_fails_every_tenth_request_delays_and_changes_nothing() {
    let calm = Harness::start("calm").await;
    calm.create(&development()).await;
    calm.wait_until_ready().await;
    let expected = everything(&calm).await;

    let seeds = if std::env::var("PROVE").is_ok() { 1..=20 } else { 7..=7 };
    for seed in seeds {
        converges(seed, &expected).await;
    }
}

/// Makes a platform by an API server whose faults follow from `seed`, as far as the order of requests does.
async fn converges(seed: u64, expected: &[String]) {
    let harness = Harness::prepare("faults").await;
    let faults = Faults::seeded(seed);
    let client = ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&faults);
    tries::listen();
    let options = Options { timeout: TIMEOUT, ..harness.options() };
    let operator = Operator::start(client.with_layer(&harness.requests).build(), options);
    harness.create(&development()).await;
    let start = Instant::now();
    eventually_within(PATIENCE, "the platform is ready", || async {
        let platform: SocialPlatform = harness.get("demo").await;
        let status = platform.status.unwrap_or_default();
        let ready = status.conditions.iter().any(|it| it.type_ == "Ready" && it.status == "True");
        if ready { Ok(()) } else { Err(format!("{:?}", status.conditions)) }
    })
    .await;
    println!("with seed {seed} it is ready after {:.1} s", start.elapsed().as_secs_f64());
    eventually_within(PATIENCE, "the objects are the same", || async {
        let found = everything(&harness).await;
        if found == expected { Ok(()) } else { Err(format!("{} and not {} objects", found.len(), expected.len())) }
    })
    .await;
    // What happens after a watch has ended is seen as well.
    eventually_within(PATIENCE, "some watches have ended in the middle", || async {
        let interrupted = faults.interrupted.load(Ordering::SeqCst);
        if interrupted >= 5 { Ok(()) } else { Err(format!("{interrupted} have")) }
    })
    .await;
    let old = harness.get::<Address>("demo-auth").await.uid();
    harness.api::<Address>().delete("demo-auth", &DeleteParams::default()).await.unwrap();
    eventually_within(PATIENCE, "what was deleted is made again", || async {
        let new = harness.api::<Address>().get_opt("demo-auth").await.unwrap().and_then(|address| address.uid());
        if new.is_some() && new != old { Ok(()) } else { Err(format!("it is {new:?}")) }
    })
    .await;
    operator.kill().await;
    failed_tries_are_a_second_apart(&harness.namespace);
}

/// Though what a failed one has written is seen at once.
fn failed_tries_are_a_second_apart(namespace: &str) {
    let tries = tries::of(namespace);
    let failed = tries.iter().filter(|it| it.failed).count();
    println!("{failed} of {} tries failed", tries.len());
    assert!(tries.iter().any(|it| it.failed && it.ended - it.begun >= TIMEOUT.mul_f64(0.9)), "none waited in vain: {tries:?}");
    for pair in tries.windows(2).filter(|pair| pair[0].failed) {
        let apart = pair[1].begun.saturating_duration_since(pair[0].ended);
        assert!(apart >= Duration::from_secs(1), "the next try came {apart:?} after one that failed: {tries:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_that_fails_again_and_again_is_tried_less_than_once_a_second() {
    let harness = Harness::prepare("failing").await;
    // Every write is refused.
    let refused = Arc::new(Mutex::new(Vec::new()));
    let remembered = refused.clone();
    let refusals = Instead::new(move |request| {
        (*request.method() != Method::GET).then(|| {
            // What is told of a try is no other one.
            if !request.uri().path().ends_with("/status") {
                remembered.lock().unwrap().push(Instant::now());
            }
            refusal(500, "InternalError")
        })
    });
    harness.operate(ClientBuilder::try_from(harness.config.clone()).unwrap().with_layer(&refusals).build()).detach();
    let start = Instant::now();
    harness.create(&development()).await;
    // A try ends with its first write that fails.
    let last = eventually("it is tried again and again", || async {
        let tries = refused.lock().unwrap().clone();
        tries.get(3).copied().ok_or_else(|| format!("it was tried {} times", tries.len()))
    })
    .await;
    let took = last.duration_since(start);
    println!("the fourth try came after {:.1} s", took.as_secs_f64());
    assert!(took >= Duration::from_secs(3), "three tries after the first in {took:?}");
}
