//! What services show each other is taken for what it is, by whom it is for, as long as it is good, and for nothing else.

use contracts::{AccountId, PhotoId, Service};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::testing::Issuer;
use crate::{ACCESS_TOKEN_TYPE, PhotoGrant, ServiceSigner, grant, service, unix_now};

/// What a service token says that social signs for photo, but for its times.
fn of_service() -> Value {
    json!({"iss": "social", "aud": "photo"})
}

/// The same of a grant.
fn of_grant() -> Value {
    json!({"iss": "social", "aud": "photo", "photo": "1", "source": "post:17", "owner": "2", "viewer": "3"})
}

/// The type of each, how long it is good for, and what it says.
fn kinds() -> [(&'static str, u64, Value); 2] {
    [(service::TYPE, service::LIFE, of_service()), (grant::TYPE, grant::LIFE, of_grant())]
}

/// The same claims, from now on, with these in place of theirs or besides; `null` is none.
fn but(claims: &Value, life: u64, others: &Value) -> Value {
    let now = unix_now();
    let mut claims = claims.as_object().unwrap().clone();
    claims.extend([("iat".to_owned(), json!(now)), ("exp".to_owned(), json!(now + life))]);
    claims.extend(others.as_object().unwrap().clone());
    claims.retain(|_, value| !value.is_null());
    Value::Object(claims)
}

/// Does photo take it for a service's, and for a grant?
fn taken(issuer: &Issuer, token: &str) -> (bool, bool) {
    let keys = issuer.service_keys();
    (keys.caller(token, Service::Photo).is_ok(), keys.verify_grant(token).is_ok())
}

#[test]
fn each_is_taken_for_what_it_is_and_by_whom_it_is_for() {
    let issuer = Issuer::new();
    let social = issuer.signer(Service::Social);
    let (owner, viewer) = (AccountId(2), AccountId(3));
    let grant = PhotoGrant { photo: PhotoId(1), source: "post:17".to_owned(), owner, audience_of: None, viewer, as_of: None, iat: 0 };
    let (token, grant) = ((social.tokens_for(Service::Photo))(), social.grant(grant));
    assert_eq!((taken(&issuer, &token), taken(&issuer, &grant)), ((true, false), (false, true)));
    let keys = issuer.service_keys();
    assert_eq!(keys.caller(&token, Service::Photo).unwrap(), Service::Social);
    for other in Service::ALL.into_iter().filter(|service| *service != Service::Photo) {
        assert!(keys.caller(&token, other).is_err(), "{} takes what is for photo", other.name());
    }
    // Those that are changed below are good when nothing is.
    let [token, grant] = kinds().map(|(typ, life, claims)| social.sign(typ, &but(&claims, life, &json!({}))));
    assert_eq!((taken(&issuer, &token), taken(&issuer, &grant)), ((true, false), (false, true)));
}

#[test]
fn whatever_is_wrong_with_one_it_is_refused() {
    let issuer = Issuer::new();
    let social = issuer.signer(Service::Social);
    let now = unix_now();
    for (typ, life, claims) in kinds() {
        for (what, others) in [
            ("for another service", json!({"aud": "relation"})),
            ("for nobody", json!({"aud": null})),
            ("of a service that is none", json!({"iss": "nobody"})),
            ("of a service whose key did not sign it", json!({"iss": "relation"})),
            ("of nobody", json!({"iss": null})),
            ("expired", json!({"iat": now - 60 - life, "exp": now - 60})),
            ("good for a second too long", json!({"iat": now, "exp": now + life + 1})),
            ("good for years", json!({"exp": now + 100_000_000})),
            ("without an end", json!({"exp": null})),
            ("without a beginning", json!({"iat": null})),
            ("whose end is text", json!({"exp": (now + life).to_string()})),
            ("not good yet", json!({"nbf": now + 600})),
        ] {
            let token = social.sign(typ, &but(&claims, life, &others));
            assert_eq!(taken(&issuer, &token), (false, false), "a {typ} {what}");
        }
    }
}

#[test]
fn whoever_has_not_the_key_of_a_service_signs_nothing_for_it() {
    let issuer = Issuer::new();
    let stranger = ServiceSigner::parse(Service::Social, &ServiceSigner::generate()).unwrap();
    let public = EncodingKey::from_secret(issuer.signer(Service::Social).public_key().as_bytes());
    for (typ, life, claims) in kinds() {
        let claims = but(&claims, life, &json!({}));
        let mut hs256 = Header::new(Algorithm::HS256);
        hs256.typ = Some(typ.to_owned());
        for (what, token) in [
            ("a key that nobody knows", stranger.sign(typ, &claims)),
            ("the key of another service", issuer.signer(Service::Relation).sign(typ, &claims)),
            ("the key of access tokens", issuer.sign(typ, &claims)),
            ("the public key as a secret", jsonwebtoken::encode(&hs256, &claims, &public).unwrap()),
        ] {
            assert_eq!(taken(&issuer, &token), (false, false), "a {typ} by {what}");
        }
    }
}

#[test]
fn no_other_kind_of_token_is_taken() {
    let issuer = Issuer::new();
    let social = issuer.signer(Service::Social);
    let ada = AccountId(7);
    for (what, token) in [
        ("an access token", issuer.token(ada)),
        ("the token of the media cookie", issuer.media(ada)),
        ("nonsense", "nonsense".to_owned()),
        ("nothing", String::new()),
    ] {
        assert_eq!(taken(&issuer, &token), (false, false), "{what}");
    }
    for (_, life, claims) in kinds() {
        let claims = but(&claims, life, &json!({}));
        for typ in [ACCESS_TOKEN_TYPE, "JWT", ""] {
            assert_eq!(taken(&issuer, &social.sign(typ, &claims)), (false, false), "{claims} as {typ:?}");
        }
    }
    // Of the type of the other, each says too little or is good for too long.
    assert_eq!(taken(&issuer, &social.sign(grant::TYPE, &but(&of_service(), service::LIFE, &json!({})))), (false, false));
    assert_eq!(taken(&issuer, &social.sign(service::TYPE, &but(&of_grant(), grant::LIFE, &json!({})))), (false, false));
}
