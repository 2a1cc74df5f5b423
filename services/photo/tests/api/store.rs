//! An S3 store that does nothing that not every one does ([`features`](crate::features)), and can be held, switched off, or made to fail
//! half-way: one on disk in this process, or, where `TEST_VERSITYGW` names the program,
//! versitygw. Both keep an object as a file, so that a test sees what is there behind the store's back.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::faults::{Fault, Faults};
use crate::features;

pub const BUCKET: &str = "photos";
pub const ACCESS_KEY: &str = "test";
pub const SECRET_KEY: &str = "test-secret";

pub struct TestStore {
    pub endpoint: String,
    root: TempDir,
    down: Arc<AtomicBool>,
    held: watch::Sender<bool>,
    writes: Arc<AtomicUsize>,
    sweeps: Arc<AtomicUsize>,
    open: Arc<AtomicBool>,
    faults: Faults,
    /// The other program, if there is one; ends with this.
    _program: Option<Child>,
}

impl TestStore {
    pub async fn spawn(tasks: &mut JoinSet<()>) -> Self {
        let root = TempDir::new().expect("a temporary folder");
        fs::create_dir_all(root.path().join("data").join(BUCKET)).expect("a bucket");
        let (store, program) = match std::env::var_os("TEST_VERSITYGW") {
            Some(program) => versitygw(program.into(), &root).await,
            None => (embedded(&root), None),
        };

        let (down, open) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let switches = (down.clone(), open.clone());
        let (held, gate) = watch::channel(false);
        let writes = Arc::new(AtomicUsize::new(0));
        let written = writes.clone();
        let sweeps = Arc::new(AtomicUsize::new(0));
        let swept = sweeps.clone();
        let faults = Faults::default();
        let planned = faults.clone();
        let (client, unlocked) = (reqwest::Client::new(), unlocked(&root, tasks).await);
        let router = store.layer(from_fn(move |request: Request, next: Next| {
            let (switches, mut gate) = (switches.clone(), gate.clone());
            let (client, unlocked, planned, swept) = (client.clone(), unlocked.clone(), planned.clone(), swept.clone());
            let sweeps = request.uri().query().is_some_and(|query| query.contains("prefix=incoming"));
            if request.method() == Method::PUT {
                written.fetch_add(1, Ordering::SeqCst);
            }
            async move {
                let _ = gate.wait_for(|held| !*held).await;
                let (down, open) = (switches.0.load(Ordering::SeqCst), switches.1.load(Ordering::SeqCst));
                let answer = match is_signed(&request) {
                    _ if !features::is_common(&request) => StatusCode::NOT_IMPLEMENTED.into_response(),
                    _ if down => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                    false if open => hand_on(&client, &unlocked, request).await,
                    _ => planned.run(request, next).await,
                };
                if sweeps && answer.status().is_success() {
                    swept.fetch_add(1, Ordering::SeqCst);
                }
                answer
            }
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound socket"));
        tasks.spawn(async move { axum::serve(listener, router).await.expect("accepting goes on") });
        Self { endpoint, root, down, held, writes, sweeps, open, faults, _program: program }
    }

    /// From now on, it asks nobody for a signature, or everybody.
    pub fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::SeqCst);
    }

    /// From now on, every call fails, or none does.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// From now on, every call waits, or none does.
    pub fn set_held(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// From now on, every call of `method` fails in this way, but for the next few.
    pub fn fail_after(&self, few: usize, method: Method, fault: Fault) {
        self.faults.plan(few, usize::MAX, method, fault);
    }

    /// The next few calls of `method` fail in this way, and those after them do not.
    pub fn fail_next(&self, few: usize, method: Method, fault: Fault) {
        self.faults.plan(0, few, method, fault);
    }

    /// From now on, no call of any method fails by itself.
    pub fn heal(&self) {
        self.faults.clear();
    }

    /// How often somebody has begun to write an object.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// How often somebody was told what lies there as it was sent: the last that a sweep asks.
    pub fn sweeps(&self) -> usize {
        self.sweeps.load(Ordering::SeqCst)
    }

    /// Every object in the bucket, read behind the store's back.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let mut objects = BTreeMap::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.bucket().join(&folder)).expect("a folder") {
                let entry = entry.expect("an entry");
                let path = folder.join(entry.file_name());
                // Where a store keeps what is not finished.
                if entry.file_name().as_encoded_bytes().starts_with(b".") {
                    continue;
                }
                if entry.file_type().expect("a kind").is_dir() {
                    folders.push(path);
                } else {
                    // One that is deleted meanwhile is not there.
                    let Ok(bytes) = fs::read(entry.path()) else { continue };
                    objects.insert(path.to_str().expect("our keys are ASCII").to_owned(), bytes);
                }
            }
        }
        objects
    }

    /// How many objects there are under a prefix.
    pub fn count(&self, prefix: &str) -> usize {
        self.objects().keys().filter(|key| key.starts_with(prefix)).count()
    }

    /// Puts an object there behind everybody's back.
    pub fn plant(&self, key: &str, bytes: &[u8]) {
        let path = self.bucket().join(key);
        let folder = path.parent().expect("in the bucket");
        // Some stores take a folder away with the last object in it: perhaps just now.
        while let Err(error) = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes)) {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        }
    }

    /// Makes an object as old as this.
    pub fn age(&self, key: &str, age: Duration) {
        let file = fs::File::options().write(true).open(self.bucket().join(key)).expect("a file");
        file.set_modified(SystemTime::now() - age).expect("a time of change");
    }

    /// Takes an object away behind everybody's back.
    pub fn steal(&self, key: &str) {
        fs::remove_file(self.bucket().join(key)).expect("a file");
    }

    fn bucket(&self) -> PathBuf {
        self.root.path().join("data").join(BUCKET)
    }
}

