//! Which attributes each kind of span has: what the semantic conventions 1.44 ask for, as far as it is known here, and
//! nothing that nobody decided on. Whoever adds one says so here.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use crate::sink::{Sink, Span};
use crate::tour::OUTSIDE;

/// One kind of span, and how it is known.
struct Kind {
    is: fn(&Span) -> bool,
    kind: SpanKind,
    required: &'static [&'static str],
    allowed: &'static [&'static str],
}

/// All others are text.
const NUMBERS: [&str; 8] = [
    "attempts",
    "entries",
    "followers",
    "http.response.status_code",
    "messaging.batch.message_count",
    "pixels",
    "server.port",
    "wait_seconds",
];

const OF_REQUEST: &[&str] = &["http.request.method", "network.protocol.version", "url.path", "url.scheme"];
const OF_REQUEST_ANSWERED: &[&str] =
    &["http.request.method", "http.response.status_code", "network.protocol.version", "url.path", "url.scheme"];
/// A call inside one process has no address.
const OF_SOME_REQUESTS: &[&str] =
    &["db.response.status_code", "error.type", "http.request.method_original", "http.route", "server.address", "server.port"];

/// The first that fits counts.
static KINDS: [Kind; 13] = [
    Kind {
        is: |span| span.kind == SpanKind::Server as i32 && span.attributes.get("error.type").is_some_and(|kind| kind == "cancelled"),
        kind: SpanKind::Server,
        required: OF_REQUEST,
        allowed: OF_SOME_REQUESTS,
    },
    Kind {
        is: |span| span.kind == SpanKind::Server as i32,
        kind: SpanKind::Server,
        required: OF_REQUEST_ANSWERED,
        allowed: OF_SOME_REQUESTS,
    },
    Kind {
        is: Span::is_call,
        kind: SpanKind::Client,
        required: &["http.request.method", "server.address", "service.peer.name", "url.template"],
        allowed: &["error.type", "http.response.status_code", "server.port", "url.full"],
    },
    Kind {
        is: Span::is_sql,
        kind: SpanKind::Client,
        // What would have to be read out of the text, its operation and its table, is only in the summary.
        required: &["db.namespace", "db.query.summary", "db.query.text", "db.system.name", "server.address", "server.port"],
        allowed: &["db.response.status_code", "error.type"],
    },
    Kind {
        is: Span::is_s3,
        kind: SpanKind::Client,
        required: &["aws.s3.bucket", "aws.s3.key", "rpc.method", "rpc.service", "rpc.system", "server.address", "server.port"],
        allowed: &["aws.request_id", "error.type"],
    },
    Kind {
        is: |span| span.name == "send letter",
        kind: SpanKind::Client,
        required: &["network.protocol.name", "server.address"],
        allowed: &["error.type"],
    },
    Kind {
        is: |span| span.name.starts_with("apply "),
        kind: SpanKind::Consumer,
        required: &[
            "kinds",
            "messaging.consumer.group.name",
            "messaging.destination.name",
            "messaging.operation.name",
            "messaging.operation.type",
            "messaging.system",
        ],
        allowed: &["db.response.status_code", "error.type", "messaging.batch.message_count"],
    },
    Kind {
        is: |span| span.name.starts_with("run "),
        kind: SpanKind::Consumer,
        required: &["attempts"],
        allowed: &["db.response.status_code", "error.type"],
    },
    Kind {
        is: |span| span.name == "deliver post",
        kind: SpanKind::Consumer,
        required: &[],
        allowed: &["db.response.status_code", "entries", "error.type", "followers"],
    },
    Kind { is: is_of_loop, kind: SpanKind::Consumer, required: &[], allowed: &["db.response.status_code", "error.type"] },
    Kind {
        is: |span| span.name == "erase account",
        kind: SpanKind::Internal,
        required: &[],
        allowed: &["db.response.status_code", "error.type"],
    },
    Kind { is: |span| span.name == "process picture", kind: SpanKind::Internal, required: &["pixels", "wait_seconds"], allowed: &[] },
    Kind {
        is: |span| ["argon2id", "decode"].contains(&span.name.as_str()) || span.name.starts_with("encode "),
        kind: SpanKind::Internal,
        required: &[],
        allowed: &["error.type"],
    },
];

/// Is it a step of a loop that works on what a request or a fact has left to do?
fn is_of_loop(span: &Span) -> bool {
    let loops = [
        "bring counts up to who is hidden",
        "count the uses of who is hidden or returns",
        "delete what hangs on a post",
        "forget an account",
        "note near whom a hidden account is",
    ];
    loops.contains(&span.name.as_str())
}

/// What every program says of itself.
const OF_RESOURCE: [&str; 7] = [
    "service.instance.id",
    "service.name",
    "service.namespace",
    "service.version",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
];

/// What is wrong with a span.
fn misfit(span: &Span) -> Option<String> {
    let Some(Kind { kind, required, allowed, .. }) = KINDS.iter().find(|kind| (kind.is)(span)) else {
        return Some(format!("{} is of no kind: {:?}", span.name, span.attributes));
    };
    let has: BTreeSet<&str> = span.attributes.keys().map(String::as_str).collect();
    let missing: Vec<_> = required.iter().filter(|name| !has.contains(**name)).collect();
    let is_known = |name: &str| [*required, *allowed].iter().any(|names| names.contains(&name));
    let more: Vec<_> = has.iter().filter(|name| !is_known(name)).collect();
    let mistyped: Vec<_> = has.iter().filter(|name| NUMBERS.contains(name) != span.numbers.contains(**name)).collect();
    let is_right = missing.is_empty() && more.is_empty() && mistyped.is_empty() && !span.has_doubles && span.kind == *kind as i32;
    let found = (span.kind, span.has_doubles);
    (!is_right).then(|| format!("{} lacks {missing:?}, has {more:?}, mistypes {mistyped:?}; kind and doubles are {found:?}", span.name))
}

/// Does a statement that failed say so in every way, and no other?
fn is_of_one_mind(span: &Span) -> bool {
    let (kind, state) = (span.attributes.get("error.type"), span.attributes.get("db.response.status_code"));
    !span.is_sql() || (span.failed == kind.is_some() && (state.is_none() || state == kind))
}

/// Does the key of an object say which it is, and not only where it lies? Its random part has digits.
fn tells_a_key(span: &Span) -> bool {
    span.attributes.get("aws.s3.key").is_some_and(|key| key.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Nothing that was sent is out of form, or below a span that nobody sent.
pub fn all_fit(sink: &Sink) {
    let spans = sink.spans();
    let misfits: BTreeSet<String> = spans.iter().filter_map(misfit).collect();
    assert!(misfits.is_empty(), "{misfits:#?}");
    let of_two_minds: Vec<&Span> = spans.iter().filter(|span| !is_of_one_mind(span)).collect();
    assert!(of_two_minds.is_empty(), "{of_two_minds:#?}");
    let telling: Vec<&Span> = spans.iter().filter(|span| tells_a_key(span)).collect();
    assert!(telling.is_empty(), "{telling:#?}");
    let sent: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).chain(["", OUTSIDE]).collect();
    let orphans: Vec<&Span> = spans.iter().filter(|span| !sent.contains(span.parent.as_str())).collect();
    assert!(orphans.is_empty(), "{orphans:#?}");
    for resource in sink.resources() {
        let missing: Vec<_> = OF_RESOURCE.iter().filter(|name| resource.get(**name).is_none_or(String::is_empty)).collect();
        assert!(missing.is_empty(), "{resource:?} lacks {missing:?}");
    }
}
