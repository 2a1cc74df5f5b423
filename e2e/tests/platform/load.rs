//! People who use a platform without a pause, each over one connection that is kept, and who count what went wrong.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream;
use http::Method;
use reqwest::RequestBuilder;
use reqwest::multipart::Part;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::gateway::{Person, Reply, attempt, text};
use crate::picture;
use crate::wait::DEADLINE;

/// One request of so many is an upload.
const UPLOAD_EVERY: usize = 40;
/// A slow upload arrives in so many pieces.
const PIECES: usize = 7;
/// As long after each other.
const PAUSE: Duration = Duration::from_millis(500);
/// The same over a line on which an upload takes more than half a minute: longer than anything but an upload may, and shorter than
/// the minute that gateways give a request unless told otherwise.
const LONG_PAUSE: Duration = Duration::from_secs(6);

/// What everybody has done so far.
#[derive(Default)]
pub struct Load {
    requests: AtomicUsize,
    uploads: AtomicUsize,
    over: AtomicBool,
    failures: Mutex<Vec<String>>,
}

impl Load {
    /// How many requests were answered, or were not.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many of them were uploads.
    pub fn uploads(&self) -> usize {
        self.uploads.load(Ordering::Relaxed)
    }

    /// Those that failed.
    pub fn failures(&self) -> Vec<String> {
        self.failures.lock().expect("nobody panics with it").clone()
    }

    /// Everybody stops after the request at hand.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Whether everybody stops.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Something went wrong.
    pub fn fail(&self, what: String) {
        self.failures.lock().expect("nobody panics with it").push(what);
    }

    /// Reads and writes in every service until it is over, a request each `pace`; answers the ids of this person's posts.
    pub async fn use_everything(&self, mut person: Person, friend: &str, pace: Duration) -> Vec<String> {
        let mut clock = interval(pace);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut posts = Vec::new();
        for turn in 0.. {
            clock.tick().await;
            if self.is_over() {
                break;
            }
            self.keep_signed_in(&mut person).await;
            if turn % UPLOAD_EVERY == 0 {
                self.uploads.fetch_add(1, Ordering::Relaxed);
                self.succeed("upload", person.uploading(Part::bytes(picture::gradient()), "public")).await;
                continue;
            }
            let (what, request) = one_of_all(&person, friend, turn);
            let answer = self.succeed(what, request).await;
            posts.extend(answer.filter(|_| what == "post"));
        }
        posts
    }

    /// Uploads one photo after the other, each for seconds, so that there is always one on its way.
    pub async fn upload_slowly(&self, mut person: Person) {
        while !self.is_over() {
            self.keep_signed_in(&mut person).await;
            self.uploads.fetch_add(1, Ordering::Relaxed);
            self.succeed("slow upload", person.uploading(slowly(PAUSE, Arc::default()), "public")).await;
        }
    }

    /// Shows a private photo to a follower until it is over, in another post each `pace`, and answers how often it was seen. For that
    /// services use their keys: social asks photo whether the author may show it, and signs for photo that the follower may see it.
    pub async fn show_privately(&self, mut author: Person, mut follower: Person, pace: Duration) -> usize {
        let uploading = author.uploading(Part::bytes(picture::gradient()), "private");
        let photo = self.succeed("upload", uploading).await;
        let post = json!({ "text": "For you alone", "visibility": "followers", "photos": [photo] });
        let mut clock = interval(pace);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = 0;
        while !self.is_over() {
            clock.tick().await;
            self.keep_signed_in(&mut author).await;
            self.keep_signed_in(&mut follower).await;
            let posting = author.request(Method::POST, "/v1/posts").json(&post);
            let Some(id) = self.succeed("post with a photo", posting).await else { continue };
            let reading = follower.request(Method::GET, &format!("/v1/posts/{id}"));
            let Some(shown) = self.answer("read a post with a photo", reading).await else { continue };
            let address = text(&shown.json(), "/photos/0/urls/original");
            seen += usize::from(self.answer("private photo", follower.request(Method::GET, &address)).await.is_some());
        }
        seen
    }

    /// Uploads one photo for more than half a minute; `begun` is told when the first piece of it is on its way.
    pub async fn upload_for_long(&self, person: Person, begun: Arc<Notify>) {
        self.uploads.fetch_add(1, Ordering::Relaxed);
        let upload = person.uploading(slowly(LONG_PAUSE, begun), "public").timeout(DEADLINE);
        self.succeed("long upload", upload).await;
    }

    /// Gives a person another token in time.
    pub async fn keep_signed_in(&self, person: &mut Person) {
        if let Err(error) = person.stay_signed_in().await {
            self.fail(format!("sign in: {error}"));
        }
    }

    /// Counts a request, and the failure that it may be; the id that the answer names, if it names one.
    async fn succeed(&self, what: &str, request: RequestBuilder) -> Option<String> {
        let reply = self.answer(what, request).await?;
        let is_json = reply.media_type.starts_with("application/json");
        let json = is_json.then(|| reply.json())?;
        json.get("id").is_some().then(|| text(&json, "/id"))
    }

    /// Counts a request, and the failure that it may be; the answer, if it is none.
    async fn answer(&self, what: &str, request: RequestBuilder) -> Option<Reply> {
        let answer = attempt(request).await;
        self.requests.fetch_add(1, Ordering::Relaxed);
        match answer {
            Ok(reply) if reply.status.is_success() => Some(reply),
            Ok(reply) => {
                self.fail(format!("{what}: {reply}"));
                None
            }
            Err(error) => {
                self.fail(format!("{what}: {error:?}"));
                None
            }
        }
    }
}

/// A photo in pieces, with a pause before each but the first; `begun` is told that this one is on its way.
fn slowly(pause: Duration, begun: Arc<Notify>) -> Part {
    let jpeg = picture::gradient();
    let pieces: Vec<Vec<u8>> = jpeg.chunks(jpeg.len().div_ceil(PIECES)).map(<[u8]>::to_vec).collect();
    let pieces = stream::unfold((pieces.into_iter(), false), move |(mut pieces, has_begun)| {
        let begun = begun.clone();
        async move {
            let piece = pieces.next()?;
            if has_begun {
                begun.notify_one();
                sleep(pause).await;
            }
            Some((Ok::<_, Infallible>(piece), (pieces, true)))
        }
    });
    Part::stream_with_length(reqwest::Body::wrap_stream(pieces), jpeg.len() as u64)
}

/// A request to each service in turn.
fn one_of_all(person: &Person, friend: &str, turn: usize) -> (&'static str, RequestBuilder) {
    match turn % 8 {
        0 => ("keys", person.request(Method::GET, "/.well-known/jwks.json")),
        1 => ("account", person.request(Method::GET, "/v1/accounts/me")),
        2 => ("home timeline", person.request(Method::GET, "/v1/timelines/home")),
        3 => ("photos", person.request(Method::GET, "/v1/photos")),
        4 => ("followers", person.request(Method::GET, &format!("/v1/relations/{}/followers", person.id))),
        5 => ("follow", person.request(Method::PUT, &format!("/v1/relations/{friend}/follow"))),
        6 => ("public timeline", person.request(Method::GET, "/v1/timelines/public")),
        _ => {
            let post = json!({ "text": format!("Post {turn}"), "visibility": "public" });
            ("post", person.request(Method::POST, "/v1/posts").json(&post))
        }
    }
}
