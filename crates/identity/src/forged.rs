//! Whatever is changed about a good token, it is refused (RFC 8725).

use std::io::ErrorKind;
use std::net::TcpListener;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::Parser;
use contracts::{AccountId, Service};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use serving::{Rates, ServingConfig};
use tokio::runtime::{Builder, Runtime};

use crate::testing::{Issuer, KID};
use crate::{ACCESS_TOKEN_TYPE, Identity};

/// So many forgeries, and none is taken.
const FORGERIES: u32 = 100_000;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    serving: ServingConfig,
}

/// Those of a service without settings.
pub(crate) fn rates() -> Rates {
    Rates::new(&Flags::parse_from(["identity"]).serving)
}

struct Stage {
    issuer: Issuer,
    identity: Identity,
    runtime: Runtime,
}

impl Stage {
    fn new() -> Self {
        let issuer = Issuer::new();
        let identity = issuer.identity(Service::Social, rates());
        Self { issuer, identity, runtime: Builder::new_current_thread().build().unwrap() }
    }

    fn taken(&self, token: &str) -> bool {
        self.runtime.block_on(self.identity.verify(token)).is_ok()
    }

    fn claims(&self) -> Value {
        serde_json::to_value(self.issuer.claims(AccountId(7))).unwrap()
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        signed(header, claims, &self.issuer.key, Algorithm::EdDSA)
    }
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": ACCESS_TOKEN_TYPE, "kid": KID})
}

fn signed(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// The same but for one member.
fn but(value: &Value, member: &str, other: Value) -> String {
    let mut value = value.clone();
    value.as_object_mut().unwrap().insert(member.to_owned(), other);
    value.to_string()
}

/// One thing that is wrong with a token which is otherwise good.
#[derive(Clone, Debug)]
enum Wrong {
    /// Signed by the real key under another header.
    Header(&'static str, Value),
    /// Signed by the real key with other claims.
    Claim(&'static str, Value),
    /// Signed by an HMAC whose secret everybody knows.
    Hmac(String),
    /// Changed after it was signed.
    Flipped(Index, u8),
    /// Cut short after it was signed.
    Cut(Index),
}

/// JSON that is no time, no id, no issuer and no audience.
fn no_claim() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (i64::MIN..0).prop_map(Value::from),
        "[a-z]{0,12}".prop_map(Value::from),
        "[1-9][0-9]{19,23}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ]
}

fn wrong() -> impl Strategy<Value = Wrong> {
    let algorithms =
        vec!["none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "ES384", "eddsa", "EDDSA", ""];
    let types = vec!["JWT", "jwt", "AT+JWT", "application/at+jwt", "at+jwt ", "app-at+jwt", "service+jwt", "photo-grant+jwt", ""];
    let kids = "(\\.\\./){1,4}dev/null|' or 1=1 --|http://127\\.0\\.0\\.1(:[0-9]{2,4})?/|test-ke[a-xz]|[a-z]{1,12}|x{8192}";
    let claims = vec!["exp", "iat", "nbf", "aud", "iss", "sub", "sid"];
    prop_oneof![
        select(algorithms).prop_map(|name| Wrong::Header("alg", json!(name))),
        no_claim().prop_map(|value| Wrong::Header("alg", value)),
        select(types).prop_map(|name| Wrong::Header("typ", json!(name))),
        kids.prop_map(|kid| Wrong::Header("kid", json!(kid))),
        (0..u64::from(u32::MAX) / 4).prop_map(|past| Wrong::Claim("exp", json!(past))),
        (select(claims), no_claim()).prop_map(|(name, value)| Wrong::Claim(name, value)),
        select(vec!["", "secret", KID]).prop_map(|secret| Wrong::Hmac(secret.to_owned())),
        (any::<Index>(), 0..6_u8).prop_map(|(at, bit)| Wrong::Flipped(at, bit)),
        any::<Index>().prop_map(Wrong::Cut),
    ]
}

fn forge(stage: &Stage, wrong: &Wrong) -> String {
    let (header, claims) = (header(), stage.claims());
    let good = || stage.sign(&header.to_string(), &claims.to_string());
    match wrong {
        Wrong::Header(name, value) => stage.sign(&but(&header, name, value.clone()), &claims.to_string()),
        Wrong::Claim(name, value) => stage.sign(&header.to_string(), &but(&claims, name, value.clone())),
        Wrong::Hmac(secret) => {
            let key = EncodingKey::from_secret(secret.as_bytes());
            signed(&but(&header, "alg", json!("HS256")), &claims.to_string(), &key, Algorithm::HS256)
        }
        Wrong::Flipped(at, bit) => {
            let mut bytes = good().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << *bit;
            String::from_utf8(bytes).unwrap()
        }
        Wrong::Cut(at) => {
            let token = good();
            token[..at.index(token.len())].to_owned()
        }
    }
}

#[test]
fn no_forgery_is_taken() {
    let stage = Stage::new();
    assert!(stage.taken(&stage.sign(&header().to_string(), &stage.claims().to_string())), "the good token is taken");
    let config = ProptestConfig { cases: FORGERIES, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(mistake in wrong())| {
        let token = forge(&stage, &mistake);
        prop_assert!(!stage.taken(&token), "{token}");
    });
}

#[test]
fn times_that_are_no_numbers_are_refused() {
    let stage = Stage::new();
    for (name, value) in
        [("exp", "1e400"), ("exp", "\"9999999999\""), ("exp", "9999999999.5"), ("nbf", "[]"), ("iat", "-1"), ("iat", "1e400")]
    {
        let mut others = stage.claims();
        others.as_object_mut().unwrap().remove(name);
        // As text, because some of these are no JSON that could be made from a value.
        let claims = others.to_string().replacen('{', &format!("{{\"{name}\":{value},"), 1);
        let token = stage.sign(&header().to_string(), &claims);
        assert!(!stage.taken(&token), "{name}: {value}");
    }
}

#[test]
fn an_address_in_a_header_is_never_called() {
    let stage = Stage::new();
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let address = format!("http://{}/jwks.json", canary.local_addr().unwrap());
    let stranger = Issuer::new();
    for name in ["jku", "x5u", "kid"] {
        let header = but(&header(), name, json!(address));
        assert!(!stage.taken(&signed(&header, &stage.claims().to_string(), &stranger.key, Algorithm::EdDSA)), "{name}");
    }
    assert_eq!(canary.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody called");
}
