//! Uploads beside the bare work on their pixels, pictures that are fetched, and many large uploads at once.

mod pictures;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, IF_NONE_MATCH};
use imaging::Limits;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::arguments::{Arguments, cores};
use crate::call::{Call, address};
use crate::connection::Connection;
use crate::load::{self, Asking, Load};
use crate::people::{self, Person};
use crate::platform::Platform;
use crate::report::{Report, Table};
use crate::{Failure, Result, burst, usage};

/// Owners of the photos.
const PEOPLE: usize = 8;
/// Measured in turns, so that what else the machine does meets both.
const ROUNDS: u32 = 2;
/// What a browser says of the pictures of a page.
const PICTURES: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
/// Large uploads at the same moment.
const AT_ONCE: usize = 50;

/// Measures the section.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let platform = Platform::start(arguments).await?;
    let people = people::sign_up(platform.address(), "photographer", PEOPLE).await?;
    let files = tokio::task::spawn_blocking(pictures::make).await??;
    let mut report = Report::new("photo");
    let mut table = Table::new("photos of 1600×1200 pixels", &["what", "a second", "p50 ms", "p99 ms"]);

    let (mut bare, mut uploads) = (0.0, Load::default());
    for _ in 0..ROUNDS {
        bare += processed_per_second(&files, cores(), arguments.time() / ROUNDS).await?;
        let callers = (0..2 * cores()).map(|n| uploading(&files, &people[n % PEOPLE], n));
        uploads = uploads.and(&load::run(platform.address(), callers.collect(), arguments.time() / ROUNDS).await?);
    }
    let bare = bare / f64::from(ROUNDS);
    table.row([format!("decoded and encoded, bare, on {} threads", cores()).into(), bare.into(), "".into(), "".into()]);
    add(&mut table, &format!("uploads, {} connections", 2 * cores()), &uploads);
    report.ratio("uploads / bare decoding and encoding of the same files, on as many threads", uploads.rate() / bare, "≥ 0.8");

    let (whole, held) = reads(&platform, &people, &files[0]).await?;
    add(&mut table, "thumbs fetched", &load::run(platform.address(), repeating(arguments, &whole), arguments.time()).await?);
    add(
        &mut table,
        "thumbs that the caller still holds (304)",
        &load::run(platform.address(), repeating(arguments, &held), arguments.time()).await?,
    );
    report.table(table);
    report.table(large(&platform, &people).await?);
    Ok(report)
}

fn add(table: &mut Table, what: &str, load: &Load) {
    let latencies = load.all();
    table.row([what.into(), load.rate().into(), latencies.percentile(0.5).into(), latencies.percentile(0.99).into()]);
}

/// The same work on the same files, with no platform around it.
async fn processed_per_second(files: &[Bytes], threads: usize, time: Duration) -> Result<f64> {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for thread in 0..threads {
        let files = files.to_vec();
        running.spawn_blocking(move || {
            let mut done = 0_u32;
            for file in files.iter().cycle().skip(thread) {
                if began.elapsed() >= time {
                    break;
                }
                std::hint::black_box(imaging::process(file, &Limits::default())?);
                done += 1;
            }
            Ok::<_, Failure>(done)
        });
    }
    let mut done = 0;
    while let Some(of_one) = running.join_next().await {
        done += of_one??;
    }
    Ok(f64::from(done) / began.elapsed().as_secs_f64())
}

/// Uploads one file after the other, beginning elsewhere on each connection.
fn uploading(files: &[Bytes], owner: &Person, n: usize) -> Asking<impl FnMut() -> Call + Send + 'static + use<>> {
    let (files, token) = (files.to_vec(), owner.token.clone());
    let mut next = n * files.len() / (2 * cores());
    Asking(move || {
        next += 1;
        upload(&files[next % files.len()], &token, n)
    })
}

/// The form of an upload. The photo is public: whoever fetches it needs no grant.
fn upload(file: &Bytes, token: &str, n: usize) -> Call {
    const BOUNDARY: &str = "a-boundary-that-no-picture-has";
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"visibility\"\r\n\r\npublic\r\n\
         --{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"photo.jpg\"\r\ncontent-type: image/jpeg\r\n\r\n"
    );
    let body = [head.as_bytes(), &file[..], format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
    Call::send("upload", "/v1/photos", &format!("multipart/form-data; boundary={BOUNDARY}"), body.into()).by(token).sent_from(address(n))
}

/// Two requests for one thumb: for all of it, and by somebody who has it.
async fn reads(platform: &Platform, people: &[Person], file: &Bytes) -> Result<(Call, Call)> {
    let mut connection = Connection::open(platform.address()).await?;
    let photo: Value = connection.send(&upload(file, &people[0].token, 0)).await?.json()?;
    let path = photo["urls"]["thumb"].as_str().ok_or("the photo that was just uploaded has no urls.thumb")?;
    let whole = Call::get("thumb", path).header(ACCEPT, PICTURES);
    let answer = connection.send(&whole).await?;
    let tag = answer.headers.get(http::header::ETAG).and_then(|tag| tag.to_str().ok()).ok_or("the thumb has no ETag")?;
    let held = whole.clone().header(IF_NONE_MATCH, tag);
    Ok((whole, held))
}

fn repeating(arguments: &Arguments, call: &Call) -> Vec<Asking<impl FnMut() -> Call + Send + 'static + use<>>> {
    let caller = |n| {
        let call = call.clone().sent_from(address(n));
        Asking(move || call.clone())
    };
    (0..arguments.connections()).map(caller).collect()
}

/// Many uploads of 12 megapixels at the same moment.
async fn large(platform: &Platform, people: &[Person]) -> Result<Table> {
    let file = tokio::task::spawn_blocking(pictures::large).await??;
    let people = people::sign_in(platform.address(), people.iter().map(Person::credentials).collect()).await?;
    let before = usage::memory(platform.pid()?)?;
    usage::forget_peak(platform.pid()?)?;
    let calls = (0..AT_ONCE).map(|n| upload(&file, &people[n % people.len()].token, n));
    let burst = burst::run(platform.address(), calls.collect()).await?;
    let memory = usage::memory(platform.pid()?)?;

    let title = format!("{AT_ONCE} uploads of 4000×3000 pixels at once, {:.1} MiB each", file.len() as f64 / f64::from(1 << 20));
    let mut table = Table::new(title, &["what", "figure"]);
    for (status, answers) in &burst.answers {
        table.row([format!("answered {status}").into(), answers.latencies.count().into()]);
        table.row([format!("answered {status}, with Retry-After").into(), answers.say_when.into()]);
    }
    table.row(["not answered".into(), burst.broken.into()]);
    table.row(["until the last answer, s".into(), burst.took.as_secs_f64().into()]);
    table.row(["resident memory of `all` before, MiB".into(), before.resident.into()]);
    table.row(["peak of `all` meanwhile, MiB".into(), memory.peak.into()]);
    Ok(table)
}
