//! What a read costs where there are ten and a hundred times the posts, and where one follows thousands.
//!
//! A hundred times the posts would take the API an hour. They are copies of the posts that were seeded, stored by SQL with
//! triggers and foreign keys switched off: newer than all others, of the same authors. Home timelines that are kept ready
//! are told to build themselves anew, as after a follow.

use super::mix::Read;
use super::stage::Stage;
use crate::Result;
use crate::arguments::Arguments;
use crate::call::{Call, address};
use crate::connection::Connection;
use crate::load::{self, Asking, Load};
use crate::people::{self, Person};
use crate::report::{Report, Table};
use crate::sql::Database;

const TIMES: [i64; 3] = [1, 10, 100];
const FOLLOWEES: [i64; 3] = [10, 500, 5000];
/// Posts of each of them.
const POSTS: i64 = 10;

/// Both tables.
pub async fn measure(arguments: &Arguments, stage: &Stage, report: &mut Report) -> Result<()> {
    let mut database = Database::connect(&stage.platform.database_url()).await?;
    // In this order: what belongs to those who are followed must not be copied.
    report.table(posts(arguments, stage, &mut database).await?);
    report.table(followees(arguments, stage, &mut database).await?);
    Ok(())
}

async fn posts(arguments: &Arguments, stage: &Stage, database: &mut Database) -> Result<Table> {
    let columns = ["posts", "stored", "read", "a second", "p50 ms", "p99 ms", "p50, times that of 1×"];
    let mut table = Table::new("reads as posts grow", &columns);
    let newest = database.number("select max(id) from posts").await?;
    let mut first = [None; Read::ALL.len()];
    let mut there = 1;
    for times in TIMES {
        let copies = times - there;
        there = times;
        let copy = format!(
            "insert into posts (author, text, visibility)
             select author, text, visibility from posts cross join generate_series(1, {copies}) where root is null and id <= {newest}"
        );
        store(database, &copy).await?;
        let stored = database.number("select count(*) from posts").await?;
        for (read, first) in Read::ALL.into_iter().zip(&mut first) {
            let viewers = stage.viewers(stage.platform.address()).await?;
            let calls = viewers.iter().zip(&stage.accounts).map(|(viewer, account)| read.call(viewer, account)).collect();
            let load = repeat(arguments, stage, calls).await?;
            let p50 = load.all().percentile(0.5);
            table.row([
                format!("{times}×").into(),
                stored.to_string().into(),
                read.name().into(),
                load.rate().into(),
                p50.into(),
                load.all().percentile(0.99).into(),
                (p50 / *first.get_or_insert(p50)).into(),
            ]);
        }
    }
    Ok(table)
}

async fn followees(arguments: &Arguments, stage: &Stage, database: &mut Database) -> Result<Table> {
    let columns = ["followees", "a second", "p50 ms", "p99 ms", "p50, times that of 10"];
    let mut table = Table::new("home as one follows more people", &columns);
    let to = stage.platform.address();
    let most = FOLLOWEES[FOLLOWEES.len() - 1];
    // The platform's own ids are far larger.
    store(
        database,
        &format!(
            "insert into profiles (id, handle) select n, 'followed_' || n from generate_series(1, {most}) n;
             insert into posts (author, text, visibility)
             select n, 'A post of somebody who is followed.', 'public' from generate_series(1, {POSTS}), generate_series(1, {most}) n"
        ),
    )
    .await?;
    let followers = people::sign_up(to, "follower", FOLLOWEES.len()).await?;
    let mut first = None;
    for (follower, count) in followers.iter().zip(FOLLOWEES) {
        let follow = format!(
            "insert into relations (actor, target, follows, blocks)
             select account.id, n, true, false from auth.accounts account cross join generate_series(1, {count}) n
             where account.handle = '{}'",
            follower.handle
        );
        store(database, &follow).await?;
        let person: Vec<Person> = people::sign_in(to, vec![follower.credentials()]).await?;
        let calls = person.iter().map(|person| Read::Home.call(person, "")).collect();
        let load = repeat(arguments, stage, calls).await?;
        let p50 = load.all().percentile(0.5);
        table.row([
            count.to_string().into(),
            load.rate().into(),
            p50.into(),
            load.all().percentile(0.99).into(),
            (p50 / *first.get_or_insert(p50)).into(),
        ]);
    }
    Ok(table)
}

/// Stores rows as they are, and lets nothing that is kept ready be older than they.
async fn store(database: &mut Database, sql: &str) -> Result<()> {
    database.run("set session_replication_role = replica").await?;
    database.run(sql).await?;
    database.run("set session_replication_role = origin").await?;
    database
        .run(
            "do $$ begin
                 if to_regclass('home_readers') is not null then execute 'update home_readers set stale = true'; end if;
             end $$",
        )
        .await?;
    database.run("analyze").await
}

/// Each of these once, so that nothing is done for the first time, and then over and over.
async fn repeat(arguments: &Arguments, stage: &Stage, calls: Vec<Call>) -> Result<Load> {
    let to = stage.platform.address();
    let mut connection = Connection::open(to).await?;
    for call in &calls {
        connection.send(call).await?.json::<serde_json::Value>()?;
    }
    let callers = (0..arguments.connections()).map(|n| {
        let calls: Vec<Call> = calls.iter().cycle().skip(n).take(calls.len()).map(|call| call.clone().sent_from(address(n))).collect();
        let mut calls = calls.into_iter().cycle();
        Asking(move || calls.next().expect("a cycle of something has no end"))
    });
    load::run(to, callers.collect(), arguments.time() / 2).await
}
