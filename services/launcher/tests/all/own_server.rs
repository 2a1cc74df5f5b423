//! A plain server: Debian's nginx in front, with the file that `docs/operating.md` gives, and a PostgreSQL and an S3 store
//! of one's own behind.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postgres_server::{Durability, Programs, Server};
use reqwest::header::HeaderValue;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::process::{All, GUARD, png, post, program, sign_up, upload, upload_file};
use crate::slow_upload::SlowUpload;

const NAME: &str = "social.example.org";
pub const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "own"), ("AWS_SECRET_ACCESS_KEY", "own-secret")];

/// Ends with the test.
pub struct Background(pub Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// The committed file, with this machine's ports and a certificate of its own.
fn nginx(folder: &Path, port: u16, upstream: &str) -> Background {
    let (key, certificate) = (folder.join("key.pem"), folder.join("cert.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj"])
        .arg(format!("/CN={NAME}"))
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let site = include_str!("../../../../deploy/nginx.conf")
        .replace("127.0.0.1:8080", upstream)
        .replace("listen 443 ssl http2", &format!("listen 127.0.0.1:{port} ssl http2"))
        .replace("listen 80;", &format!("listen 127.0.0.1:{};", free_port()))
        .replace(&format!("/etc/letsencrypt/live/{NAME}/fullchain.pem"), &certificate.display().to_string())
        .replace(&format!("/etc/letsencrypt/live/{NAME}/privkey.pem"), &key.display().to_string());
    let site: Vec<&str> = site.lines().filter(|line| !line.contains("listen [::]")).collect();
    let at = folder.display();
    let whole = format!(
        "pid {at}/pid; error_log {at}/error.log; worker_processes 1; events {{}}\nhttp {{ access_log off; client_body_temp_path {at}/body;
         proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;\n{}\n}}",
        site.join("\n")
    );
    std::fs::write(folder.join("nginx.conf"), whole).expect("the folder takes files");
    let mut command = Command::new("nginx");
    command.arg("-c").arg(folder.join("nginx.conf")).args(["-g", "daemon off; master_process off;"]);
    Background(command.stderr(Stdio::null()).spawn().expect("nginx runs"))
}

/// An S3 store with the bucket `own`.
pub fn store(folder: &Path, port: u16) -> Background {
    let mut command = program();
    command.arg("dev-s3").env("S3_ADDR", format!("127.0.0.1:{port}")).env("S3_ROOT", folder).env("S3_BUCKET", "own").envs(KEYS);
    Background(command.stdout(Stdio::null()).spawn().expect("the store starts"))
}

/// A picture of some 2 MB, more than nginx takes by itself.
pub fn large() -> Vec<u8> {
    let mut state = 1_u32;
    png(&image::RgbImage::from_fn(1000, 700, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = state.to_le_bytes();
        image::Rgb([red, green, blue])
    }))
}

/// Uploads a picture by tus. Its last bytes are not sent before the first have come: nginx hands them on at once.
async fn upload_by_tus(http: &Client, url: &str, token: &str, file: &[u8]) -> Value {
    let upload = SlowUpload::begin(http, url, token, file).await;
    let complete = upload.complete_at();
    let sent = upload.end().await;
    assert_eq!((sent.status(), &sent.headers()["upload-offset"]), (StatusCode::NO_CONTENT, &HeaderValue::from(file.len())));
    let made = http.post(format!("{url}{complete}")).bearer_auth(token).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    made.json().await.unwrap()
}

/// Waits until the server in front answers for the platform.
async fn until_up(http: &Client, url: &str) {
    let deadline = Instant::now() + GUARD;
    while !http.get(format!("{url}/v1/timelines/public")).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK) {
        assert!(Instant::now() < deadline, "{url} did not answer in {GUARD:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn it_runs_behind_nginx_on_a_postgresql_and_a_store_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let [data, objects, web, postgres] = ["data", "objects", "web", "postgres"].map(|name| folder.path().join(name));
    for made in [&objects, &web] {
        std::fs::create_dir(made).unwrap();
    }
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start(&Programs::of_system().unwrap(), &postgres, Durability::None).unwrap();
    let (s3_port, web_port) = (free_port(), free_port());
    let _store = store(&objects, s3_port);
    let bucket = format!("http://127.0.0.1:{s3_port}/own");
    let public_url = format!("https://{NAME}:{web_port}");
    let all = All::start(&data, |command| {
        command
            .env("OWNER_DATABASE_URL", server.superuser_url("postgres"))
            .env("S3_ENDPOINT", format!("http://127.0.0.1:{s3_port}"))
            .env("S3_BUCKET", "own")
            .envs(KEYS)
            .env("PUBLIC_URL", &public_url)
            .env("TRUSTED_PROXY_HOPS", "1");
    });
    let _nginx = nginx(&web, web_port, all.url.trim_start_matches("http://"));

    let http = Client::builder().tls_danger_accept_invalid_certs(true).resolve(NAME, ([127, 0, 0, 1], web_port).into()).build().unwrap();
    until_up(&http, &public_url).await;
    let token = sign_up(&http, &public_url, "ada").await;
    let photo = upload(&http, &public_url, &token).await;
    post(&http, format!("{public_url}/v1/posts"), &token, json!({ "text": "from afar", "photos": [photo["id"]] })).await;
    let original = format!("{public_url}{}", photo["urls"]["original"].as_str().unwrap());
    assert_eq!(http.get(original).send().await.unwrap().status(), StatusCode::OK);
    let large = large();
    let by_form = upload_file(&http, &public_url, &token, large.clone()).await;
    let by_tus = upload_by_tus(&http, &public_url, &token, &large).await;
    for photo in [by_form, by_tus] {
        assert_eq!((&photo["width"], &photo["height"]), (&json!(1000), &json!(700)));
    }
    let kept = std::fs::read_dir(objects.join("own/blobs")).unwrap().next().expect("the photo is in one's own store").unwrap().file_name();
    // Which shows nothing to whoever has no key.
    for address in [format!("{bucket}?list-type=2"), format!("{bucket}/blobs/{}", kept.to_str().unwrap())] {
        assert_eq!(http.get(&address).send().await.unwrap().status(), StatusCode::FORBIDDEN, "{address}");
        let signed = http.get(&address).header("authorization", "AWS4-HMAC-SHA256 Credential=own").send().await.unwrap();
        assert!(!signed.status().is_success(), "{address}");
        let signed = http.get(&address).query(&[("X-Amz-Signature", "0")]).send().await.unwrap();
        assert!(!signed.status().is_success(), "{address}");
    }
    assert!(!data.join("postgres").exists(), "no other PostgreSQL is started");
    assert!(all.stop().success());
}
