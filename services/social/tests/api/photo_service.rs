//! What stands in for photo's private router, and can fail in each way that it can.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use contracts::client::{Transport, TransportError};
use contracts::fact::{Fact, LeftPhoto, PhotoChanged};
use contracts::photo::{PhotoDetails, PhotoState, PhotoVisibility, USABLE, UsablePhoto, UsableRequest, UsableResponse};
use contracts::{AccountId, PhotoId};
use http::{Method, Request, Response, StatusCode, header};
use tower::service_fn;
use tower::util::BoxCloneSyncService;

use crate::support::Person;

/// A photo that somebody has uploaded.
#[derive(Clone, Debug)]
pub struct Photo {
    pub id: PhotoId,
    pub owner: AccountId,
    pub state: PhotoState,
}

impl Photo {
    /// What photo tells when it is in another state, or gone.
    pub fn changed(&self, state: Option<PhotoState>) -> Fact {
        Fact::PhotoChanged(PhotoChanged { photo: self.id, owner: self.owner, state, left: None })
    }

    /// What photo tells when its owner has taken it back and left it, as it was, to those who show it: under this id.
    pub fn left_as(&self, photo: PhotoId, state: Option<PhotoState>) -> Fact {
        let left = Some(Box::new(LeftPhoto { photo, state: self.state.clone() }));
        Fact::PhotoChanged(PhotoChanged { photo: self.id, owner: self.owner, state, left })
    }

    /// The state after its owner has made it private: it has another key.
    pub fn made_private(&self) -> PhotoState {
        PhotoState { key: format!("{}-private", self.state.key), visibility: PhotoVisibility::Private, ..self.state.clone() }
    }
}

/// How photo may fail.
#[derive(Clone, Copy, Debug, Default)]
pub enum Fault {
    #[default]
    None,
    /// Nobody listens.
    Unreachable,
    /// It answers with this status.
    Refuses(StatusCode),
    /// It answers with something else than was asked for.
    Babbles,
    /// It never answers.
    Silent,
}

#[derive(Clone, Default)]
pub struct PhotoService(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kept: Mutex<HashMap<PhotoId, Photo>>,
    fault: Mutex<Fault>,
    asked: AtomicUsize,
    answering: tokio::sync::Mutex<()>,
}

impl PhotoService {
    /// Keeps a photo of somebody.
    pub fn upload(&self, owner: &Person, visibility: PhotoVisibility) -> Photo {
        static NEXT: AtomicI64 = AtomicI64::new(1_000);
        let id = PhotoId(NEXT.fetch_add(1, Ordering::Relaxed));
        let (key, alt) = (format!("key-{id}"), format!("Picture {id}"));
        let details = PhotoDetails { license: "CC-BY-4.0".to_owned(), credit: "Ada Lovelace".to_owned(), animated: false };
        let thumbhash = "3OcRJYB4d3h/iIeHeEh3eIhw".to_owned();
        let state = PhotoState { key, visibility, alt, width: 640, height: 480, thumbhash, details: Some(details) };
        let photo = Photo { id, owner: owner.id, state };
        self.0.kept.lock().expect("no holder panics").insert(id, photo.clone());
        photo
    }

    /// From now on, every question is answered like this.
    pub fn set_fault(&self, fault: Fault) {
        *self.0.fault.lock().expect("no holder panics") = fault;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// While this is held, answers are known and not given.
    pub async fn hold_answers(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.answering.lock().await
    }

    pub fn transport(&self) -> Transport {
        let photo = self.clone();
        Transport::in_process(BoxCloneSyncService::new(service_fn(move |request: Request<Bytes>| {
            let photo = photo.clone();
            async move { photo.answer(request).await }
        })))
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let fault = *self.0.fault.lock().expect("no holder panics");
        let status = |status| {
            let mut response = Response::new(Bytes::from_static(b"{}"));
            *response.status_mut() = status;
            response
        };
        match fault {
            Fault::None => {}
            Fault::Unreachable => return Err("connection refused".into()),
            Fault::Refuses(with) => return Ok(status(with)),
            Fault::Babbles => return Ok(status(StatusCode::OK)),
            Fault::Silent => std::future::pending().await,
        }
        let signed = request.headers().get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
        if request.method() != Method::POST || request.uri().path() != USABLE || !signed {
            return Ok(status(StatusCode::NOT_FOUND));
        }
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let answer = Response::new(serde_json::to_vec(&self.usable(serde_json::from_slice(request.body())?))?.into());
        let _held = self.0.answering.lock().await;
        Ok(answer)
    }

    /// One's own photos and public ones, in the order asked.
    fn usable(&self, UsableRequest { author, photos }: UsableRequest) -> UsableResponse {
        let kept = self.0.kept.lock().expect("no holder panics");
        let usable = photos
            .iter()
            .filter_map(|id| kept.get(id))
            .filter(|photo| photo.owner == author || photo.state.visibility == PhotoVisibility::Public);
        let photos = usable.cloned().map(|Photo { id, owner, state }| UsablePhoto { id, owner, state });
        UsableResponse { photos: photos.collect() }
    }
}
