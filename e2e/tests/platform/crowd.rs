//! People who use a platform without a pause while something is done to it: some read and write everywhere, one uploads
//! slowly, and one listens to what another posts.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::following::Heard;
use crate::gateway::{Person, text};
use crate::load::Load;
use crate::scene::Scene;
use crate::wait::{DEADLINE, eventually};

/// A request of each person's as often as this: below the limits of one account and of one address, and below what leaves nothing of
/// a node of two cores to those who move the pods.
pub const PACE: Duration = Duration::from_millis(80);

/// How many people read and write everywhere.
const PEOPLE: usize = 6;

/// Everybody, until they go home.
pub struct Crowd {
    /// What they have done so far.
    pub load: Arc<Load>,
    writing: JoinHandle<Vec<String>>,
    others: Vec<JoinHandle<Vec<String>>>,
    uploading: JoinHandle<()>,
    listening: JoinHandle<Heard>,
    written: Arc<OnceLock<BTreeSet<String>>>,
}

impl Crowd {
    /// Signs everybody up, and lets them begin: a request of each person's every `pace`.
    pub async fn gather(scene: &Scene, pace: Duration) -> Crowd {
        let load = Arc::new(Load::default());
        let author = person(scene, "author").await;
        let listener = person(scene, "listener").await;
        follows(&listener, &author).await;
        let (author_id, listener_id) = (author.id.clone(), listener.id.clone());
        let written = Arc::new(OnceLock::<BTreeSet<String>>::new());
        let heard = Heard::default();
        let ready = heard.ready.clone();
        let listening = tokio::spawn(listen(heard, listener, load.clone(), written.clone()));
        tokio::time::timeout(DEADLINE, ready.notified()).await.expect("the stream opens");
        let writing = tokio::spawn(use_everything(author, listener_id, load.clone(), pace));
        let mut others = Vec::new();
        for number in 1..PEOPLE {
            let person = person(scene, &format!("person{number}")).await;
            others.push(tokio::spawn(use_everything(person, author_id.clone(), load.clone(), pace)));
        }
        let patient = person(scene, "patient").await;
        let slow = load.clone();
        let uploading = tokio::spawn(async move { slow.upload_slowly(patient).await });
        Crowd { load, writing, others, uploading, listening, written }
    }

    /// # Panics
    /// With some of the requests that have failed, if any has.
    pub fn no_failure(&self) {
        let failures = self.load.failures();
        let some: Vec<_> = failures.iter().take(10).map(|failure| format!("\n  {failure}")).collect();
        assert!(failures.is_empty(), "{} of {} requests failed:{}", failures.len(), self.load.requests(), some.concat());
    }

    /// Everybody ends, and the one who listens has heard of everything. Answers what they have done; for a reader.
    ///
    /// # Panics
    /// If any request has failed.
    pub async fn go_home(mut self) -> String {
        self.load.end();
        (&mut self.uploading).await.expect("somebody uploads to the end");
        for other in &mut self.others {
            other.await.expect("everybody goes on to the end");
        }
        let posts: BTreeSet<String> = (&mut self.writing).await.expect("the author writes to the end").into_iter().collect();
        assert!(!posts.is_empty(), "the author has posted");
        let number = posts.len();
        self.written.set(posts).expect("it is set once");
        let heard = tokio::time::timeout(DEADLINE, &mut self.listening).await.expect("every post arrives on the stream");
        let heard = heard.expect("somebody listens to the end");
        self.no_failure();
        format!(
            "0 of {} requests failed, {} uploads among them; a stream was opened {} times and brought all of {number} posts",
            self.load.requests(),
            self.load.uploads(),
            heard.opened
        )
    }
}

/// Somebody with a connection of their own.
pub async fn person(scene: &Scene, handle: &str) -> Person {
    Person::sign_up(&scene.gateway(), handle).await
}

/// Follows somebody, and waits until every service knows.
pub async fn follows(listener: &Person, author: &Person) {
    listener.put(&format!("/v1/relations/{}/follow", author.id)).await.accepted("follow the author");
    let post = author.post(json!({ "text": "Is anybody there?", "visibility": "public" })).await;
    eventually("the post is in the follower's home timeline", async || {
        let home = listener.get("/v1/timelines/home").await.with_status(StatusCode::OK)?.json();
        let items = home["items"].as_array().cloned().unwrap_or_default();
        if items.iter().any(|item| post.ends_with(&text(item, "/id"))) { Ok(()) } else { Err(home.to_string()) }
    })
    .await;
}

async fn use_everything(person: Person, friend: String, load: Arc<Load>, pace: Duration) -> Vec<String> {
    load.use_everything(person, &friend, pace).await
}

/// Listens until everything that was written has come.
async fn listen(mut heard: Heard, person: Person, load: Arc<Load>, written: Arc<OnceLock<BTreeSet<String>>>) -> Heard {
    heard.listen(person, &load, |heard| written.get().is_some_and(|written| written.is_subset(&heard.posts))).await;
    heard
}
