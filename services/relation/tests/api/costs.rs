//! What the hot reads cost: statements, and pages of the database that they touch. Both stay where they are, however many there are
//! near somebody, and whether PostgreSQL plans for whoever asks or once for everybody, as it does with what it is asked often.

use std::str::FromStr;

use contracts::{AccountId, Service};
use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use test_db::plans::{Cost, Meter, reporting};

use crate::support::{Person, TestRelation};

/// A service whose every statement reports its plan.
async fn planned(plans: &'static str) -> TestRelation {
    TestRelation::on(|db| {
        let settings = [("search_path", "relation,extensions"), ("plan_cache_mode", plans)];
        let options = PgConnectOptions::from_str(&db.superuser_url()).unwrap().options(settings);
        PgPoolOptions::new().max_connections(4).connect_lazy_with(reporting(options, false))
    })
    .await
}

/// Whom it is about. Of those near them, as many have lower ids as have higher ones: what is between two has a row for both.
const WHO: AccountId = AccountId(5_000_000);

/// Somebody whom nobody follows but those who are suspended.
const CROWDED: AccountId = AccountId(45_000_000);

/// `$n` of everything that may be near somebody: followers and followees who are friends and matches, muted and noted, with ten
/// followees each; requests of both kinds, both ways; blocks, both ways; and twenty times as many who are suspended, all of whom follow
/// somebody else.
const EDGES: [&str; 20] = [
    "insert into people (id, handle, seen_at) values ($who, 'person_$who', now()) on conflict do nothing",
    "update people set followers_count = $n, following_count = $n, friends_count = $n, suggested_at = null where id = $who",
    "insert into people (id, seen_at, followers_count, following_count, friends_count)
     select $friend, now(), 1, 11, 1 from generate_series(1, $n) n on conflict do nothing",
    "insert into follows (actor, target) select $who, $friend from generate_series(1, $n) n on conflict do nothing",
    "insert into follows (actor, target) select $friend, $who from generate_series(1, $n) n on conflict do nothing",
    "insert into friendships (low, high, low_asks, high_asks)
     select least($who, $friend), greatest($who, $friend), true, true from generate_series(1, $n) n on conflict do nothing",
    "insert into friendships (low, high, low_asks, high_asks) select least($who, $asker), greatest($who, $asker),
         $asker < $who, $asker > $who from generate_series(1, $n) n on conflict do nothing",
    "insert into friendships (low, high, low_asks, high_asks) select least($who, $asked), greatest($who, $asked),
         $asked > $who, $asked < $who from generate_series(1, least($n, 1000)) n on conflict do nothing",
    "insert into follow_requests (actor, target, withheld)
     select $asker, $who, false from generate_series(1, $n) n on conflict do nothing",
    "insert into follow_requests (actor, target, withheld)
     select $who, $asked, false from generate_series(1, $n) n on conflict do nothing",
    "insert into likes (low, high, low_likes, high_likes)
     select least($who, $friend), greatest($who, $friend), true, true from generate_series(1, $n) n on conflict do nothing",
    "insert into blocks (actor, target) select $who, $enemy from generate_series(1, $n) n on conflict do nothing",
    "insert into blocks (actor, target) select $foe, $who from generate_series(1, $n) n on conflict do nothing",
    "insert into mutes (actor, target, notifications) select $who, $friend, true from generate_series(1, $n) n on conflict do nothing",
    "insert into notes (author, target, text) select $who, $friend, 'a' from generate_series(1, $n) n on conflict do nothing",
    "insert into people (id, seen_at) select $who + 10000000 + n, now() from generate_series(1, 10 * $n) n on conflict do nothing",
    "insert into follows (actor, target) select $friend, $who + 10000000 + 10 * (n - 1) + k
     from generate_series(1, $n) n, generate_series(1, 10) k on conflict do nothing",
    "insert into hidden_accounts (account)
     select $who + 20000000 + n from generate_series(1, greatest(20 * $n, 2000)) n on conflict do nothing",
    "insert into follows (actor, target)
     select $who + 20000000 + n, $crowded from generate_series(1, greatest(20 * $n, 2000)) n on conflict do nothing",
    "delete from suggestions",
];
/// Who is near, in the statements: how far away their ids begin.
const NEAR: [(&str, i64); 5] = [("$friend", 0), ("$asker", 100_000), ("$asked", 200_000), ("$enemy", 300_000), ("$foe", 400_000)];

/// Writes past the front door, and past what a change would set in motion.
async fn write(relation: &TestRelation, n: i64) {
    let pool = relation.db.superuser_pool(Service::Relation);
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    for statement in EDGES {
        let near = NEAR.into_iter().fold(statement.to_owned(), |statement, (name, from)| {
            statement.replace(name, &format!("({WHO} + ({from} + n) * (1 - n % 2 * 2))"))
        });
        let statement = near.replace("$who", &WHO.to_string()).replace("$crowded", &CROWDED.to_string()).replace("$n", &n.to_string());
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    sqlx::raw_sql("vacuum analyze").execute(&pool).await.unwrap();
}

/// What a read may touch, whatever there is. Measured: 6,000 for a hundred people and for suggestions, which are asked again
/// whether they may be made; a list of which nobody is shown has each of the thousand rows that are looked at asked for; else 150 at the
/// most.
const MOST: i64 = 10_000;
/// What it may touch to make suggestions anew. Measured: 24,500 at the most, most of it for the 500 likeliest, of whom it is asked whether they may
/// be made. How many people are looked at has its limit in the service.
const MOST_ANEW: i64 = 40_000;

/// Items of a page.
const LIMIT: usize = 5;

/// One read of `WHO`, or of somebody else who looks at them.
struct Read<'a> {
    path: String,
    viewer: &'a Person,
    /// Items of its list, if it is one.
    items: Option<usize>,
    /// There is a next page.
    more: bool,
    /// The first read after a change: it makes what the others find.
    anew: bool,
}

