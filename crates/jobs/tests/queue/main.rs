//! A job is owed from the commit of its cause until it is done.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use contracts::Service;
use jobs::{JobError, Run, Worker, enqueue};
use serde_json::{Value, json};
use sqlx::{PgPool, query, query_as, query_scalar, raw_sql};
use test_db::TestDb;
use tokio::task::{AbortHandle, JoinSet};

struct Queue {
    /// Everything that runs; ends with this.
    tasks: JoinSet<()>,
    pool: PgPool,
    ran: Arc<Mutex<Vec<Value>>>,
    _db: TestDb,
}

impl Queue {
    async fn new() -> Self {
        let db = TestDb::new(&[]).await;
        let jobs = raw_sql(include_str!("../../migrations/jobs.sql"));
        jobs.execute(&db.superuser_pool(Service::Photo)).await.unwrap();
        Self { tasks: JoinSet::new(), pool: db.pool(Service::Photo), ran: Arc::default(), _db: db }
    }

    async fn owe(&self, kind: &str, payload: Value) {
        let mut tx = self.pool.begin().await.unwrap();
        enqueue(&mut tx, kind, &payload).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Starts a worker that runs a job at its `after`th attempt and fails before.
    fn work(&mut self, after: i32) -> AbortHandle {
        let run = Jobs { ran: self.ran.clone(), failures: AtomicI32::new(after - 1) };
        self.tasks.spawn(Worker::new(self.pool.clone(), run).run())
    }

    fn ran(&self) -> Vec<Value> {
        self.ran.lock().unwrap().clone()
    }

    /// What is still owed: kind, attempts and the last error.
    async fn owed(&self) -> Vec<(String, i32, Option<String>)> {
        query_as("select kind, attempts, error from jobs order by id").fetch_all(&self.pool).await.unwrap()
    }

    /// Everything that waits for its time is due, as if that time had come.
    async fn let_time_pass(&self) {
        query("update jobs set run_at = clock_timestamp()").execute(&self.pool).await.unwrap();
    }
}

/// Runs jobs of the kinds `note`, which notes its payload, `stop`, which never ends, and `panic`.
struct Jobs {
    ran: Arc<Mutex<Vec<Value>>>,
    /// Still to come.
    failures: AtomicI32,
}

impl Run for Jobs {
    async fn run(&self, kind: &str, payload: &Value) -> Result<(), JobError> {
        if self.failures.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Err("the store is down".into());
        }
        self.ran.lock().unwrap().push(payload.clone());
        match kind {
            "note" => Ok(()),
            "stop" => std::future::pending().await,
            "panic" => panic!("{payload} is too much"),
            _ => Err(format!("{kind} is no job of mine").into()),
        }
    }
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !holds().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_job_is_committed_with_its_cause_or_not_at_all() {
    let mut queue = Queue::new().await;
    queue.work(1);
    let mut tx = queue.pool.begin().await.unwrap();
    enqueue(&mut tx, "note", &json!("never")).await.unwrap();
    tx.rollback().await.unwrap();
    let mut tx = queue.pool.begin().await.unwrap();
    enqueue(&mut tx, "note", &json!("late")).await.unwrap();
    // While its cause is open, others go ahead.
    queue.owe("note", json!("early")).await;
    eventually("the other one runs", async || queue.ran() == [json!("early")]).await;
    tx.commit().await.unwrap();
    eventually("all is done", async || queue.owed().await.is_empty() && queue.ran().len() == 2).await;
    assert_eq!(queue.ran(), [json!("early"), json!("late")]);
}

#[tokio::test]
async fn many_workers_run_each_job_once() {
    let mut queue = Queue::new().await;
    for n in 0..60 {
        queue.owe("note", json!(n)).await;
    }
    for _ in 0..4 {
        queue.work(1);
    }
    eventually("all is done", async || queue.owed().await.is_empty()).await;
    let mut ran: Vec<i64> = queue.ran().iter().map(|payload| payload.as_i64().unwrap()).collect();
    ran.sort_unstable();
    assert_eq!(ran, Vec::from_iter(0..60));
}

#[tokio::test]
async fn a_failing_job_is_kept_with_its_error_and_tried_again() {
    let mut queue = Queue::new().await;
    queue.owe("note", json!("a")).await;
    queue.work(3);
    let failed = async || queue.owed().await.iter().any(|(_, _, error)| error.as_deref() == Some("the store is down"));
    eventually("the failure is kept", failed).await;
    let at_once = "select count(*) from jobs where run_at < created_at + interval '900 ms'";
    assert_eq!(query_scalar::<_, i64>(at_once).fetch_one(&queue.pool).await.unwrap(), 0);
    let done = async || {
        queue.let_time_pass().await;
        queue.owed().await.is_empty()
    };
    eventually("it is done", done).await;
    assert_eq!(queue.ran(), [json!("a")]);
}

#[tokio::test]
async fn a_job_that_nobody_knows_waits_and_holds_up_nobody() {
    let mut queue = Queue::new().await;
    queue.owe("of-a-later-release", json!("a")).await;
    queue.owe("note", json!("b")).await;
    queue.work(1);
    eventually("the other one is done", async || queue.ran().contains(&json!("b")) && queue.owed().await.len() == 1).await;
    eventually("the failure is kept", async || queue.owed().await[0].2.is_some()).await;
    let [(kind, _, error)]: [(String, i32, Option<String>); 1] = queue.owed().await.try_into().unwrap();
    assert_eq!((kind.as_str(), error.as_deref()), ("of-a-later-release", Some("of-a-later-release is no job of mine")));
}

#[tokio::test]
async fn a_job_that_panics_has_failed_and_holds_up_nobody() {
    let mut queue = Queue::new().await;
    queue.owe("panic", json!(1)).await;
    queue.owe("note", json!(2)).await;
    queue.work(1);
    let failed = async || match queue.owed().await.as_slice() {
        [(kind, _, error)] => kind == "panic" && error.as_deref() == Some("panicked: 1 is too much"),
        _ => false,
    };
    eventually("its failure is kept, and the other one is done", failed).await;
    queue.let_time_pass().await;
    eventually("it is tried again", async || queue.ran().len() > 2).await;
    assert!(queue.ran().starts_with(&[json!(1), json!(2), json!(1)]), "{:?}", queue.ran());
}

#[tokio::test]
async fn a_job_whose_worker_was_killed_is_given_to_another() {
    let mut queue = Queue::new().await;
    queue.owe("stop", json!("a")).await;
    let killed = queue.work(1);
    eventually("the job has begun", async || queue.ran().len() == 1).await;
    killed.abort();
    queue.work(1);
    // While the claim holds nobody takes it: the one that has it may be slow and not dead.
    queue.owe("note", json!("b")).await;
    eventually("another one is done", async || queue.ran().contains(&json!("b"))).await;
    assert_eq!(queue.ran(), [json!("a"), json!("b")]);
    queue.let_time_pass().await;
    eventually("the job runs again", async || queue.ran() == [json!("a"), json!("b"), json!("a")]).await;
}
