//! What PostgreSQL itself counts about the database and the server, under the names that the collector's `postgresql`
//! receiver uses: a platform without that receiver has the same dashboards.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::metrics::Meter;
use sqlx::{FromRow, PgPool};

/// How often it is asked. The size alone costs a look at every file.
const EVERY: Duration = Duration::from_secs(30);

#[derive(FromRow)]
struct Counted {
    backends: i64,
    most_backends: i64,
    commits: i64,
    rollbacks: i64,
    blocks_read: i64,
    blocks_hit: i64,
    deadlocks: i64,
    bytes: i64,
}

/// The last answer. A server that does not answer leaves the old one standing, as counters do.
type Last = Arc<Mutex<Option<Counted>>>;

/// Asks now and then, until dropped. One service of a platform is enough.
pub async fn watch_server(pool: PgPool) {
    let last = Last::default();
    observe(&last);
    loop {
        match ask(&pool).await {
            Ok(counted) => *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted),
            Err(error) => tracing::debug!(%error, "failed to ask PostgreSQL for its statistics; trying again later"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn ask(pool: &PgPool) -> sqlx::Result<Counted> {
    sqlx::query_as(
        // What the server takes is for all of its databases; the rest is of this one.
        "select (select sum(numbackends) from pg_stat_database)::bigint as backends,
             current_setting('max_connections')::bigint as most_backends,
             xact_commit as commits, xact_rollback as rollbacks, blks_read as blocks_read, blks_hit as blocks_hit, deadlocks,
             pg_database_size(datid) as bytes
         from pg_stat_database where datname = current_database()",
    )
    .fetch_one(pool)
    .await
}

fn observe(last: &Last) {
    let meter = telemetry::meter();
    counter(&meter, last, "postgresql.commits", "{transaction}", "Transactions that were committed.", |it| it.commits);
    counter(&meter, last, "postgresql.rollbacks", "{transaction}", "Transactions that were rolled back.", |it| it.rollbacks);
    counter(&meter, last, "postgresql.blks_hit", "{block}", "Blocks found in PostgreSQL's own cache.", |it| it.blocks_hit);
    counter(&meter, last, "postgresql.blks_read", "{block}", "Blocks that were not, and were read.", |it| it.blocks_read);
    counter(&meter, last, "postgresql.deadlocks", "{deadlock}", "Deadlocks.", |it| it.deadlocks);
    level(&meter, last, "postgresql.backends", "{connection}", "Connections to the server, of everybody.", |it| it.backends);
    level(&meter, last, "postgresql.connection.max", "{connection}", "Connections that the server takes.", |it| it.most_backends);
    level(&meter, last, "postgresql.db_size", "By", "Size of the database on disk.", |it| it.bytes);
}

fn counter(meter: &Meter, last: &Last, name: &'static str, unit: &'static str, about: &'static str, read: fn(&Counted) -> i64) {
    let last = last.clone();
    let _counter = meter
        .u64_observable_counter(name)
        .with_unit(unit)
        .with_description(about)
        .with_callback(move |observer| {
            if let Some(counted) = &*last.lock().unwrap_or_else(PoisonError::into_inner) {
                observer.observe(u64::try_from(read(counted)).unwrap_or_default(), &[]);
            }
        })
        .build();
}

fn level(meter: &Meter, last: &Last, name: &'static str, unit: &'static str, about: &'static str, read: fn(&Counted) -> i64) {
    let last = last.clone();
    let _level = meter
        .i64_observable_up_down_counter(name)
        .with_unit(unit)
        .with_description(about)
        .with_callback(move |observer| {
            if let Some(counted) = &*last.lock().unwrap_or_else(PoisonError::into_inner) {
                observer.observe(read(counted), &[]);
            }
        })
        .build();
}
