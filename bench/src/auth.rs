//! Sign-ins beside bare Argon2, refreshes, tokens, and a flood of sign-ins.

mod bare;
mod flood;

use crate::Result;
use crate::arguments::{Arguments, cores};
use crate::call::{Answer, Call, address};
use crate::load::{self, Asking, Caller, Load};
use crate::people::{self, Person, Tokens, sign_in_call};
use crate::platform::Platform;
use crate::report::{Report, Table};
use crate::sql::Database;

/// People who sign in. So many that nobody's sessions and devices fill up: to end the oldest with each is not what a sign-in costs.
const PEOPLE: usize = 256;
/// Measured in turns, so that what else the machine does meets both.
const ROUNDS: u32 = 2;

/// Measures the section.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let platform = Platform::start(arguments).await?;
    let people = people::sign_up(platform.address(), "bench", PEOPLE).await?;
    let mut report = Report::new("auth");
    let mut table = Table::new("what auth does", &["what", "a second", "a second and core", "p50 ms", "p99 ms"]);

    let (hashes, sign_ins) = sign_ins(arguments, &platform, &people).await?;
    table.row(["Argon2 of the stored parameters, bare".into(), hashes.into(), (hashes / cores() as f64).into(), "".into(), "".into()]);
    add(&mut table, "sign-ins", &sign_ins);
    report.ratio("sign-ins / bare Argon2 of the same parameters, on as many threads", sign_ins.rate() / hashes, "≥ 0.9");

    add(&mut table, "refreshes", &refreshes(arguments, &platform, &people).await?);
    add(&mut table, "requests whose token is checked (`GET /v1/accounts/me`)", &token_checks(arguments, &platform, &people).await?);
    report.table(table);
    report.table(flood::measure(arguments, &platform, &people).await?);
    Ok(report)
}

fn add(table: &mut Table, what: &str, load: &Load) {
    let latencies = load.all();
    let [p50, p99] = [0.5, 0.99].map(|share| latencies.percentile(share).into());
    table.row([what.into(), load.rate().into(), (load.rate() / cores() as f64).into(), p50, p99]);
}

/// Bare hashes a second, and sign-ins.
async fn sign_ins(arguments: &Arguments, platform: &Platform, people: &[Person]) -> Result<(f64, Load)> {
    let mut database = Database::connect(&platform.database_url()).await?;
    let stored = database.texts(&format!("select password_hash from auth.accounts where handle = '{}'", people[0].handle)).await?;
    let stored = stored.first().ok_or("the account that was just made is not stored")?;
    let (mut hashes, mut load) = (0.0, Load::default());
    for _ in 0..ROUNDS {
        hashes += bare::hashes_per_second(stored, &people[0].password, cores(), arguments.time() / ROUNDS).await?;
        let connections = arguments.connections();
        let callers = (0..connections).map(|n| {
            let turn = people.iter().skip(n).step_by(connections);
            let mut calls = turn.map(|person| sign_in_call(&person.handle, &person.password).sent_from(address(n))).collect::<Vec<_>>();
            Asking(move || {
                calls.rotate_left(1);
                calls[0].clone()
            })
        });
        load = load.and(&load::run(platform.address(), callers.collect(), arguments.time() / ROUNDS).await?);
    }
    Ok((hashes / f64::from(ROUNDS), load))
}

async fn refreshes(arguments: &Arguments, platform: &Platform, people: &[Person]) -> Result<Load> {
    // A session each: a token serves once.
    let names = callers(arguments, people, |_, person| person.credentials());
    let sessions = people::sign_in(platform.address(), names).await?;
    let callers = sessions.into_iter().enumerate().map(|(n, session)| Refreshing { n, token: session.refresh_token });
    load::run(platform.address(), callers.collect(), arguments.time()).await
}

async fn token_checks(arguments: &Arguments, platform: &Platform, people: &[Person]) -> Result<Load> {
    let people = people::sign_in(platform.address(), people.iter().map(Person::credentials).collect()).await?;
    let callers = callers(arguments, &people, |n, person| {
        let call = Call::get("me", "/v1/accounts/me").by(&person.token).sent_from(address(n));
        Asking(move || call.clone())
    });
    load::run(platform.address(), callers, arguments.time()).await
}

/// One for each connection, in turns of the people.
fn callers<T>(arguments: &Arguments, people: &[Person], make: impl Fn(usize, &Person) -> T) -> Vec<T> {
    people.iter().cycle().take(arguments.connections()).enumerate().map(|(n, person)| make(n, person)).collect()
}

/// Each refresh with the token of the one before.
struct Refreshing {
    n: usize,
    token: String,
}

impl Caller for Refreshing {
    fn next(&mut self) -> Call {
        // The token is base64url with a prefix: nothing in it has to be escaped.
        let form = format!("grant_type=refresh_token&refresh_token={}", self.token);
        Call::send("refresh", "/oauth/token", "application/x-www-form-urlencoded", form.into()).sent_from(address(self.n))
    }

    fn answered(&mut self, answer: &Answer) -> Result<()> {
        self.token = answer.json::<Tokens>()?.refresh_token;
        Ok(())
    }
}
