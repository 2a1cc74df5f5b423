//! Whatever ends a session, it has ended at every service.

mod causes;
mod person;

use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};

use self::causes::{CAUSES, Cause};
use self::person::Person;
use crate::app::App;
use crate::cookie::shown;
use crate::process::{GUARD, sign_in, sign_up};
use crate::stage::Stage;

/// Routes of each service that ask who calls. A private picture of theirs is another one.
const ROUTES: [&str; 5] = ["/v1/accounts/me", "/v1/timelines/home", "/v1/stream", "/v1/photos?owner=me", "/v1/relations/1"];

/// A stream that goes on until its session ends.
async fn stream(stage: &Stage, token: &str) -> Response {
    let deadline = Instant::now() + GUARD;
    loop {
        let stream = stage.request("GET", "/v1/stream", Some(token)).send().await.unwrap();
        // Streams begin a moment after everything else.
        if stream.status() == StatusCode::OK {
            return stream;
        }
        assert!(Instant::now() < deadline, "a stream is answered with {}", stream.status());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a stream has ended, in whatever way, and says all that it told.
async fn told_until_the_end(mut stream: Response) -> String {
    let mut told = Vec::new();
    let ended = async {
        while let Ok(Some(piece)) = stream.chunk().await {
            told.extend_from_slice(&piece);
        }
    };
    tokio::time::timeout(GUARD, ended).await.expect("a stream ends with its session");
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test]
async fn whatever_ends_a_session_ends_it_at_every_service() {
    let stage = Stage::start();
    let app = App::register(&stage).await;
    sign_up(&stage.http, stage.url(), "the_admin").await;
    stage.admin("grant", "the_admin");
    let admin = sign_in(&stage.http, stage.url(), "the_admin").await;

    let mut longest = (Duration::ZERO, Cause::SignOut);
    for cause in CAUSES {
        let person = Person::arrive(&stage, cause, &app).await;
        let routes = ROUTES.into_iter().chain([&*person.picture]);
        for route in routes.clone() {
            assert_ne!(stage.status("GET", route, Some(person.token())).await, StatusCode::UNAUTHORIZED, "{cause:?}: {route}");
        }
        assert_eq!(stage.status("GET", &person.picture, Some(person.token())).await, StatusCode::OK, "{cause:?}");
        assert_eq!(shown(&stage, &person.picture, &person.cookie).await, StatusCode::OK, "{cause:?}: by the cookie");
        let stream = stream(&stage, person.token()).await;

        let ended = person.end(&stage, cause, &app, &admin).await;
        for route in routes {
            stage.until("GET", route, Some(person.token()), StatusCode::UNAUTHORIZED).await;
        }
        let deadline = Instant::now() + GUARD;
        while shown(&stage, &person.picture, &person.cookie).await != StatusCode::NOT_FOUND {
            assert!(Instant::now() < deadline, "{cause:?}: the cookie outlives its session");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let took = ended.elapsed();
        let told = told_until_the_end(stream).await;
        assert!(told.contains("signed_out"), "{cause:?}: {told}");
        if took > longest.0 {
            longest = (took, cause);
        }
    }
    let (took, cause) = longest;
    println!("it took up to {} ms until a session had ended everywhere ({cause:?}); a second is the aim", took.as_millis());
}
