//! Stand-ins for the other services: what they answer when auth gathers what they keep of somebody.

use std::sync::Arc;

use bytes::Bytes;
use contracts::Service;
use contracts::client::{ExportClient, Transport, TransportError};
use contracts::export::{EXPORT, ExportFile, ExportPage, ExportRequest};
use http::{Request, Response, StatusCode};
use serde_json::json;
use tower::util::BoxCloneSyncService;

/// What photo keeps of everybody.
pub const PICTURE: &[u8] = &[7; 1000];
const PICTURE_PATH: &str = "/internal/export/photos/7";

/// All three, each with something.
pub fn there() -> Vec<ExportClient> {
    clients(answer)
}

/// All three, of which one is down.
pub fn photo_down() -> Vec<ExportClient> {
    clients(|service, request| match service {
        Service::Photo => status(StatusCode::SERVICE_UNAVAILABLE),
        _ => answer(service, request),
    })
}

fn clients(answer: fn(Service, &Request<Bytes>) -> Response<Bytes>) -> Vec<ExportClient> {
    let client = |service| {
        let carrier = tower::service_fn(move |request: Request<Bytes>| async move { Ok::<_, TransportError>(answer(service, &request)) });
        ExportClient::new(service, Transport::in_process(BoxCloneSyncService::new(carrier)), Arc::new(|| "a token".to_owned()))
    };
    auth::PRODUCERS.map(client).into()
}

fn answer(service: Service, request: &Request<Bytes>) -> Response<Bytes> {
    assert_eq!(request.headers()["authorization"], "Bearer a token");
    if request.uri().path() != EXPORT {
        return match (service, request.uri().path()) {
            (Service::Photo, PICTURE_PATH) => Response::new(Bytes::from_static(PICTURE)),
            _ => status(StatusCode::NOT_FOUND),
        };
    }
    let asked: ExportRequest = serde_json::from_slice(request.body()).expect("a question");
    let account = asked.account.to_string();
    let page = match (service, asked.after.as_deref()) {
        (Service::Social, None) => {
            let profile = ExportFile::Json { name: "profile.json".to_owned(), contents: json!({"id": account}) };
            ExportPage { files: vec![profile], after: Some("posts".to_owned()) }
        }
        (Service::Social, Some("posts")) => {
            let posts = ExportFile::Json { name: "posts/0001.json".to_owned(), contents: json!([{"text": "hello"}]) };
            ExportPage { files: vec![posts], after: None }
        }
        (Service::Photo, None) => {
            let picture = |name: &str, path: &str| ExportFile::Bytes { name: name.to_owned(), path: path.to_owned(), size: 1000 };
            let gone = picture("photos/8.jpg", "/internal/export/photos/8");
            ExportPage { files: vec![gone, picture("photos/7.jpg", PICTURE_PATH)], after: None }
        }
        (Service::Relation, None) => {
            let following = ExportFile::Text { name: "following.csv".to_owned(), contents: "id,handle\n".to_owned() };
            ExportPage { files: vec![following], after: None }
        }
        (service, after) => panic!("{service} was asked for what comes after {after:?}"),
    };
    Response::new(serde_json::to_vec(&page).expect("a page").into())
}

fn status(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