fn reads<'a>(who: &'a Person, guest: &'a Person) -> Vec<Read<'a>> {
    let ids: Vec<String> = (1..=100).map(|n| format!("id={}", WHO.0 + n * (1 - n % 2 * 2))).collect();
    let read = |path: &str, viewer, items| Read { path: format!("/v1/relations{path}"), viewer, items, more: false, anew: false };
    let page = |path: String, viewer| Read { more: true, ..read(&path, viewer, Some(LIMIT)) };
    let mut reads = vec![
        read(&format!("?{}", ids.join("&")), who, Some(100)),
        read(&format!("/{WHO}"), guest, None),
        // Whom the viewer blocks is looked up one by one, so this is for somebody who blocks few.
        read(&format!("/{WHO}/counts"), guest, None),
        Read { anew: true, ..read(&format!("/suggestions?limit={LIMIT}"), who, Some(LIMIT)) },
        read(&format!("/suggestions?limit={LIMIT}"), who, Some(LIMIT)),
        Read { more: true, ..read(&format!("/{CROWDED}/followers?limit={LIMIT}"), guest, Some(0)) },
    ];
    for list in ["followers", "following", "friends"] {
        for viewer in [who, guest] {
            reads.push(page(format!("/{WHO}/{list}?limit={LIMIT}"), viewer));
        }
    }
    for list in ["follow-requests", "follow-requests/sent", "friend-requests", "friend-requests/sent", "matches", "blocks", "mutes"] {
        reads.push(page(format!("/{list}?limit={LIMIT}"), who));
    }
    reads
}

impl Read<'_> {
    /// The cost of a read after the first, of which every statement has reported: some do when the answer is sent already, and are added to
    /// the next read, which then costs more than it does. But that of the first where that is what is asked for.
    async fn cost(&self, relation: &TestRelation, meter: &Meter) -> Cost {
        let first = self.once(relation, meter).await;
        if self.anew {
            return first;
        }
        let mut last = first;
        for _ in 0..100 {
            last = self.once(relation, meter).await;
            if last.plans >= last.statements {
                return last;
            }
        }
        panic!("no read of {} reports all its statements: {last:?}", self.path);
    }

    async fn once(&self, relation: &TestRelation, meter: &Meter) -> Cost {
        meter.take();
        let answer = relation.request(Method::GET, &self.path, Some(self.viewer)).send().await.unwrap();
        let cost = meter.take();
        assert_eq!(answer.status(), StatusCode::OK, "{}", self.path);
        let links = answer.headers().get(header::LINK).map(|links| links.to_str().unwrap().to_owned()).unwrap_or_default();
        let page: Value = answer.json().await.unwrap();
        assert_eq!(page["items"].as_array().map(Vec::len), self.items, "{}", self.path);
        assert_eq!(links.contains("rel=\"next\""), self.more, "a next page of {}", self.path);
        cost
    }
}

async fn stays(plans: &'static str) {
    // The test and the service it talks to run on this one thread.
    let meter = Meter::install();
    let relation = planned(plans).await;
    let (who, guest) = (relation.person_of(WHO), relation.person());
    let reads = reads(&who, &guest);
    let mut smallest: Vec<Option<Cost>> = vec![None; reads.len()];
    for n in [10, 500, 5_000] {
        write(&relation, n).await;
        for (read, smallest) in reads.iter().zip(&mut smallest) {
            let cost = read.cost(&relation, &meter).await;
            let what = format!("{}{} with {n} of everything", if read.anew { "anew: " } else { "" }, read.path.split('=').next().unwrap());
            println!("{what}: {cost:?}");
            let least = smallest.get_or_insert(cost);
            assert_eq!(cost.statements, least.statements, "statements of {what}");
            // An index is a level deeper, and the first few people are not a hundred yet.
            let most = match read.path.contains("suggestions") {
                true if read.anew => MOST_ANEW,
                // Of up to a hundred it is asked again whether they may be made: how many there are, and how that is planned, differs.
                true => MOST,
                false => MOST.min(4 * least.buffers + 200),
            };
            assert!(cost.buffers <= most, "{what} touches {} after {}", cost.buffers, least.buffers);
            least.buffers = cost.buffers.min(least.buffers);
        }
    }
}

#[tokio::test]
async fn a_hot_read_touches_as_much_however_many_are_near_when_it_is_planned_for_whoever_asks() {
    stays("force_custom_plan").await;
}

#[tokio::test]
async fn a_hot_read_touches_as_much_however_many_are_near_when_it_is_planned_once_for_everybody() {
    stays("force_generic_plan").await;
}
