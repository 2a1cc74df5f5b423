//! The rule in Rust and the rule in SQL say the same, in every case there is.

use std::collections::BTreeSet;

use audience::{Standing, Visibility, accounts, may_see, relations};
use contracts::fact::{AccountChanged, AccountState, RelationChanged};
use contracts::{AccountId, Service};
use sqlx::PgPool;
use test_db::TestDb;

const AUTHOR: AccountId = AccountId(1);
const VIEWER: AccountId = AccountId(2);

async fn migrated() -> (TestDb, PgPool) {
    let db = TestDb::new(&[]).await;
    let pool = db.superuser_pool(Service::Social);
    for migration in [
        include_str!("../migrations/audience.sql"),
        include_str!("../migrations/hidden.sql"),
        include_str!("../migrations/hidden_rule.sql"),
        include_str!("../migrations/planned_once.sql"),
        include_str!("../migrations/rule_planned_once.sql"),
    ] {
        sqlx::raw_sql(migration).execute(&pool).await.unwrap();
    }
    (db, pool)
}

async fn set(pool: &PgPool, changed: RelationChanged) {
    let mut connection = pool.acquire().await.unwrap();
    relations::apply(&mut connection, &[&changed]).await.unwrap();
}

async fn hide(pool: &PgPool, account: AccountId, state: AccountState) {
    let mut connection = pool.acquire().await.unwrap();
    accounts::apply(&mut connection, &AccountChanged { account, state }).await.unwrap();
}

