//! The rule in Rust and the rule in SQL say the same, in every case there is.

use audience::{Standing, Visibility, may_see};
use contracts::fact::RelationChanged;
use contracts::{AccountId, Service};
use test_db::TestDb;

const AUTHOR: AccountId = AccountId(1);
const VIEWER: AccountId = AccountId(2);

fn relation(actor: AccountId, target: AccountId, follows: bool, blocks: bool) -> RelationChanged {
    RelationChanged { actor, target, follows, blocks, severed: false }
}

#[tokio::test]
async fn the_rule_in_sql_is_the_rule_in_rust() {
    let db = TestDb::new(&[]).await;
    let pool = db.superuser_pool(Service::Social);
    sqlx::raw_sql(include_str!("../migrations/audience.sql")).execute(&pool).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let mut cases = 0;
    for bits in 0..16_u8 {
        let [follows, blocks, followed, blocked] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
        audience::apply(&mut connection, &relation(VIEWER, AUTHOR, follows, blocks)).await.unwrap();
        audience::apply(&mut connection, &relation(AUTHOR, VIEWER, followed, blocked)).await.unwrap();
        let viewers = [
            (Some(AUTHOR), Standing { author: true, follows: false, severed: false }),
            (Some(VIEWER), Standing { author: false, follows, severed: blocks || blocked }),
            (None, Standing { author: false, follows: false, severed: false }),
        ];
        for visibility in Visibility::ALL {
            for (viewer, standing) in viewers {
                let sql: bool = sqlx::query_scalar("select may_see($1, $2, $3)")
                    .bind(viewer)
                    .bind(AUTHOR)
                    .bind(visibility)
                    .fetch_one(&mut *connection)
                    .await
                    .unwrap();
                assert_eq!(sql, may_see(visibility, standing), "{visibility:?} for {viewer:?} standing {standing:?}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 16 * 3 * 3);
}

#[tokio::test]
async fn a_visibility_that_sql_does_not_know_shows_nothing() {
    let db = TestDb::new(&[]).await;
    let pool = db.superuser_pool(Service::Social);
    sqlx::raw_sql(include_str!("../migrations/audience.sql")).execute(&pool).await.unwrap();
    let seen: bool = sqlx::query_scalar("select may_see($1, $2, 'sideways')").bind(VIEWER).bind(AUTHOR).fetch_one(&pool).await.unwrap();
    assert!(!seen);
}
