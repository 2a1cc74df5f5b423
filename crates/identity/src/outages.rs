//! What holds while the database or auth cannot be reached: nobody comes in whose session may have ended, and whoever has a
//! valid token goes on.

use std::collections::HashSet;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::response::IntoResponse;
use bytes::Bytes;
use contracts::client::{self, AuthClient, Carrier, Transport, TransportError};
use contracts::{AccountId, Service, SessionId};
use http::header::{COOKIE, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use tokio::task::JoinSet;

use crate::forged::rates;
use crate::testing::{Issuer, KID};
use crate::{Identity, Keyset, MediaViewer, Revocations, TokenError};

const ADA: AccountId = AccountId(7);

/// A service that knows the keys, and of revocations whatever it is told.
fn service(issuer: &Issuer, keyset: &Keyset, revocations: &Revocations) -> Identity {
    Identity::new(Service::Social, Issuer::URL, keyset.clone(), revocations.clone(), issuer.service_keys(), rates())
}

fn known(issuer: &Issuer) -> Keyset {
    let keyset = Keyset::default();
    keyset.set(&issuer.published);
    keyset
}

/// No session has ended, as far as is known just now. A set counts for five seconds, and a slow machine may stall for as long between
/// two steps: whoever comes next comes right after this.
fn none_ended(revocations: &Revocations) {
    revocations.set(HashSet::new(), Instant::now());
}

/// Auth, as it is when it is down: it hangs up on whoever calls. Counts the calls.
fn auth_that_is_down() -> (AuthClient, Arc<AtomicUsize>) {
    auth_that(drop)
}

/// Auth that does this to whoever calls. Counts the calls.
fn auth_that(treats: fn(TcpStream)) -> (AuthClient, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let auth = AuthClient::new(client::http(&format!("http://{}", listener.local_addr().unwrap())));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            treats(connection.unwrap());
        }
    });
    (auth, calls)
}

#[tokio::test]
async fn who_may_have_signed_out_waits_until_that_is_known() {
    let (issuer, revocations) = (Issuer::new(), Revocations::default());
    let (service, token) = (service(&issuer, &known(&issuer), &revocations), issuer.token(ADA));
    let refused = async || service.viewer(&token).await.unwrap_err().into_response();

    let answer = refused().await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "they were never read");
    assert_eq!(answer.headers()[RETRY_AFTER], "1");
    assert!(!service.is_ready(), "and no request should come");

    none_ended(&revocations);
    assert_eq!(service.viewer(&token).await.unwrap().account, ADA);
    assert!(service.is_ready());

    // Whatever is in a set that is too old.
    let six_seconds_ago = Instant::now().checked_sub(Duration::from_secs(6)).unwrap();
    for sessions in [HashSet::new(), HashSet::from([SessionId(ADA.0)])] {
        revocations.set(sessions, six_seconds_ago);
        let answer = refused().await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "they were read six seconds ago");
        assert_eq!(answer.headers()[RETRY_AFTER], "1");
        assert_eq!(service.goes_on(SessionId(ADA.0)), None);
    }

    revocations.set(HashSet::from([SessionId(ADA.0)]), Instant::now());
    assert_eq!(refused().await.status(), StatusCode::UNAUTHORIZED, "they were read, and the session has ended");
}

#[tokio::test]
async fn while_auth_is_down_valid_tokens_are_valid_and_forged_ones_ask_it_once() {
    let (issuer, revocations) = (Issuer::new(), Revocations::default());
    let (auth, calls) = auth_that_is_down();
    let keyset = Keyset::fetched(auth);
    keyset.set(&issuer.published);
    let (service, token) = (service(&issuer, &keyset, &revocations), issuer.token(ADA));
    none_ended(&revocations);
    assert_eq!(service.viewer(&token).await.unwrap().account, ADA);
    assert_eq!(calls.load(Ordering::SeqCst), 0, "what is known is not asked for");

    let mut asking = JoinSet::new();
    for n in 0..100 {
        let keyset = keyset.clone();
        asking.spawn(async move { matches!(keyset.find(&format!("forged-{n}")).await, Err(TokenError::KeysUnavailable)) });
    }
    assert!(asking.join_all().await.into_iter().all(|is_unknown| is_unknown));
    assert_eq!(calls.load(Ordering::SeqCst), 1, "of a hundred keys that nobody knows, one was asked for");
    assert!(keyset.find(KID).await.is_ok(), "what was known stays known");
    none_ended(&revocations);
    assert_eq!(service.viewer(&token).await.unwrap().account, ADA);
}

/// As in a process that has just begun.
#[tokio::test]
async fn whose_key_could_not_be_asked_for_is_told_to_wait_and_not_to_sign_in_again() {
    let (issuer, revocations) = (Issuer::new(), Revocations::default());
    none_ended(&revocations);
    let (auth, _) = auth_that_is_down();
    let keyset = Keyset::fetched(auth);
    let service = service(&issuer, &keyset, &revocations);
    assert!(!service.is_ready(), "no request should come yet");

    let token = issuer.token(ADA);
    none_ended(&revocations);
    let answer = service.viewer(&token).await.unwrap_err().into_response();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[RETRY_AFTER], "1");
    let cookie = format!("media={}", issuer.media(ADA));
    let mut looking = Request::builder().uri("/p/key/thumb").header(COOKIE, cookie).body(()).unwrap().into_parts().0;
    none_ended(&revocations);
    let looking = MediaViewer::from_request_parts(&mut looking, &service).await.unwrap();
    assert_eq!(looking.viewer().await.unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);

    keyset.set(&issuer.published);
    assert!(service.is_ready());
    none_ended(&revocations);
    assert_eq!(service.viewer(&token).await.unwrap().account, ADA);
}

#[tokio::test]
async fn who_hangs_up_while_auth_is_silent_makes_nobody_ask_it_again() {
    let (auth, calls) = auth_that(std::mem::forget);
    let keyset = Keyset::fetched(auth);
    for n in 0..10 {
        let kid = format!("forged-{n}");
        let hung_up = tokio::time::timeout(Duration::from_millis(20), keyset.find(&kid)).await;
        assert!(hung_up.is_err(), "auth has not answered: {:?}", hung_up.map(|key| key.is_ok()));
    }
    assert!(matches!(keyset.find("forged").await, Err(TokenError::KeysUnavailable)), "who waits is told to come again");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_key_that_auth_says_it_does_not_have_is_nobodys() {
    let issuer = Issuer::new();
    let published = Bytes::from(serde_json::to_vec(&issuer.published).unwrap());
    let carrier = tower::service_fn(move |_: Request<Bytes>| std::future::ready(Ok::<_, TransportError>(Response::new(published.clone()))));
    let keyset = Keyset::fetched(AuthClient::new(Transport::in_process(Carrier::new(carrier))));
    assert!(matches!(keyset.find("forged").await, Err(TokenError::UnknownKey)));
    assert!(keyset.find(KID).await.is_ok(), "it is one of those that auth has");
}

#[tokio::test]
async fn while_auth_is_down_its_keys_are_fetched_again_soon() {
    let (auth, calls) = auth_that_is_down();
    let fetching = tokio::spawn(Keyset::fetched(auth).keep_fetching(Duration::from_secs(3600), Duration::from_millis(10)));
    let again = async {
        while calls.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), again).await.expect("it was asked three times");
    fetching.abort();
}
