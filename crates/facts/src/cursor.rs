use contracts::Service;
use sqlx::{AssertSqlSafe, PgConnection};

/// Who hears whom. How far they are is a row in the producer's schema.
#[derive(Clone, Copy)]
pub(crate) struct Between {
    pub(crate) consumer: Service,
    pub(crate) producer: Service,
}

impl Between {
    /// How far the consumer is, locked until the transaction ends; `None` while another replica has it, and if it was never there.
    pub(crate) async fn lock_cursor(self, connection: &mut PgConnection) -> sqlx::Result<Option<i64>> {
        let lock = format!("select position from {}.outbox_cursors where consumer = $1 for update skip locked", self.producer);
        sqlx::query_scalar(AssertSqlSafe(lock)).bind(self.consumer.name()).fetch_optional(connection).await
    }

    /// Makes the cursor, if there is none.
    pub(crate) async fn register(self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let register = format!("insert into {}.outbox_cursors (consumer, position) values ($1, 0) on conflict do nothing", self.producer);
        sqlx::query(AssertSqlSafe(register)).bind(self.consumer.name()).execute(connection).await.map(drop)
    }

    /// Moves the cursor, which must be locked. What it has passed and is not parked was applied, however often it had failed before.
    pub(crate) async fn move_cursor(self, connection: &mut PgConnection, position: i64) -> sqlx::Result<()> {
        let moved = format!(
            "with applied as (delete from fact_failures where producer = $3 and position <= $2 and parked_at is null)
             update {}.outbox_cursors set position = $2, moved_at = clock_timestamp() where consumer = $1",
            self.producer
        );
        let moved = sqlx::query(AssertSqlSafe(moved)).bind(self.consumer.name()).bind(position).bind(self.producer.name());
        moved.execute(connection).await.map(drop)
    }
}
