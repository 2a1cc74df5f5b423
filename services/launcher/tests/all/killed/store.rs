//! An S3 store on disk that does some of what it is asked, and answers nothing of it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::{Method, StatusCode};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::own_server::KEYS;
use crate::process::GUARD;

pub const BUCKET: &str = "own";

/// Calls of one method of which a few are done, and none is answered.
#[derive(Clone)]
struct Held {
    method: Method,
    few: usize,
    begun: Arc<AtomicUsize>,
    done: Arc<AtomicUsize>,
}

pub struct Store {
    pub endpoint: String,
    bucket: PathBuf,
    held: watch::Sender<Option<Held>>,
}

impl Store {
    pub async fn spawn(root: &Path) -> Self {
        let bucket = root.join(BUCKET);
        fs::create_dir_all(bucket.join("blobs")).expect("a folder");
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root).expect("a folder of our own"));
        builder.set_auth(SimpleAuth::from_single(KEYS[0].1, KEYS[1].1));
        let failed = |error: s3s::HttpError| async move { (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}")) };
        let (held, calls) = watch::channel(None::<Held>);
        let router = Router::new().fallback_service(HandleError::new(builder.build(), failed));
        let router = router.layer(from_fn(move |request: Request, next: Next| {
            let held = calls.borrow().clone().filter(|held| held.method == *request.method());
            async move {
                let Some(held) = held else { return next.run(request).await };
                if held.begun.fetch_add(1, Ordering::SeqCst) < held.few {
                    next.run(request).await;
                    held.done.fetch_add(1, Ordering::SeqCst);
                }
                // Until whoever asked is gone.
                std::future::pending::<Response>().await
            }
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound socket"));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("accepting goes on") });
        Self { endpoint, bucket, held }
    }

    /// From now on, of the calls of `method` the first few are done, and none is answered.
    pub fn hold(&self, method: Method, few: usize) {
        self.held.send_replace(Some(Held { method, few, begun: Arc::default(), done: Arc::default() }));
    }

    /// Waits until those few are done.
    pub async fn until_held(&self) {
        let held = self.held.borrow().clone().expect("something is held");
        let deadline = Instant::now() + GUARD;
        while held.done.load(Ordering::SeqCst) < held.few {
            assert!(Instant::now() < deadline, "not so much was asked in {GUARD:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// From now on, everything is done and answered.
    pub fn release(&self) {
        self.held.send_replace(None);
    }

    /// The objects under a prefix, which is a folder, each with where it lies.
    pub fn objects(&self, prefix: &str) -> BTreeMap<String, PathBuf> {
        let Ok(entries) = fs::read_dir(self.bucket.join(prefix)) else { return BTreeMap::new() };
        let entries = entries.flatten().map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
        // Where the store keeps what is not finished.
        entries.filter(|(name, _)| !name.starts_with('.')).collect()
    }

    /// Makes all objects of photos older than the sweep spares those that no row names.
    pub fn age(&self) {
        for path in self.objects("blobs").values() {
            let file = File::options().write(true).open(path).expect("a file");
            file.set_modified(SystemTime::now() - Duration::from_secs(2 * 24 * 3600)).expect("a time of change");
        }
    }
}
