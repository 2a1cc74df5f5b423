//! Signing up, staying signed in, following.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use super::client::{Answer, Client};
use super::error::SeedError;
use super::words;

/// A token is renewed this long before it ends, so that it does not end under way.
const MARGIN: Duration = Duration::from_secs(60);

/// Somebody who is signed up and signed in.
pub struct Person {
    /// `reed_0042`.
    pub handle: String,
    /// The account's id.
    pub id: String,
    ordinal: usize,
    tokens: Mutex<Tokens>,
}

#[derive(Deserialize)]
struct Session {
    access_token: String,
    refresh_token: String,
    expires_in: u64,
}

#[derive(Deserialize)]
struct Account {
    id: String,
}

struct Tokens {
    access: String,
    refresh: String,
    ends: Instant,
}

impl From<Session> for Tokens {
    fn from(session: Session) -> Self {
        let ends = Instant::now() + Duration::from_secs(session.expires_in);
        Tokens { access: session.access_token, refresh: session.refresh_token, ends }
    }
}

impl Person {
    /// Signs person `ordinal` up, or only in where an earlier run signed them up, and gives them a name.
    pub async fn join(client: &Client, ordinal: usize) -> Result<Person, SeedError> {
        let handle = format!("reed_{ordinal:04}");
        let password = password(client.seed(), ordinal);
        let account = json!({ "handle": handle, "password": password });
        let request = client.create("/v1/accounts", ordinal, "application/json", bytes(&account));
        match client.send(format!("sign up {handle}"), request).await {
            Err(error) if !error.is(StatusCode::CONFLICT) => return Err(error),
            _taken_by_an_earlier_run => {}
        }
        let tokens = sign_in(client, &handle, &password).await?;
        let whoami = client.request(Method::GET, "/v1/accounts/me").bearer_auth(&tokens.access);
        let Account { id } = client.send(format!("read the account of {handle}"), whoami).await?.json()?;
        let person = Person { handle, id, ordinal, tokens: Mutex::new(tokens) };
        let profile = json!({ "display_name": words::name(ordinal) });
        let introduction = person.request(client, Method::PATCH, "/v1/profiles/me").await?.json(&profile);
        client.send(format!("name {}", person.handle), introduction).await?;
        Ok(person)
    }

    /// A request in this person's name.
    pub async fn request(&self, client: &Client, method: Method, path: &str) -> Result<RequestBuilder, SeedError> {
        Ok(client.request(method, path).bearer_auth(self.token(client).await?))
    }

    /// Creates something in this person's name, once: see [`Client::create`].
    pub async fn create(
        &self,
        client: &Client,
        action: String,
        path: &str,
        ordinal: usize,
        media_type: &str,
        body: Vec<u8>,
    ) -> Result<Answer, SeedError> {
        let request = client.create(path, ordinal, media_type, body).bearer_auth(self.token(client).await?);
        client.send(action, request).await
    }

    /// Follows `target`.
    pub async fn follow(&self, client: &Client, target: &Person) -> Result<(), SeedError> {
        let request = self.request(client, Method::PUT, &format!("/v1/relations/{}/follow", target.id)).await?;
        client.send(format!("let {} follow {}", self.handle, target.handle), request).await?;
        Ok(())
    }

    /// A token that is good for the next minute. Renewing holds the lock: a refresh token serves once.
    async fn token(&self, client: &Client) -> Result<String, SeedError> {
        let mut tokens = self.tokens.lock().await;
        if tokens.ends < Instant::now() + MARGIN {
            *tokens = match renew(client, &tokens.refresh).await {
                Ok(renewed) => renewed,
                Err(_lapsed) => sign_in(client, &self.handle, &password(client.seed(), self.ordinal)).await?,
            };
        }
        Ok(tokens.access.clone())
    }
}

async fn sign_in(client: &Client, handle: &str, password: &str) -> Result<Tokens, SeedError> {
    let credentials = json!({ "handle": handle, "password": password });
    let request = client.request(Method::POST, "/v1/sessions").json(&credentials);
    let action = format!("sign in {handle} (signed up by a run with another --seed?)");
    Ok(client.send(action, request).await?.json::<Session>()?.into())
}

async fn renew(client: &Client, refresh_token: &str) -> Result<Tokens, SeedError> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let request = client.request(Method::POST, "/oauth/token").form(&form);
    Ok(client.send("renew a session", request).await?.json::<Session>()?.into())
}

/// The documented password: whoever seeds a platform may want to sign in as somebody.
fn password(seed: u64, ordinal: usize) -> String {
    format!("person {ordinal:04} of seed {seed}")
}

/// A JSON body, byte by byte the same in every run.
pub fn bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("plain data has a JSON form")
}
