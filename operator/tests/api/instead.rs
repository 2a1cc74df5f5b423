//! Answers in the place of the API server.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::{Body, DynBody};
use serde_json::Value;
use tower::{BoxError, Layer, Service};

/// What an API server answers.
pub type Answer = Response<Box<DynBody>>;

/// An answer in JSON.
pub fn answer(status: u16, body: &Value) -> Answer {
    let body = Full::new(Bytes::from(body.to_string())).map_err(|never: Infallible| -> BoxError { match never {} });
    Response::builder().status(status).header("content-type", "application/json").body(Box::new(body) as Box<DynBody>).unwrap()
}

/// The head of an answer, and then nothing.
pub fn silence() -> Answer {
    let body = StreamBody::new(futures::stream::pending::<Result<Frame<Bytes>, BoxError>>());
    Response::builder().status(200).body(Box::new(body) as Box<DynBody>).unwrap()
}

type Answerer = dyn Fn(&Request<Body>) -> Option<Answer> + Send + Sync;

/// Answers some requests itself; the others go on.
#[derive(Clone)]
pub struct Instead(Arc<Answerer>);

impl Instead {
    /// `None` lets a request go on.
    pub fn new(answer: impl Fn(&Request<Body>) -> Option<Answer> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }
}

impl<S> Layer<S> for Instead {
    type Service = Answering<S>;

    fn layer(&self, inner: S) -> Answering<S> {
        Answering { inner, instead: self.clone() }
    }
}

pub struct Answering<S> {
    inner: S,
    instead: Instead,
}

impl<S> Service<Request<Body>> for Answering<S>
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
        match (self.instead.0)(&request) {
            Some(answer) => Box::pin(ready(Ok(answer))),
            None => Box::pin(self.inner.call(request)),
        }
    }
}
