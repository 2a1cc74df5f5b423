//! One whom it fails to forget holds up no other.

use std::time::{Duration, Instant};

use audience::accounts;
use audience::forgetting::{Forget, Forgetting, Progress};
use contracts::{AccountId, Service};
use facts::Outbox;
use serving::Result;
use test_db::TestDb;
use tokio::task::JoinSet;

const UNLUCKY: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);

/// Has nothing of anybody, and panics over one of them.
struct Nothing;

impl Forget for Nothing {
    async fn forget(&self, account: AccountId) -> Result<Progress> {
        assert_ne!(account, UNLUCKY, "out of luck");
        Ok(Progress::Done)
    }
}

#[tokio::test]
async fn a_panic_over_one_account_holds_up_no_other() {
    let db = TestDb::new(&[]).await;
    let pool = db.superuser_pool(Service::Social);
    sqlx::raw_sql(include_str!("../migrations/hidden.sql")).execute(&pool).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    for account in [UNLUCKY, OTHER] {
        accounts::erase(&mut tx, account).await.unwrap();
    }
    // Whose turn it is first.
    let earlier = "update hidden_accounts set look_again_at = now() - interval '1 minute' where account = $1";
    sqlx::query(earlier).bind(UNLUCKY).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    let mut tasks = JoinSet::new();
    tasks.spawn(Forgetting::new(pool.clone(), Service::Social, Outbox::new(pool.clone(), Service::Social), Nothing).run());
    let state = async |account: AccountId| -> String {
        let state = sqlx::query_scalar("select state from hidden_accounts where account = $1").bind(account);
        state.fetch_one(&pool).await.unwrap()
    };
    let deadline = Instant::now() + Duration::from_secs(120);
    while state(OTHER).await != "erased" {
        assert!(Instant::now() < deadline, "the other one is not forgotten");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(state(UNLUCKY).await, "erasing");
}
