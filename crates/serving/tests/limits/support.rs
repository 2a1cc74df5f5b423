//! A service with nothing to do.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::routing::{get, post};
use clap::Parser;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use serving::{Connection, Json, Listeners, Page, Paged, Rates, Readiness, ServingConfig, private_stack, public_stack, serve};
use telemetry::{Telemetry, TelemetryConfig, TraceSampler};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Several times as long as the service itself waits for anything here.
pub const DEADLINE: Duration = Duration::from_secs(40);

/// Bytes of `GET /large`: several times as many as the kernel keeps of a connection that nobody reads.
pub const LARGE: usize = 16 << 20;
/// Bytes of `GET /larger`: what the kernel keeps is a small part of them.
pub const LARGER: usize = 4 * LARGE;

/// Metrics are of the process, and so of all tests together; they begin before the first request.
static TELEMETRY: LazyLock<Telemetry> = LazyLock::new(|| {
    let quiet = TelemetryConfig {
        log_format: None,
        log: "off".to_owned(),
        otlp_endpoint: None,
        trace_sampler: TraceSampler::AlwaysOff,
        trace_ratio: 0.0,
        traces_per_second: NonZeroU32::MIN,
    };
    let telemetry = Telemetry::init("limits", &quiet).expect("nothing is exported");
    // What fails here is read where the test was started, as ever.
    let _ = std::panic::take_hook();
    telemetry
});

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serving: ServingConfig,
}

/// A service whose requests can be held.
pub struct TestService {
    pub public: SocketAddr,
    pub private: SocketAddr,
    pub http: Client,
    pub gate: Arc<Gate>,
    stop: Option<oneshot::Sender<()>>,
    pub serving: JoinHandle<()>,
}

/// What `GET /held` waits at, and what makes a photo of an upload.
#[derive(Default)]
pub struct Gate {
    reached: Notify,
    pub open: Notify,
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

/// What becomes of a change whose commit nobody answers.
async fn lost() -> serving::Result<()> {
    Err(sqlx::Error::Io(ErrorKind::ConnectionReset.into()).into())
}

async fn panics() -> StatusCode {
    panic!("nobody may read this");
}

/// Ten items, each its own cursor, in pages.
async fn items(page: Page) -> Paged<i64> {
    let one_more = usize::try_from(page.limit).expect("a limit is small") + 1;
    let items = match page.after() {
        Some(after) => (1..=10).filter(|item| *item > after).take(one_more).collect(),
        None => (1..=10).rev().filter(|item| *item < page.before()).take(one_more).collect(),
    };
    page.cut(items, |item| *item)
}

/// A byte now and then, until the service stops.
async fn drips(connection: Connection) -> Body {
    let bytes = futures::stream::unfold(connection, |mut connection| async move {
        tokio::select! {
            () = connection.closing() => None,
            () = tokio::time::sleep(Duration::from_millis(100)) => Some((Ok::<_, Infallible>("."), connection)),
        }
    });
    Body::from_stream(bytes)
}

/// A WebSocket over which as many bytes come again and again.
async fn gushes(connection: Connection, upgrade: WebSocketUpgrade) -> axum::response::Response {
    upgrade.on_upgrade(move |mut socket| async move {
        let _keeps_its_place = connection;
        while socket.send(Message::Binary(vec![0_u8; LARGE].into())).await.is_ok() {}
    })
}

impl TestService {
    pub async fn spawn(flags: &[&str]) -> Self {
        LazyLock::force(&TELEMETRY);
        let flags = ["service", "--public-addr=127.0.0.1:0", "--private-addr=127.0.0.1:0"].into_iter().chain(flags.iter().copied());
        let config = Flags::parse_from(flags).serving;
        let gate = Arc::new(Gate::default());
        let held = gate.clone();
        let hold = move || {
            let gate = held.clone();
            async move {
                gate.reached.notify_one();
                gate.open.notified().await;
                "held and let go"
            }
        };
        let router = Router::new()
            .route("/notes", post(|Json(note): Json<Note>| async move { Json(note.text.len()) }))
            .route("/open", get(|| async { "open" }))
            .route("/panics", get(panics))
            .route("/lost", post(lost))
            .route("/drips", get(drips))
            .route("/large", get(|| async { vec![0_u8; LARGE] }))
            .route("/larger", get(|| async { vec![0_u8; LARGER] }))
            .route("/gushes", get(gushes))
            .route("/items", get(items))
            .route("/held", get(hold.clone()))
            .route("/v1/photos/uploads/{id}/complete", post(hold));
        let listeners = Listeners::bind(&config).await.unwrap();
        let (public, private) = (listeners.public_addr().unwrap(), listeners.private_addr().unwrap());
        let (outside, readiness) = (public_stack(router, &config, &Rates::new(&config)), Readiness::default());
        let inside = private_stack(Router::new(), readiness.clone());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            serve(listeners, &config, outside, inside, readiness, stopped).await;
        });
        Self { public, private, http: Client::new(), gate, stop: Some(stop), serving }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.public))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn ready(&self) -> StatusCode {
        self.http.get(format!("http://{}/readyz", self.private)).send().await.unwrap().status()
    }

    /// `/metrics` as it is now.
    pub async fn metrics(&self) -> String {
        self.http.get(format!("http://{}/metrics", self.private)).send().await.unwrap().text().await.unwrap()
    }

    /// A request that has reached its handler, and waits there.
    pub async fn hold(&self, method: Method, path: &str) -> JoinHandle<Response> {
        let request = self.request(method, path);
        let held = tokio::spawn(async move { request.send().await.unwrap() });
        self.until_held().await;
        held
    }

    /// Waits until a request is held.
    pub async fn until_held(&self) {
        timeout(DEADLINE, self.gate.reached.notified()).await.expect("the request arrives");
    }

    /// As SIGTERM does.
    pub fn stop(&mut self) {
        self.stop.take().expect("stopped once").send(()).expect("somebody listens");
    }

    /// Waits until nobody can connect any more.
    pub async fn until_closed(&self) {
        let deadline = Instant::now() + DEADLINE;
        while TcpStream::connect(self.public).await.is_ok() {
            assert!(Instant::now() < deadline, "it still listens");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Asserts that it is a problem document with the members of RFC 9457 and no others.
pub async fn assert_problem(answer: Response, status: StatusCode, kind: &str) {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let mut body: Value = answer.json().await.unwrap();
    let members = body.as_object_mut().unwrap();
    members.remove("trace_id");
    let [title, detail] = ["title", "detail"].map(|member| members.remove(member).unwrap());
    assert!(title.as_str().is_some_and(|title| !title.is_empty()) && !detail.to_string().contains("nobody may read this"), "{detail}");
    assert_eq!(body, json!({"type": format!("https://socialplatform.dev/problems/{kind}"), "status": status.as_u16()}));
}
