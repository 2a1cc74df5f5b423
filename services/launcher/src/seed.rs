//! `social-platform seed`: fills a platform through its public API, as people would, then checks what they see.
//!
//!     graph file ──┐
//!     photographs ─┼─► Plan (pure) ─► people → follows → photos → posts → comments → reactions ─► checks
//!     vocabulary ──┘
//!
//! The same arguments make the same plan and the same `Idempotency-Key` on each create, so that a second run within
//! the life of those keys (24 hours) creates nothing twice.

mod checks;
mod client;
mod error;
mod graph;
mod people;
mod photos;
mod pictures;
mod plan;
mod posts;
mod progress;
mod random;
mod words;

use std::path::PathBuf;
use std::time::Instant;

use self::client::Client;
use self::error::SeedError;
use self::graph::Graph;
use self::people::Person;
use self::pictures::Picture;
use self::plan::Plan;
use self::progress::stage;
use self::random::Random;

/// How many people a made-up graph has where `--people` is not given.
const MADE_UP_PEOPLE: u32 = 200;

/// What to fill a platform with, and how fast.
///
/// The people are `reed_0000`, `reed_0001`, …; the password of `reed_0042` under `--seed 1` is `person 0042 of seed 1`.
#[derive(Clone, Debug, clap::Args)]
pub struct SeedConfig {
    /// Base URL of the platform.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// `Host` to ask for, where `--url` is a forwarded port of a gateway that routes by name.
    #[arg(long)]
    host: Option<String>,
    /// Who knows whom: one edge a line, two numbers from 0. Where it is absent, a power-law graph is made.
    #[arg(long)]
    graph: Option<PathBuf>,
    /// Folder of JPEG, PNG or WebP files to upload. Where it is absent, pictures are made.
    #[arg(long)]
    photos: Option<PathBuf>,
    /// People to sign up: the first of the graph file, or the size of the made-up one (200). For more than 2,000, the platform needs
    /// a higher `SIGN_UPS_PER_HOUR`.
    #[arg(long, value_parser = clap::value_parser!(u32).range(3..=1_000_000))]
    people: Option<u32>,
    /// Posts that each person writes.
    #[arg(long, default_value_t = 3)]
    posts_per_person: u32,
    /// Requests in flight. Each sign-up and each sign-in costs the platform an Argon2 hash: about 50 ms of one core.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// The one source of chance: another seed makes other friendships, texts and passwords.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What the platform holds afterwards, in the order of the plan.
struct Seeded {
    people: Vec<Person>,
    photos: Vec<String>,
    posts: Vec<String>,
}

/// Seeds the platform at `config.url`, prints a summary, and checks what people then see.
///
/// # Errors
/// Where an input cannot be read, the platform refuses what it should accept, or a check does not hold.
pub async fn run(config: SeedConfig) -> Result<(), SeedError> {
    let mut random = Random::new(config.seed);
    let graph = graph(&config, &mut random)?;
    let pictures = pictures(&config, &mut random)?;
    let plan = Plan::new(&graph, pictures.len(), config.posts_per_person, &mut random);
    let client = Client::new(&config)?;

    let started = Instant::now();
    let seeded = fill(&client, &plan, &pictures, usize::from(config.concurrency)).await?;
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{} people, {} follows, {} photos, {} posts, {} comments, {} reactions",
        seeded.people.len(),
        plan.follows.len(),
        seeded.photos.len(),
        seeded.posts.len(),
        plan.comments.len(),
        plan.reactions.len(),
    );
    println!(
        "{} requests in {seconds:.1} s: {:.0} requests per second; {} were put off and tried again",
        client.sent(),
        client.sent() as f64 / seconds,
        client.put_off(),
    );

    checks::run(&client, &plan, &pictures, &seeded).await
}

async fn fill(client: &Client, plan: &Plan, pictures: &[Picture], width: usize) -> Result<Seeded, SeedError> {
    let people = stage("sign up", width, (0..plan.people).map(|index| Person::join(client, index))).await?;
    let follows = plan.follows.iter().map(|&(actor, target)| people[actor].follow(client, &people[target]));
    stage("follow", width, follows).await?;

    let uploads = plan.uploads.iter().enumerate();
    let uploads = uploads.map(|(n, upload)| photos::upload(client, &people[upload.owner], n, upload, &pictures[upload.picture]));
    let photos = stage("upload", width, uploads).await?;

    let writes = plan.posts.iter().enumerate().map(|(n, post)| posts::write(client, &people, &photos, n, post));
    let posts = stage("post", width, writes).await?;
    let comments = plan.comments.iter().enumerate();
    stage("comment", width, comments.map(|(n, comment)| posts::comment(client, &people, &posts, n, comment))).await?;
    let reactions = plan.reactions.iter();
    stage("react", width, reactions.map(|reaction| posts::react(client, &people, &posts, reaction))).await?;

    Ok(Seeded { people, photos, posts })
}

fn graph(config: &SeedConfig, random: &mut Random) -> Result<Graph, SeedError> {
    match &config.graph {
        Some(path) if path.exists() => Graph::read(path, config.people),
        absent => {
            let people = config.people.unwrap_or(MADE_UP_PEOPLE);
            if let Some(path) = absent {
                eprintln!("{} is not there: {people} people befriend each other by preferential attachment", path.display());
            }
            Ok(Graph::grow(people as usize, random))
        }
    }
}

fn pictures(config: &SeedConfig, random: &mut Random) -> Result<Vec<Picture>, SeedError> {
    match &config.photos {
        Some(folder) if folder.is_dir() => pictures::read(folder),
        absent => {
            if let Some(folder) = absent {
                eprintln!("{} is not there: pictures are made", folder.display());
            }
            pictures::make(random)
        }
    }
}
