//! An S3 store on disk that can be switched off.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use http::StatusCode;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const BUCKET: &str = "photos";
pub const ACCESS_KEY: &str = "test";
pub const SECRET_KEY: &str = "test-secret";

pub struct TestStore {
    pub endpoint: String,
    root: TempDir,
    down: Arc<AtomicBool>,
}

impl TestStore {
    pub async fn spawn(tasks: &mut JoinSet<()>) -> Self {
        let root = TempDir::new().expect("a temporary folder");
        fs::create_dir(root.path().join(BUCKET)).expect("a bucket");
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path()).expect("a folder of our own"));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service =
            HandleError::new(
                builder.build(),
                |error: s3s::HttpError| async move { (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}")) },
            );

        let down = Arc::new(AtomicBool::new(false));
        let switch = down.clone();
        let router = Router::new().fallback_service(service).layer(from_fn(move |request: Request, next: Next| {
            let down = switch.load(Ordering::SeqCst);
            async move { if down { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { next.run(request).await } }
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound socket"));
        tasks.spawn(async move { axum::serve(listener, router).await.expect("accepting goes on") });
        Self { endpoint, root, down }
    }

    /// From now on, every call fails, or none does.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Every object in the bucket, read behind the store's back.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let mut objects = BTreeMap::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.path().join(BUCKET).join(&folder)).expect("a folder") {
                let entry = entry.expect("an entry");
                let path = folder.join(entry.file_name());
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

    /// Puts an object there behind everybody's back.
    pub fn plant(&self, key: &str, bytes: &[u8]) {
        let path = self.root.path().join(BUCKET).join(key);
        fs::create_dir_all(path.parent().expect("in the bucket")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
}
