//! A running `social-platform`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// Longer than anything takes, shorter than anybody waits.
pub const GUARD: Duration = Duration::from_secs(120);
pub const PASSWORD: &str = "a few words are easy";

/// The process; it is killed if a test ends early.
pub struct All {
    process: Child,
    pub url: String,
}

/// Its threads have the stacks that they have where somebody runs it, and not those of tests.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_social-platform"));
    command.env_remove("RUST_MIN_STACK");
    command
}

impl All {
    /// Starts `all` on a folder and free ports, and waits until it says where it is, which it does once it is ready.
    pub fn start(folder: &Path, configure: impl FnOnce(&mut Command)) -> Self {
        let mut command = program();
        command.args(["all", "--public-addr=127.0.0.1:0", "--private-addr=127.0.0.1:0", "--log-format=json", "--data"]).arg(folder);
        configure(&mut command);
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        let (said, saying) = mpsc::channel();
        // To the end, or the program would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(|line| drop(said.send(line))));
        let mut all = Self { process, url: String::new() };
        let (deadline, mut before) = (Instant::now() + GUARD, Vec::new());
        while let Ok(line) = saying.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some((_, url)) = line.split_once("listening at ") {
                url.trim().clone_into(&mut all.url);
                return all;
            }
            before.push(line);
        }
        panic!("it does not say where it is, and ended with {:?}: {}", all.process.try_wait(), before.join("\n"));
    }

    /// Asks it to stop, as systemd does, and waits.
    pub fn stop(self) -> ExitStatus {
        self.ask_to_stop();
        self.ended()
    }

    /// Asks it to stop.
    pub fn ask_to_stop(&self) {
        ask_to_stop(&self.process);
    }

    /// Waits until it has stopped.
    pub fn ended(mut self) -> ExitStatus {
        ended(&mut self.process)
    }

    /// Kills it, as a power cut does.
    pub fn kill(mut self) {
        self.process.kill().expect("the process can be killed");
        self.process.wait().expect("the process can be waited for");
    }
}

/// Sends what systemd and Kubernetes send.
pub fn ask_to_stop(process: &Child) {
    let asked = Command::new("kill").arg(process.id().to_string()).status();
    assert!(asked.is_ok_and(|status| status.success()), "the process can be signaled");
}

/// Waits until it has stopped.
pub fn ended(process: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + GUARD;
    loop {
        if let Some(status) = process.try_wait().expect("the process can be waited for") {
            return status;
        }
        assert!(Instant::now() < deadline, "it did not stop in {GUARD:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Drop for All {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is answered, if not at once: what a service cannot tell in this moment, as whether a session goes on while the machine is
/// busy, it says to ask again (503).
pub async fn answered(request: impl Fn() -> RequestBuilder) -> (StatusCode, String) {
    let deadline = Instant::now() + GUARD;
    loop {
        let answer = request().send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        if status != StatusCode::SERVICE_UNAVAILABLE || Instant::now() > deadline {
            return (status, text);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends JSON and reads JSON; anything but a success ends the test with the answer.
pub async fn post(http: &Client, url: String, token: &str, body: Value) -> Value {
    let (status, text) = answered(|| http.post(&url).bearer_auth(token).json(&body)).await;
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Signs somebody up and in, and answers the access token.
pub async fn sign_up(http: &Client, url: &str, handle: &str) -> String {
    let who = json!({ "handle": handle, "password": PASSWORD });
    let answer = http.post(format!("{url}/v1/accounts")).json(&who).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    sign_in(http, url, handle).await
}

pub async fn sign_in(http: &Client, url: &str, handle: &str) -> String {
    let who = json!({ "handle": handle, "password": PASSWORD });
    let answer: Value = http.post(format!("{url}/v1/sessions")).json(&who).send().await.expect("an answer").json().await.expect("JSON");
    answer["access_token"].as_str().expect("a token").to_owned()
}

/// A picture as a file.
pub fn png(picture: &image::RgbImage) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).expect("a picture");
    png.into_inner()
}

/// Uploads a small public picture and answers its description.
pub async fn upload(http: &Client, url: &str, token: &str) -> Value {
    let picture = image::RgbImage::from_fn(640, 480, |x, y| image::Rgb([x as u8, y as u8, 128]));
    upload_file(http, url, token, png(&picture)).await
}

/// Uploads a PNG as a form, and answers the description of the photo.
pub async fn upload_file(http: &Client, url: &str, token: &str, file: Vec<u8>) -> Value {
    let form = || {
        let file = Part::bytes(file.clone()).file_name("gradient.png").mime_str("image/png").expect("a type");
        Form::new().text("visibility", "public").text("alt", "a gradient").part("file", file)
    };
    let (status, text) = answered(|| http.post(format!("{url}/v1/photos")).bearer_auth(token).multipart(form())).await;
    assert_eq!(status, StatusCode::CREATED, "{text}");
    serde_json::from_str(&text).expect("JSON")
}
