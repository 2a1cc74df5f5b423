//! Far more sign-ins at once than there are places in the queue, each from an address of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::arguments::Arguments;
use crate::burst;
use crate::call::{Call, address};
use crate::load::{self, Asking};
use crate::people::{Person, sign_in_call};
use crate::platform::Platform;
use crate::report::Table;
use crate::{Result, usage};

/// Sign-ins at the same moment.
const AT_ONCE: usize = 500;
/// Connections that read meanwhile.
const READERS: usize = 4;
/// Longer than the flood lasts.
const LONGEST: Duration = Duration::from_secs(300);

/// What came back, what it took, and what it did to somebody who only reads.
pub async fn measure(arguments: &Arguments, platform: &Platform, people: &[Person]) -> Result<Table> {
    let to = platform.address();
    let quiet = load::run(to, readers(), arguments.time() / 2).await?.all();
    let before = usage::memory(platform.pid()?)?;
    usage::forget_peak(platform.pid()?)?;

    let over = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn(load::until(to, readers(), LONGEST, over.clone()));
    let calls = people.iter().cycle().take(AT_ONCE).enumerate();
    let calls = calls.map(|(n, person)| sign_in_call(&person.handle, &person.password).sent_from(address(1000 + n)));
    let burst = burst::run(to, calls.collect()).await;
    over.store(true, Ordering::Relaxed);
    let (burst, meanwhile) = (burst?, reading.await??.unrefused()?.all());
    let memory = usage::memory(platform.pid()?)?;

    let mut table = Table::new(format!("{AT_ONCE} sign-ins at once"), &["what", "figure"]);
    for (status, answers) in &burst.answers {
        table.row([format!("answered {status}").into(), answers.latencies.count().into()]);
        table.row([format!("answered {status}, with Retry-After").into(), answers.say_when.into()]);
        table.row([format!("answered {status}, p99 ms").into(), answers.latencies.percentile(0.99).into()]);
    }
    table.row(["not answered".into(), burst.broken.into()]);
    table.row(["until the last answer, s".into(), burst.took.as_secs_f64().into()]);
    table.row(["public timeline before: p99 ms".into(), quiet.percentile(0.99).into()]);
    table.row(["public timeline meanwhile: p99 ms".into(), meanwhile.percentile(0.99).into()]);
    table.row(["public timeline meanwhile: requests".into(), meanwhile.count().into()]);
    table.row(["resident memory of `all` before, MiB".into(), before.resident.into()]);
    table.row(["peak of `all` meanwhile, MiB".into(), memory.peak.into()]);
    Ok(table)
}

fn readers() -> Vec<Asking<impl FnMut() -> Call + Send + 'static>> {
    let reader = |n| {
        let call = Call::get("public timeline", "/v1/timelines/public").sent_from(address(n));
        Asking(move || call.clone())
    };
    (0..READERS).map(reader).collect()
}
