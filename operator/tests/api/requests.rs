//! What the operator asks the API server for, counted on its client.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Method, Request};
use kube::client::Body;
use tower::{Layer, Service};

/// Every request since the last [`clear`](Self::clear): method and path.
#[derive(Clone, Default)]
pub struct Requests(Arc<Mutex<Vec<(Method, String)>>>);

impl Requests {
    /// Forgets what there was.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// Everything but reads. Dry runs are writes too.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.0.lock().unwrap();
        let writes = requests.iter().filter(|(method, _)| *method != Method::GET);
        writes.map(|(method, path)| format!("{method} {path}")).collect()
    }

    /// How often an object was read.
    pub fn reads_of(&self, end_of_path: &str) -> usize {
        let requests = self.0.lock().unwrap();
        requests.iter().filter(|(method, path)| *method == Method::GET && path.ends_with(end_of_path)).count()
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

impl<S: Service<Request<Body>>> Service<Request<Body>> for Counted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        let seen = (request.method().clone(), request.uri().path().to_owned());
        self.requests.0.lock().unwrap().push(seen);
        self.inner.call(request)
    }
}
