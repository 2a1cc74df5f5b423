//! Writes that may be sent twice and happen once (the `Idempotency-Key` header, draft-ietf-httpapi-idempotency-key-header).

use std::fmt::Display;
use std::ops::{Deref, DerefMut};

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};

use crate::Problem;

/// The caller's key, if one was sent, with the route and the fingerprint of what was sent.
#[derive(Debug, Clone)]
pub struct Idempotency {
    key: Option<String>,
    route: String,
    fingerprint: Vec<u8>,
}

/// What became of a request that may have been here before.
#[allow(clippy::large_enum_variant, reason = "lives for one match")]
pub enum Attempt {
    /// It was: this is its answer.
    Replayed(Response),
    /// It was not: do it in this transaction.
    Fresh(FreshAttempt),
}

/// The transaction of the effect. [`finish`](Self::finish) stores the answer and commits both.
pub struct FreshAttempt {
    tx: Transaction<'static, Postgres>,
    record: Option<(String, Idempotency)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let key = match parts.headers.get("idempotency-key") {
            None => None,
            Some(value) => match value.to_str() {
                Ok(key) if (1..=255).contains(&key.len()) => Some(key.to_owned()),
                _ => return Err(Problem::bad_request("Idempotency-Key must be 1 to 255 visible ASCII characters; a UUID is a good one.")),
            },
        };
        let route = format!("{} {}", parts.method, parts.uri.path());
        Ok(Self { key, route, fingerprint: Vec::new() })
    }
}

impl Idempotency {
    /// Sets the digest of what was sent: the same key with another one is an error of the caller.
    pub fn fingerprint(mut self, digest: impl AsRef<[u8]>) -> Self {
        self.fingerprint = digest.as_ref().to_vec();
        self
    }

    /// The answer of the first time, if there was one: to be asked before work that is dear. What counts is
    /// [`begin`](Self::begin), in the transaction of the effect.
    pub async fn stored(&self, pool: &PgPool, caller: impl Display) -> Result<Option<Response>, Problem> {
        let mut connection = pool.acquire().await?;
        self.replay(&mut connection, &caller.to_string()).await
    }

    /// Begins the transaction of the effect, or answers as the first time. While the first is still running: 409.
    /// `caller` is who the key belongs to; nobody can replay another's answer.
    pub async fn begin(self, pool: &PgPool, caller: impl Display) -> Result<Attempt, Problem> {
        let caller = caller.to_string();
        let mut tx = pool.begin().await?;
        let Some(key) = &self.key else {
            return Ok(Attempt::Fresh(FreshAttempt { tx, record: None }));
        };
        let lock = format!("{caller}\n{}\n{key}", self.route);
        let alone: bool =
            sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended($1, 0))").bind(&lock).fetch_one(&mut *tx).await?;
        if !alone {
            let detail = "The first request with this Idempotency-Key is still running. Try again for its answer.";
            return Err(Problem::conflict("idempotency-in-progress", detail));
        }
        match self.replay(&mut tx, &caller).await {
            Ok(None) => Ok(Attempt::Fresh(FreshAttempt { tx, record: Some((caller, self)) })),
            answered => {
                // Here, not when it is dropped: sqlx rolls that back a moment later, and until then whoever asks next would hear
                // that the first still runs.
                tx.rollback().await?;
                Ok(Attempt::Replayed(answered?.expect("None is above")))
            }
        }
    }

    async fn replay(&self, connection: &mut PgConnection, caller: &str) -> Result<Option<Response>, Problem> {
        let Some(key) = &self.key else { return Ok(None) };
        let stored = sqlx::query(
            "select fingerprint, status, body from idempotency_keys
             where caller = $1 and route = $2 and key = $3 and created_at > now() - interval '24 hours'",
        )
        .bind(caller)
        .bind(&self.route)
        .bind(key)
        .fetch_optional(connection)
        .await?;
        let Some(row) = stored else { return Ok(None) };
        if row.get::<Vec<u8>, _>("fingerprint") != self.fingerprint {
            let detail = "This Idempotency-Key was used for another request. Make a new key for each thing you make.";
            return Err(Problem::unprocessable(detail));
        }
        let status = u16::try_from(row.get::<i16, _>("status")).ok().and_then(|code| StatusCode::from_u16(code).ok());
        let mut response = answer(status.unwrap_or(StatusCode::OK), row.get("body"));
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        Ok(Some(response))
    }
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl FreshAttempt {
    /// Stores the answer, commits it with the effect, and answers.
    pub async fn finish(mut self, status: StatusCode, body: &impl Serialize) -> Result<Response, Problem> {
        let body = serde_json::to_string(body).map_err(Problem::internal)?;
        if let Some((caller, Idempotency { key, route, fingerprint })) = self.record.take() {
            sqlx::query(
                "insert into idempotency_keys (caller, route, key, fingerprint, status, body) values ($1, $2, $3, $4, $5, $6)
                 on conflict on constraint idempotency_keys_pkey do update
                 set fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body, created_at = excluded.created_at",
            )
            .bind(caller)
            .bind(route)
            .bind(key)
            .bind(fingerprint)
            .bind(i16::try_from(status.as_u16()).expect("a status has three digits"))
            .bind(&body)
            .execute(&mut *self.tx)
            .await?;
        }
        self.tx.commit().await?;
        Ok(answer(status, body))
    }
}

impl Deref for FreshAttempt {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for FreshAttempt {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

/// Deletes answers older than 24 hours, a thousand at a time; each service calls it now and then.
pub async fn purge_idempotency_keys(pool: &PgPool) -> sqlx::Result<()> {
    let batch = "delete from idempotency_keys where ctid = any(array(
        select ctid from idempotency_keys where created_at < now() - interval '24 hours' limit 1000))";
    while sqlx::query(batch).execute(pool).await?.rows_affected() == 1000 {}
    Ok(())
}
