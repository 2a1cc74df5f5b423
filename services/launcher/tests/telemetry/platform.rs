//! A running `social-platform all`, and all that it writes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::{GUARD, eventually};

/// What a process has written so far.
pub type Lines = Arc<Mutex<Vec<String>>>;

/// Makes its first bearer an administrator.
pub const FIRST_ADMIN_TOKEN: &str = "first-admin-3f0c9d5e71a2b4c6";

/// Where people find it, as it is told: by a name, for passkeys are of names. Nobody here goes by it.
pub const PUBLIC_URL: &str = "http://platform.localhost";

/// Room for all that a test looks for: what a stalled machine cannot send in time would be dropped from the usual 2,048, and nobody
/// would find it, however long they wait.
pub const ROOM: [(&str, &str); 2] = [("OTEL_BSP_MAX_QUEUE_SIZE", "65536"), ("OTEL_BLRP_MAX_QUEUE_SIZE", "65536")];

/// The process; it is killed if a test ends early.
pub struct Platform {
    process: Child,
    pub http: Client,
    /// Of the public port.
    pub url: String,
    /// Of the private port.
    pub private: String,
    lines: Lines,
    folder: TempDir,
}

impl Platform {
    /// Starts one on a folder and free ports, and waits until it serves. With `otlp`, its telemetry goes there at once
    /// and not every few seconds.
    pub async fn start(otlp: Option<&str>) -> Self {
        Self::start_with(otlp, &[]).await
    }

    /// The same, with more in its environment.
    pub async fn start_with(otlp: Option<&str>, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_social-platform"));
        command.args(["all", "--public-addr=127.0.0.1:0", "--private-addr=127.0.0.1:0", "--log-format=json", "--data"]).arg(folder.path());
        command.env("FIRST_ADMIN_TOKEN", FIRST_ADMIN_TOKEN).env("PUBLIC_URL", PUBLIC_URL);
        // The deletion of objects and the erasure of accounts are among what is looked for.
        command.env("PHOTO_KEEP_DELETED_SECONDS", "0").env("ACCOUNT_ERASURE_GRACE", "0");
        // Who looks for a trace finds it, however many begin with it.
        command.env("OTEL_TRACES_SAMPLER", "always_on").envs(ROOM).envs(environment.iter().copied());
        if let Some(otlp) = otlp {
            command
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", otlp)
                .env("OTEL_BSP_SCHEDULE_DELAY", "200")
                .env("OTEL_BLRP_SCHEDULE_DELAY", "200")
                .env("OTEL_METRIC_EXPORT_INTERVAL", "500");
        }
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let lines = kept(&mut process);
        let http = Client::builder().redirect(Policy::none()).build().expect("a client");
        let mut platform = Self { process, http, url: String::new(), private: String::new(), lines, folder };
        platform.url = platform.said("listening at ").await;
        platform.private = platform.said("Probes and metrics are at ").await;
        let ready = platform.http.get(format!("{}/readyz", platform.private)).send().await.expect("an answer");
        assert_eq!(ready.status(), StatusCode::OK, "it says where it is once it is ready");
        platform
    }

    /// The word after `before`, once it was printed.
    async fn said(&self, before: &str) -> String {
        eventually(before, async || {
            let lines = self.lines.lock().unwrap();
            let word = lines.iter().find_map(|line| line.split(before).nth(1)?.split_whitespace().next().map(str::to_owned));
            word.ok_or_else(|| lines.join("\n"))
        })
        .await
    }

    /// The code in the newest letter to this address, when one has come that has not been read before.
    pub async fn code_for(&self, address: &str) -> String {
        let mail = self.folder.path().join("mail");
        let (path, code) = eventually(address, async || {
            let files = std::fs::read_dir(&mail).map_err(|error| error.to_string())?;
            let letters = files.map(|file| file.expect("a file").path()).filter(|path| path.extension().is_some_and(|it| it == "eml"));
            let mut found = letters.filter_map(|path| {
                let letter = std::fs::read_to_string(&path).ok().filter(|letter| letter.contains(&format!("To: {address}\r\n")))?;
                let code: String =
                    letter[letter.find("splk_")?..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
                Some((path, code))
            });
            found.next().ok_or_else(|| "no letter with a code".to_owned())
        })
        .await;
        std::fs::remove_file(path).expect("the letter was there");
        code
    }

    /// What it made up at its first start: keys, and passwords of the database and of the store.
    pub fn made_up(&self) -> Vec<String> {
        let file = std::fs::read(self.folder.path().join("secrets.json")).expect("it was made");
        let kinds: BTreeMap<String, Value> = serde_json::from_slice(&file).expect("JSON");
        let secrets = kinds.into_values().flat_map(|kind| match kind {
            Value::Object(of_services) => of_services.into_iter().map(|(_, secret)| secret).collect(),
            secret => vec![secret],
        });
        secrets.map(|secret| secret.as_str().expect("text").to_owned()).collect()
    }

    /// `/metrics` as it is now.
    pub async fn metrics(&self) -> String {
        let answer = self.http.get(format!("{}/metrics", self.private)).send().await.expect("an answer");
        answer.text().await.expect("text")
    }

    /// Asks it to stop, as systemd does, waits, and answers everything that it wrote.
    pub fn stop(mut self) -> Vec<String> {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "the process can be signaled");
        let deadline = Instant::now() + GUARD;
        while self.process.try_wait().expect("the process can be waited for").is_none() {
            assert!(Instant::now() < deadline, "it did not stop in {GUARD:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        self.lines.lock().unwrap().clone()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Everything that a process writes, whose output is piped.
pub fn kept(process: &mut Child) -> Lines {
    let lines = Lines::default();
    keep(process.stdout.take().expect("it is piped"), lines.clone());
    keep(process.stderr.take().expect("it is piped"), lines.clone());
    lines
}

/// Reads to the end, or the program would stop at a full pipe.
fn keep(pipe: impl Read + Send + 'static, lines: Lines) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    });
}
