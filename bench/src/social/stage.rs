//! A platform full of people.

use std::net::SocketAddr;

use tokio::process::Command;

use crate::Result;
use crate::arguments::Arguments;
use crate::people::{self, Person};
use crate::platform::Platform;
use crate::sql::Database;

/// As many as the graph of Reed College has, where none is given.
const REED98: u32 = 962;
/// People who look at their timelines.
const VIEWERS: usize = 200;

/// The platform after seeding.
pub struct Stage {
    pub platform: Platform,
    /// The ids of all people, by handle.
    pub accounts: Vec<String>,
    /// Posts that are no comments.
    pub posts: i64,
}

impl Stage {
    /// Starts a platform and seeds it, through its public API.
    pub async fn seed(arguments: &Arguments) -> Result<Self> {
        let platform = Platform::start(arguments).await?;
        let mut seed = Command::new(platform.program());
        seed.arg("seed").arg("--url").arg(format!("http://{}", platform.address())).args(["--concurrency", "8"]);
        if let Some(graph) = &arguments.graph {
            seed.arg("--graph").arg(graph);
        }
        if let Some(photos) = &arguments.photos {
            seed.arg("--photos").arg(photos);
        }
        if let Some(people) = arguments.people.or(arguments.graph.is_none().then_some(REED98)) {
            seed.arg("--people").arg(people.to_string());
        }
        // The standard output is for the figures.
        let seeded = seed.stdout(std::io::stderr()).kill_on_drop(true).status().await?;
        if !seeded.success() {
            return Err("the platform could not be seeded".into());
        }
        let mut database = Database::connect(&platform.database_url()).await?;
        let accounts = database.texts("select id::text from auth.accounts where handle like 'reed\\_%' order by handle").await?;
        let posts = database.number("select count(*) from posts where root is null").await?;
        database.run("analyze").await?;
        Ok(Self { platform, accounts, posts })
    }

    /// Some of the people, spread over all, signed in anew: a token is good for ten minutes.
    pub async fn viewers(&self, to: SocketAddr) -> Result<Vec<Person>> {
        let step = self.accounts.len().div_ceil(VIEWERS).max(1);
        // As `social-platform seed --help` says.
        let names = (0..self.accounts.len()).step_by(step).map(|n| (format!("reed_{n:04}"), format!("person {n:04} of seed 1")));
        people::sign_in(to, names.collect()).await
    }
}
