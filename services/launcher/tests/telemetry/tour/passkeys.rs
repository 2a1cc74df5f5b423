//! Auth: passkeys, of an authenticator in software.

use serde_json::{Value, json};

use super::{PASSWORD, Tour};
use crate::authenticator::Authenticator;
use crate::platform::PUBLIC_URL;

impl Tour<'_> {
    /// Somebody adds a passkey, names it, signs in with it, and removes it.
    pub(super) async fn passkeys(&mut self, name: &str) {
        let cat = self.guest(&format!("{name}_cat")).await;
        let mut authenticator = Authenticator::at(PUBLIC_URL);
        let passkeys = "/v1/accounts/me/passkeys";
        let password = json!({ "password": PASSWORD });
        let challenges = "POST /v1/accounts/me/passkeys/challenges";
        let options = self.ask(challenges, &format!("{passkeys}/challenges"), &cat.token, |it| it.json(&password)).await;
        let made = json!({ "name": "a key", "credential": authenticator.create(&options) });
        let made = self.ask("POST /v1/accounts/me/passkeys", passkeys, &cat.token, |it| it.json(&made)).await;
        let codes = made["recovery_codes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        self.secrets.extend(codes.map(str::to_owned));
        self.just("GET /v1/accounts/me/passkeys", passkeys, &cat.token).await;
        let passkey = format!("{passkeys}/{}", made["id"].as_str().expect("an id"));
        let named = json!({ "name": "the key of the pier" });
        self.ask("PATCH /v1/accounts/me/passkeys/{id}", &passkey, &cat.token, |it| it.json(&named)).await;

        let options = self.passkey_options().await;
        let signed = json!({ "credential": authenticator.get(&options) });
        self.ask("POST /v1/sessions/passkey", "/v1/sessions/passkey", "", |it| it.json(&signed)).await;
        let options = self.passkey_options().await;
        let proof = json!({ "password": PASSWORD, "passkey": authenticator.get(&options) });
        self.ask("DELETE /v1/accounts/me/passkeys/{id}", &passkey, &cat.token, |it| it.json(&proof)).await;
    }

    /// What a browser is told to ask for a passkey.
    async fn passkey_options(&mut self) -> Value {
        self.just("POST /v1/sessions/passkey-challenges", "/v1/sessions/passkey-challenges", "").await
    }
}
