//! An authenticator in software, and the browser before it: one passkey, of P-256.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// What an authenticator says of a person: there, and verified by a PIN or a finger.
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
/// A new key comes along.
const ATTESTED: u8 = 0x40;

pub struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    user: Value,
    /// How often it was used.
    pub counter: u32,
    /// Where the browser is.
    pub origin: String,
    /// For whom the browser asks.
    pub rp: String,
    /// Has the person given a PIN or a finger?
    pub verified: bool,
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

impl Authenticator {
    /// One without a passkey, in a browser that is at this origin.
    pub fn at(origin: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let mut id = vec![0; 32];
        fill(&mut id).unwrap();
        let (_, rp) = origin.split_once("://").unwrap();
        Self { key, id, user: Value::Null, counter: 0, origin: origin.to_owned(), rp: rp.to_owned(), verified: true }
    }

    /// What the browser says that it was asked where.
    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }

    /// What the authenticator says of itself and of the person.
    fn data(&mut self, more: u8) -> Vec<u8> {
        self.counter += 1;
        let verified = if self.verified { VERIFIED } else { 0 };
        [hash(self.rp.as_bytes()), vec![PRESENT | verified | more], self.counter.to_be_bytes().to_vec()].concat()
    }

    /// The public key as CBOR (RFC 9053): a P-256 point for ECDSA with SHA-256.
    fn cose(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref().to_vec();
        let (x, y) = (&point[1..33], &point[33..65]);
        [&[0xa5_u8, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat()
    }

    /// Answers `navigator.credentials.create()`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.user = options["user"]["id"].clone();
        let client_data = self.client_data("webauthn.create", options);
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let data = [self.data(ATTESTED), vec![0; 16], length.to_vec(), self.id.clone(), self.cose()].concat();
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let head = [&[0xa3_u8, 0x63][..], b"fmt", &[0x64], b"none", &[0x67], b"attStmt", &[0xa0, 0x68], b"authData"].concat();
        let attestation = [head, vec![0x58, u8::try_from(data.len()).unwrap()], data].concat();
        json!({
            "id": encode(&self.id),
            "rawId": encode(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": encode(&client_data),
                "attestationObject": encode(&attestation),
                "transports": ["internal"],
            },
            "clientExtensionResults": {},
        })
    }

    /// Answers `navigator.credentials.get()`.
    pub fn get(&mut self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(0);
        let signed = [data.clone(), hash(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": encode(&self.id),
            "rawId": encode(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": encode(&client_data),
                "authenticatorData": encode(&data),
                "signature": encode(signature.as_ref()),
                "userHandle": self.user,
            },
            "clientExtensionResults": {},
        })
    }
}
