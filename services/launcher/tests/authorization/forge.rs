//! Tokens of every kind, signed with the platform's own keys: taken out of its database and its folder, as nobody can who
//! has not taken over the machine.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use contracts::{AccountId, PhotoId, Service};
use identity::{PhotoGrant, ServiceSigner, unix_now};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::stage::Stage;

#[derive(Deserialize)]
struct Secrets {
    key_encryption_key: String,
    service_keys: BTreeMap<String, String>,
}

/// Whose tokens are forged.
#[derive(Deserialize)]
struct Me {
    id: AccountId,
    handle: String,
}

pub struct Forge {
    issuer: String,
    account: AccountId,
    handle: String,
    kid: String,
    key: EncodingKey,
    public: Vec<u8>,
    service: ServiceSigner,
    next: AtomicI64,
    /// Where some tokens say that their key is to be had.
    canary: TcpListener,
}

impl Forge {
    /// One for tokens of whoever has this one.
    pub async fn open(stage: &Stage, token: &str) -> Self {
        let me = stage.request("GET", "/v1/accounts/me", Some(token)).send().await.unwrap();
        let Me { id: account, handle } = me.json().await.unwrap();
        let secrets: Secrets = serde_json::from_slice(&std::fs::read(stage.data().join("secrets.json")).unwrap()).unwrap();
        let mut database = PgConnection::connect(&stage.database_url()).await.unwrap();
        let newest = "select kid, private_key, public_key from auth.signing_keys order by signs_from desc limit 1";
        let (kid, sealed, public): (String, Vec<u8>, Vec<u8>) = sqlx::query_as(newest).fetch_one(&mut database).await.unwrap();
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, &BASE64_STANDARD.decode(&secrets.key_encryption_key).unwrap()).unwrap();
        let (nonce, sealed) = sealed.split_at(NONCE_LEN);
        let mut private = sealed.to_vec();
        let private =
            sealing.open_in_place(Nonce::try_assume_unique_for_key(nonce).unwrap(), Aad::from("signing key"), &mut private).unwrap();
        let service = ServiceSigner::parse(Service::Social, &secrets.service_keys["social"]).unwrap();
        let issuer = stage.url().to_owned();
        // Session ids that no session has.
        let next = AtomicI64::new(1);
        let canary = TcpListener::bind("127.0.0.1:0").unwrap();
        canary.set_nonblocking(true).unwrap();
        Self { issuer, account, handle, kid, key: EncodingKey::from_ed_der(private), public, service, next, canary }
    }

    fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid})
    }

    /// What auth would say in a session that allows this.
    fn claims(&self, scope: &str, roles: &[&str]) -> Value {
        let (now, session) = (unix_now(), self.next.fetch_add(1, Ordering::Relaxed).to_string());
        json!({
            "iss": self.issuer, "sub": self.account, "aud": format!("{}/v1", self.issuer), "client_id": "test", "scope": scope,
            "roles": roles, "preferred_username": self.handle, "iat": now, "exp": now + 600, "jti": session, "sid": session,
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        jws(header, claims, &self.key, Algorithm::EdDSA)
    }

    /// A good token.
    pub fn good(&self, scope: &str, roles: &[&str]) -> String {
        self.sign(&self.header(), &self.claims(scope, roles))
    }

    /// A good token of this session, which is there.
    pub fn of_session(&self, session: &str, scope: &str) -> String {
        self.sign(&self.header(), &with(&self.claims(scope, &[]), "sid", json!(session)))
    }

    /// The good token of an app for itself.
    pub fn of_app(&self, scope: &str) -> String {
        let mut claims = self.claims(scope, &[]);
        claims["sub"] = json!("app_test");
        claims["client_id"] = json!("app_test");
        self.sign(&with(&self.header(), "typ", json!("app-at+jwt")), &claims)
    }

    /// Everything that looks like the good token and is none, by name.
    pub fn bad(&self, scope: &str, roles: &[&str]) -> Vec<(&'static str, String)> {
        let (header, claims) = (self.header(), self.claims(scope, roles));
        let now = unix_now();
        let stranger = ServiceSigner::generate();
        let other = EncodingKey::from_ed_der(&BASE64_STANDARD.decode(&stranger).unwrap());
        let its_public = ServiceSigner::parse(Service::Social, &stranger).unwrap().public_key();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "alg": "EdDSA", "use": "sig", "x": its_public});
        let address = json!(format!("http://{}/jwks.json", self.canary.local_addr().unwrap()));
        let pointing = |member: &str, value: &Value| jws(&with(&header, member, value.clone()), &claims, &other, Algorithm::EdDSA);
        let hs256 = with(&header, "alg", json!("HS256"));
        let (source, owner) = ("post:1".to_owned(), self.account);
        let grant = PhotoGrant { photo: PhotoId(1), source, owner, audience_of: None, viewer: owner, as_of: None, iat: 0 };
        let none = [with(&header, "alg", json!("none")), claims.clone()].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        vec![
            ("other audience", self.sign(&header, &with(&claims, "aud", json!("media")))),
            ("audience of an app", self.sign(&header, &with(&claims, "aud", json!("app_test")))),
            ("other issuer", self.sign(&header, &with(&claims, "iss", json!("https://elsewhere.test")))),
            ("id token", self.sign(&with(&header, "typ", json!("JWT")), &claims)),
            ("refresh type", self.sign(&with(&header, "typ", json!("rt+jwt")), &claims)),
            ("service token", (self.service.tokens_for(Service::Photo))()),
            ("photo grant", self.service.grant(grant)),
            ("expired", self.sign(&header, &with(&claims, "exp", json!(now - 60)))),
            ("not yet good", self.sign(&header, &with(&claims, "nbf", json!(now + 600)))),
            ("other key", jws(&header, &claims, &other, Algorithm::EdDSA)),
            ("other key, that says where it is published", pointing("jku", &address)),
            ("other key, that says where its certificate is", pointing("x5u", &address)),
            ("other key, that brings itself along", pointing("jwk", &jwk)),
            ("other key, whose name is an address", pointing("kid", &address)),
            ("unknown key", self.sign(&with(&header, "kid", json!("other")), &claims)),
            ("key with a name of 8 KiB", self.sign(&with(&header, "kid", json!("k".repeat(8192))), &claims)),
            ("HS256 with the public key", jws(&hs256, &claims, &EncodingKey::from_secret(&self.public), Algorithm::HS256)),
            ("alg none", format!("{}.{}.", none[0], none[1])),
            ("nonsense", "nonsense".to_owned()),
        ]
    }

    /// No token has made anybody call its address.
    pub fn nobody_called(&self) -> bool {
        self.canary.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// The same with one member changed.
fn with(value: &Value, member: &str, other: Value) -> Value {
    let mut value = value.clone();
    value[member] = other;
    value
}

fn jws(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}