fn is_signed(request: &Request) -> bool {
    request.headers().contains_key(AUTHORIZATION) || request.uri().query().is_some_and(|query| query.contains("X-Amz-Signature"))
}

/// A store of the same objects that knows no keys, and answers anybody. Says where.
async fn unlocked(root: &TempDir, tasks: &mut JoinSet<()>) -> String {
    let files = FileSystem::new(root.path().join("data")).expect("a folder of our own");
    let failed = |error: s3s::HttpError| async move { (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}")) };
    let router = Router::new().fallback_service(HandleError::new(S3ServiceBuilder::new(files).build(), failed));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("a bound socket"));
    tasks.spawn(async move { axum::serve(listener, router).await.expect("accepting goes on") });
    endpoint
}

/// The store in this process. It would make a bucket that is not there of the first object that is put into it, as no other does.
fn embedded(root: &TempDir) -> Router {
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path().join("data")).expect("a folder of our own"));
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let failed = |error: s3s::HttpError| async move { (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}")) };
    let router = Router::new().fallback_service(HandleError::new(builder.build(), failed));
    router.layer(from_fn(|request: Request, next: Next| async move {
        let is_there = request.uri().path().split('/').nth(1) == Some(BUCKET);
        if is_there { next.run(request).await } else { no_such_bucket() }
    }))
}

fn no_such_bucket() -> Response {
    let said =
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchBucket</Code><Message>There is none of that name.</Message></Error>"#;
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "application/xml")], said).into_response()
}

/// Another program's store, behind a router that hands on every request as it is: its signature covers the host.
async fn versitygw(program: PathBuf, root: &TempDir) -> (Router, Option<Child>) {
    let address = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        free.local_addr().expect("a bound socket")
    };
    let sidecar = root.path().join("sidecar");
    fs::create_dir_all(&sidecar).expect("a folder");
    let log = root.path().join("versitygw.log");
    let file = fs::File::create(&log).expect("a file");
    let mut child = Command::new(&program)
        .args(["--quiet", "--access", ACCESS_KEY, "--secret", SECRET_KEY, "--region", "us-east-1"])
        .args(["--port", &address.to_string(), "posix"])
        // Not every file system of a test keeps attributes.
        .arg("--sidecar")
        .arg(sidecar)
        .arg(root.path().join("data"))
        .stdout(Stdio::null())
        .stderr(file)
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("failed to start {}: {error}", program.display()));
    let deadline = Instant::now() + Duration::from_secs(120);
    while TcpStream::connect(address).await.is_err() {
        let ended = child.try_wait().expect("a child of ours");
        if ended.is_some() || Instant::now() > deadline {
            panic!("versitygw does not listen ({ended:?}): {}", fs::read_to_string(&log).unwrap_or_default());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let router = Router::new().fallback(move |request: Request| {
        let client = client.clone();
        async move { hand_on(&client, &format!("http://{address}"), request).await }
    });
    (router, Some(child))
}

async fn hand_on(client: &reqwest::Client, to: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let uri = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let handed = client.request(parts.method, format!("{to}{uri}")).headers(parts.headers).body(bytes).send().await;
    let Ok(answer) = handed else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from(answer.bytes().await.unwrap_or_default()));
    *response.status_mut() = status;
    // How the bytes came is between the two of them.
    let named = headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
    *response.headers_mut() = named.filter(|(name, _)| ![TRANSFER_ENCODING, CONNECTION].contains(name)).collect::<HeaderMap>();
    response
}