#[tokio::test]
async fn the_rule_in_sql_is_the_rule_in_rust() {
    let (_db, pool) = migrated().await;
    let mut cases = 0;
    for bits in 0..512_u16 {
        let [follows, blocks, friends, mutes, followed, blocked, mutes_back, mentioned, hidden] =
            [1, 2, 4, 8, 16, 32, 64, 128, 256].map(|bit| bits & bit != 0);
        hide(&pool, AUTHOR, if hidden { AccountState::Hidden } else { AccountState::Active }).await;
        set(&pool, RelationChanged { follows, blocks, friends, mutes, ..RelationChanged::nothing(VIEWER, AUTHOR) }).await;
        let back =
            RelationChanged { follows: followed, blocks: blocked, friends, mutes: mutes_back, ..RelationChanged::nothing(AUTHOR, VIEWER) };
        set(&pool, back).await;
        let visitor = Standing { hidden, ..Standing::default() };
        let viewers = [
            (Some(AUTHOR), Standing { author: true, mentioned, ..visitor }),
            (Some(VIEWER), Standing { author: false, follows, friends, mentioned, severed: blocks || blocked, hidden }),
            (None, visitor),
        ];
        for visibility in Visibility::ALL {
            for (viewer, standing) in viewers {
                let sql: bool = sqlx::query_scalar("select may_see($1, $2, $3, $4)")
                    .bind(viewer)
                    .bind(AUTHOR)
                    .bind(visibility)
                    .bind(mentioned)
                    .fetch_one(&pool)
                    .await
                    .unwrap();
                assert_eq!(sql, may_see(visibility, standing), "{visibility:?} for {viewer:?} standing {standing:?}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 512 * 5 * 3);
}

#[tokio::test]
async fn a_visibility_that_sql_does_not_know_shows_nothing() {
    let (_db, pool) = migrated().await;
    let asked = "select may_see($1, $2, 'sideways', true)";
    let seen: bool = sqlx::query_scalar(asked).bind(VIEWER).bind(AUTHOR).fetch_one(&pool).await.unwrap();
    assert!(!seen);
}

#[tokio::test]
async fn a_mention_that_nobody_knows_of_is_none() {
    let (_db, pool) = migrated().await;
    let asked = "select may_see($1, $2, 'direct', null)";
    let seen: bool = sqlx::query_scalar(asked).bind(VIEWER).bind(AUTHOR).fetch_one(&pool).await.unwrap();
    assert!(!seen);
}

#[tokio::test]
async fn a_mute_holds_until_its_end_and_for_one_side() {
    let (_db, pool) = migrated().await;
    let muted = async |viewer: Option<AccountId>, author: AccountId| -> [bool; 2] {
        let asked = "select array[muted($1, $2), notifications_muted($1, $2)]";
        let muted: Vec<bool> = sqlx::query_scalar(asked).bind(viewer).bind(author).fetch_one(&pool).await.unwrap();
        muted.try_into().unwrap()
    };
    let now: i64 = sqlx::query_scalar("select extract(epoch from now())::bigint").fetch_one(&pool).await.unwrap();
    let mute = RelationChanged { mutes: true, ..RelationChanged::nothing(VIEWER, AUTHOR) };
    let cases = [
        (mute.clone(), [true, false]),
        (RelationChanged { mutes_notifications: true, ..mute.clone() }, [true, true]),
        (RelationChanged { mutes_until: Some(now + 3600), mutes_notifications: true, ..mute.clone() }, [true, true]),
        (RelationChanged { mutes_until: Some(now - 1), mutes_notifications: true, ..mute.clone() }, [false, false]),
        (RelationChanged { follows: true, ..RelationChanged::nothing(VIEWER, AUTHOR) }, [false, false]),
        (RelationChanged::nothing(VIEWER, AUTHOR), [false, false]),
    ];
    for (changed, expected) in cases {
        set(&pool, changed.clone()).await;
        assert_eq!(muted(Some(VIEWER), AUTHOR).await, expected, "{changed:?}");
        assert_eq!(muted(Some(AUTHOR), VIEWER).await, [false, false], "{changed:?}");
        assert_eq!(muted(None, AUTHOR).await, [false, false], "{changed:?}");
    }
}

#[tokio::test]
async fn of_several_facts_about_two_the_last_counts() {
    let (_db, pool) = migrated().await;
    let mut connection = pool.acquire().await.unwrap();
    let nothing = RelationChanged::nothing(VIEWER, AUTHOR);
    let follows = RelationChanged { follows: true, ..nothing.clone() };
    let until = 2_000_000_000;
    let mutes = RelationChanged { mutes: true, mutes_until: Some(until), mutes_notifications: true, ..nothing.clone() };
    let back = RelationChanged { follows: true, friends: true, ..RelationChanged::nothing(AUTHOR, VIEWER) };
    let held = "select actor, follows, blocks, friends, mutes, extract(epoch from mutes_until)::bigint, mutes_notifications
                from relations order by actor";
    type Held = (AccountId, bool, bool, bool, bool, Option<i64>, bool);
    let follows_back: Held = (AUTHOR, true, false, true, false, None, false);
    let of_viewer = |follows: bool, mutes: bool| -> Held { (VIEWER, follows, false, false, mutes, mutes.then_some(until), mutes) };
    let cases = [
        (vec![&follows, &back, &nothing], vec![follows_back]),
        (vec![&nothing, &follows], vec![follows_back, of_viewer(true, false)]),
        (vec![&follows, &nothing, &mutes], vec![follows_back, of_viewer(false, true)]),
        (vec![], vec![follows_back, of_viewer(false, true)]),
    ];
    for (changed, expected) in cases {
        relations::apply(&mut connection, &changed).await.unwrap();
        let found: Vec<Held> = sqlx::query_as(held).fetch_all(&pool).await.unwrap();
        assert_eq!(found, expected, "{changed:?}");
    }
}

#[tokio::test]
async fn who_is_erased_does_not_come_back() {
    let (_db, pool) = migrated().await;
    let asked = async || -> (bool, bool) {
        let asked = "select is_hidden($1), is_gone($1)";
        sqlx::query_as(asked).bind(AUTHOR).fetch_one(&pool).await.unwrap()
    };
    assert_eq!(asked().await, (false, false));
    hide(&pool, AUTHOR, AccountState::Hidden).await;
    assert_eq!(asked().await, (true, false));
    hide(&pool, AUTHOR, AccountState::Active).await;
    assert_eq!(asked().await, (false, false));

    let mut connection = pool.acquire().await.unwrap();
    accounts::erase(&mut connection, AUTHOR).await.unwrap();
    for late in [AccountState::Active, AccountState::Hidden] {
        hide(&pool, AUTHOR, late).await;
        assert_eq!(asked().await, (true, true), "{late:?}");
    }
    assert!(accounts::is_gone(&mut connection, AUTHOR).await.unwrap());
    assert!(!accounts::is_gone(&mut connection, VIEWER).await.unwrap());
    assert_eq!(accounts::gone(&mut connection, &BTreeSet::from([VIEWER, AUTHOR])).await.unwrap(), BTreeSet::from([AUTHOR]));
}
