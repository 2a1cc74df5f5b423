//! A request, and its answer.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Result;

/// A request that can be sent many times.
#[derive(Clone, Debug)]
pub struct Call {
    /// By which its latency is counted.
    pub kind: &'static str,
    method: Method,
    path: String,
    headers: Vec<(HeaderName, String)>,
    body: Bytes,
}

impl Call {
    fn new(kind: &'static str, method: Method, path: impl Into<String>) -> Self {
        Self { kind, method, path: path.into(), headers: Vec::new(), body: Bytes::new() }
    }

    /// A GET.
    pub fn get(kind: &'static str, path: impl Into<String>) -> Self {
        Self::new(kind, Method::GET, path)
    }

    /// A POST of JSON.
    pub fn post(kind: &'static str, path: impl Into<String>, body: &Value) -> Self {
        Self::send(kind, path, "application/json", body.to_string().into())
    }

    /// A POST of anything.
    pub fn send(kind: &'static str, path: impl Into<String>, media_type: &str, body: Bytes) -> Self {
        Self { body, ..Self::new(kind, Method::POST, path) }.header(CONTENT_TYPE, media_type)
    }

    /// With an access token.
    pub fn by(self, token: &str) -> Self {
        self.header(AUTHORIZATION, format!("Bearer {token}"))
    }

    /// As it comes through a gateway, from somebody's own address. Limits count by it.
    pub fn sent_from(self, address: Ipv4Addr) -> Self {
        self.header(HeaderName::from_static("x-forwarded-for"), address.to_string())
    }

    /// With one more header.
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The request, to this address.
    pub fn request(&self, to: SocketAddr) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(self.method.clone()).uri(&self.path).header(HOST, to.to_string());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Ok(request.body(Full::new(self.body.clone()))?)
    }
}

/// The n-th of many addresses that are nobody's.
pub fn address(n: usize) -> Ipv4Addr {
    let n = u32::try_from(n).unwrap_or(u32::MAX) & 0x00ff_ffff;
    Ipv4Addr::from((10 << 24) | n)
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// Does it say when to come again?
    pub fn says_when(&self) -> bool {
        self.headers.contains_key(RETRY_AFTER)
    }

    /// The body, if the answer is a success; else what it says.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if !self.status.is_success() {
            return Err(format!("{}: {}", self.status, String::from_utf8_lossy(&self.body)).into());
        }
        Ok(serde_json::from_slice(&self.body)?)
    }
}
