//! A client with which an operator dies at one of its writes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::{Method, Request};
use kube::client::Body;
use tokio::sync::Notify;
use tower::{Layer, Service};

/// When it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the write is sent.
    Before,
    /// After it had its effect, before the answer is known.
    After,
}

/// The death of an operator at its write of that number, from 1.
#[derive(Clone)]
pub struct Death(Arc<Inner>);

struct Inner {
    at: usize,
    moment: Moment,
    writes: AtomicUsize,
    has_come: AtomicBool,
    told: Notify,
}

enum Fate {
    Passes,
    IsNotSent,
    HasItsEffect,
}

impl Death {
    /// A death that is to come.
    pub fn at(at: usize, moment: Moment) -> Self {
        let (writes, has_come, told) = (AtomicUsize::new(0), AtomicBool::new(false), Notify::new());
        Self(Arc::new(Inner { at, moment, writes, has_come, told }))
    }

    /// None that ever comes, to count writes.
    pub fn never() -> Self {
        Self::at(usize::MAX, Moment::Before)
    }

    /// How many writes there were.
    pub fn writes(&self) -> usize {
        self.0.writes.load(Ordering::SeqCst)
    }

    /// Resolves when it has come.
    pub async fn came(&self) {
        self.0.told.notified().await;
    }

    fn of(&self, method: &Method) -> Fate {
        if self.0.has_come.load(Ordering::SeqCst) {
            return Fate::IsNotSent;
        }
        if *method == Method::GET || self.0.writes.fetch_add(1, Ordering::SeqCst) + 1 != self.0.at {
            return Fate::Passes;
        }
        self.0.has_come.store(true, Ordering::SeqCst);
        match self.0.moment {
            Moment::Before => {
                self.0.told.notify_one();
                Fate::IsNotSent
            }
            Moment::After => Fate::HasItsEffect,
        }
    }
}

impl<S> Layer<S> for Death {
    type Service = Dying<S>;

    fn layer(&self, inner: S) -> Dying<S> {
        Dying { inner, death: self.clone() }
    }
}

/// A client that dies.
pub struct Dying<S> {
    inner: S,
    death: Death,
}

impl<S> Service<Request<Body>> for Dying<S>
where
    S: Service<Request<Body>>,
    S::Future: Send + 'static,
    S::Response: 'static,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.death.of(request.method()) {
            Fate::Passes => Box::pin(self.inner.call(request)),
            // The dead wait for no answer.
            Fate::IsNotSent => Box::pin(std::future::pending()),
            Fate::HasItsEffect => {
                let (answer, death) = (self.inner.call(request), self.death.clone());
                Box::pin(async move {
                    drop(answer.await);
                    death.0.told.notify_one();
                    std::future::pending().await
                })
            }
        }
    }
}
