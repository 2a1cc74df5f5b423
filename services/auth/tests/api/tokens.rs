use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use contracts::Service;
use identity::{ServiceSigner, unix_now};
use jsonwebtoken::jwk::{JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, crypto, decode, decode_header};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{ISSUER, PASSWORD, TestAuth, answer, kind};

async fn published(auth: &TestAuth) -> JwkSet {
    let (status, body) = answer(auth.request(Method::GET, "/.well-known/jwks.json")).await;
    assert_eq!(status, StatusCode::OK);
    for key in body["keys"].as_array().unwrap() {
        assert_eq!(key.get("d"), None, "a private key is published");
        assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
    }
    serde_json::from_value(body).unwrap()
}

#[tokio::test]
async fn an_access_token_verifies_with_the_published_key_and_says_who_it_is_for() {
    let auth = TestAuth::spawn().await;
    let (_, account) = answer(auth.sign_up("ada", PASSWORD)).await;
    let token = auth.session("ada").await.access_token;
    let keys = published(&auth).await;

    let header = decode_header(&token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some("at+jwt")));
    let kid = header.kid.unwrap();
    let key = keys.find(&kid).expect("the key is published");
    assert_eq!(key.thumbprint(ThumbprintHash::SHA256).unwrap(), kid);

    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[format!("{ISSUER}/v1")]);
    let claims = decode::<Value>(&token, &DecodingKey::from_jwk(key).unwrap(), &rules).unwrap().claims;
    let names: BTreeSet<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["aud", "client_id", "exp", "iat", "iss", "jti", "preferred_username", "roles", "scope", "sid", "sub"];
    assert_eq!(names, BTreeSet::from(expected));
    assert_eq!((&claims["sub"], &claims["preferred_username"]), (&account["id"], &json!("ada")));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
    assert_eq!(claims["roles"], json!([]));
    assert!(claims["scope"].as_str().unwrap().split(' ').any(|scope| scope == "posts:write"));

    // And with no other.
    let others = published(&TestAuth::spawn().await).await;
    for key in &others.keys {
        assert!(decode::<Value>(&token, &DecodingKey::from_jwk(key).unwrap(), &rules).is_err());
    }
}

const KID: &str = "the-key";

/// A key that signs anything.
struct Forge {
    key: EncodingKey,
    x: String,
}

impl Forge {
    fn new() -> Self {
        let pkcs8 = ServiceSigner::generate();
        let x = ServiceSigner::parse(Service::Auth, &pkcs8).unwrap().public_key();
        Self { key: EncodingKey::from_ed_der(&BASE64_STANDARD.decode(pkcs8).unwrap()), x }
    }

    fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": KID, "x": self.x})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        jws(header, claims, &self.key, Algorithm::EdDSA)
    }
}

fn jws(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// The same but for one member; `null` takes it away.
fn but(value: &Value, member: &str, other: Value) -> Value {
    let mut value = value.clone();
    let members = value.as_object_mut().unwrap();
    match other {
        Value::Null => members.remove(member),
        other => members.insert(member.to_owned(), other),
    };
    value
}

#[tokio::test]
async fn a_forged_access_token_is_refused() {
    let forge = Forge::new();
    let auth = TestAuth::trusting(&serde_json::from_value(json!({"keys": [forge.jwk()]})).unwrap()).await;
    let (_, account) = answer(auth.sign_up("ada", PASSWORD)).await;
    let now = unix_now();
    let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": KID});
    let claims = json!({
        "iss": ISSUER, "sub": account["id"], "aud": format!("{ISSUER}/v1"), "client_id": "app", "scope": "accounts:read", "roles": [],
        "preferred_username": "ada", "iat": now, "exp": now + 600, "jti": "1", "sid": "1",
    });
    let good = forge.sign(&header, &claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    auth.until_known(&good).await;
    assert_eq!(answer(auth.me(&good)).await, (StatusCode::OK, account));

    let mut forged = Vec::new();
    for (member, values) in [
        ("typ", vec![json!(null), json!("JWT"), json!("app-at+jwt"), json!("service+jwt"), json!("photo-grant+jwt")]),
        ("alg", vec![json!(null), json!("none"), json!("None"), json!("HS256"), json!("ES256")]),
        ("kid", vec![json!(null), json!(""), json!("the-key2"), json!("../../../dev/null"), json!("the-key' or '1'='1"), json!(1)]),
    ] {
        forged.extend(values.into_iter().map(|value| (format!("{member}: {value}"), forge.sign(&but(&header, member, value), &claims))));
    }
    for (member, values) in [
        ("aud", vec![json!(null), json!(ISSUER), json!("media"), json!("https://elsewhere.test/v1")]),
        ("iss", vec![json!(null), json!("https://elsewhere.test"), json!(format!("{ISSUER}/"))]),
        ("exp", vec![json!(null), json!(now - 60), json!(0), json!("9999999999"), json!(-1)]),
        ("nbf", vec![json!(now + 600), json!("soon")]),
        ("sub", vec![json!(null), json!(1), json!("ada"), json!("0")]),
        ("sid", vec![json!(null), json!("")]),
    ] {
        forged.extend(values.into_iter().map(|value| (format!("{member}: {value}"), forge.sign(&header, &but(&claims, member, value)))));
    }

    // The public key is no secret, and no secret of an HMAC.
    let hs256 = but(&header, "alg", json!("HS256"));
    for secret in [BASE64_URL_SAFE_NO_PAD.decode(&forge.x).unwrap(), forge.x.clone().into_bytes(), forge.jwk().to_string().into_bytes()] {
        forged.push(("HS256 with the public key".to_owned(), jws(&hs256, &claims, &EncodingKey::from_secret(&secret), Algorithm::HS256)));
    }
    let none = BASE64_URL_SAFE_NO_PAD.encode(but(&header, "alg", json!("none")).to_string());
    let payload = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    forged.push(("no signature".to_owned(), format!("{none}.{payload}.")));
    forged.push(("no signature, EdDSA".to_owned(), format!("{message}.")));
    forged.push(("two parts".to_owned(), message.to_owned()));
    forged.push(("five parts".to_owned(), format!("{good}.{good}")));
    forged.push(("other claims".to_owned(), {
        let other = BASE64_URL_SAFE_NO_PAD.encode(but(&claims, "sub", json!("1")).to_string());
        format!("{}.{other}.{signature}", message.split('.').next().unwrap())
    }));

    // A key that comes along with the token is a stranger's, wherever it lies.
    let stranger = Forge::new();
    for (member, value) in
        [("jwk", stranger.jwk()), ("jku", json!("https://elsewhere.test/jwks.json")), ("x5u", json!("https://elsewhere.test"))]
    {
        forged.push((format!("signed by a stranger, with {member}"), stranger.sign(&but(&header, member, value), &claims)));
    }

    let nonsense = answer(auth.me("nonsense")).await;
    assert_eq!((nonsense.0, kind(&nonsense.1)), (StatusCode::UNAUTHORIZED, "unauthorized"));
    for (what, token) in forged {
        assert_eq!(answer(auth.me(&token)).await, nonsense, "{what}");
    }
}

#[tokio::test]
async fn a_token_of_another_platform_is_refused() {
    let (here, elsewhere) = (TestAuth::spawn().await, TestAuth::spawn().await);
    here.somebody("ada").await;
    let token = elsewhere.somebody("ada").await.access_token;
    assert_eq!(answer(elsewhere.me(&token)).await.0, StatusCode::OK);
    assert_eq!(answer(here.me(&token)).await.0, StatusCode::UNAUTHORIZED);
}
