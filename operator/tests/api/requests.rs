//! What the operator asks the API server for, counted on its client.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Method, Request, Response, StatusCode};
use kube::client::Body;
use tower::{Layer, Service};

/// Every request since the last [`clear`](Self::clear): method and path.
#[derive(Clone, Default)]
pub struct Requests {
    sent: Arc<Mutex<Vec<(Method, String)>>>,
    forbidden: Arc<Mutex<Vec<String>>>,
}

impl Requests {
    /// Forgets what there was.
    pub fn clear(&self) {
        self.sent.lock().unwrap().clear();
        self.forbidden.lock().unwrap().clear();
    }

    /// Everything but reads. Dry runs are writes too.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.sent.lock().unwrap();
        let writes = requests.iter().filter(|(method, _)| *method != Method::GET);
        writes.map(|(method, path)| format!("{method} {path}")).collect()
    }

    /// How often an object was read.
    pub fn reads_of(&self, end_of_path: &str) -> usize {
        let requests = self.sent.lock().unwrap();
        requests.iter().filter(|(method, path)| *method == Method::GET && path.ends_with(end_of_path)).count()
    }

    /// What the operator had no right to.
    pub fn forbidden(&self) -> Vec<String> {
        self.forbidden.lock().unwrap().clone()
    }
}

impl<S> Layer<S> for Requests {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, requests: self.clone() }
    }
}

/// A client that remembers what it was asked for.
pub struct Counted<S> {
    inner: S,
    requests: Requests,
}

impl<S, B> Service<Request<Body>> for Counted<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        self.requests.sent.lock().unwrap().push((method.clone(), path.clone()));
        let (answer, forbidden) = (self.inner.call(request), self.requests.forbidden.clone());
        Box::pin(async move {
            let answer = answer.await?;
            if answer.status() == StatusCode::FORBIDDEN {
                forbidden.lock().unwrap().push(format!("{method} {path}"));
            }
            Ok(answer)
        })
    }
}
