//! People with accounts, who are signed in.

use std::net::SocketAddr;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::json;

use crate::arguments::cores;
use crate::call::{Call, address};
use crate::connection::Connection;
use crate::{Failure, Result};

/// Somebody.
#[derive(Clone, Debug)]
pub struct Person {
    pub handle: String,
    pub password: String,
    /// Good for ten minutes: sign in again before each measurement.
    pub token: String,
    /// Good for one refresh.
    pub refresh_token: String,
}

/// What a sign-in or a refresh is answered with.
#[derive(Deserialize)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

/// Signs up so many new people, named after `prefix`, and in.
pub async fn sign_up(to: SocketAddr, prefix: &str, count: usize) -> Result<Vec<Person>> {
    let names = (0..count).map(|n| (format!("{prefix}_{n:04}"), format!("of {count} the one with number {n}")));
    let names: Vec<(String, String)> = names.collect();
    let creating = names.iter().enumerate().map(|(n, (handle, password))| async move {
        let body = json!({ "handle": handle, "password": password });
        let call = Call::post("sign up", "/v1/accounts", &body).sent_from(address(n));
        Connection::open(to).await?.send(&call).await?.json::<serde_json::Value>().map(drop)
    });
    stream::iter(creating).buffer_unordered(2 * cores()).try_collect::<Vec<()>>().await?;
    sign_in(to, names).await
}

/// Signs these people in.
pub async fn sign_in(to: SocketAddr, names: Vec<(String, String)>) -> Result<Vec<Person>> {
    let entering = names.into_iter().enumerate().map(|(n, (handle, password))| async move {
        let call = sign_in_call(&handle, &password).sent_from(address(n));
        let answer = Connection::open(to).await?.send(&call).await?;
        let tokens: Tokens = answer.json().map_err(|error| format!("failed to sign in {handle}: {error}"))?;
        Ok::<_, Failure>(Person { handle, password, token: tokens.access_token, refresh_token: tokens.refresh_token })
    });
    stream::iter(entering).buffered(2 * cores()).try_collect().await
}

/// The request that signs somebody in.
pub fn sign_in_call(handle: &str, password: &str) -> Call {
    Call::post("sign in", "/v1/sessions", &json!({ "handle": handle, "password": password }))
}

impl Person {
    /// By which they sign in again.
    pub fn credentials(&self) -> (String, String) {
        (self.handle.clone(), self.password.clone())
    }
}
