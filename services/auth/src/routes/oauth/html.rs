//! HTML as an answer: the rules that a browser follows on a page of ours, and the page that says why there is no other.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serving::{Problem, Result};

/// The style of every page.
pub(super) const STYLE: &str = include_str!("../../../templates/style.css");

/// What a policy has to name for the style to apply.
static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| source(STYLE));
/// What it has to name for a script to run, and where the script may ask.
static SHOW_PASSKEY: LazyLock<String> =
    LazyLock::new(|| format!("script-src {}; connect-src 'self'; ", source(Script::ShowPasskey.text())));
static MAKE_PASSKEY: LazyLock<String> = LazyLock::new(|| format!("script-src {}; ", source(Script::MakePasskey.text())));

/// A script of ours. There are no others, and a page has one at the most.
#[derive(Clone, Copy)]
pub(super) enum Script {
    /// Asks for a passkey.
    ShowPasskey,
    /// Makes a passkey.
    MakePasskey,
}

impl Script {
    /// As it stands in the page.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::ShowPasskey => include_str!("../../../templates/passkey.js"),
            Self::MakePasskey => include_str!("../../../templates/new_passkey.js"),
        }
    }

    fn rules(self) -> &'static str {
        match self {
            Self::ShowPasskey => SHOW_PASSKEY.as_str(),
            Self::MakePasskey => MAKE_PASSKEY.as_str(),
        }
    }
}

/// This very text, and nothing else, as a policy names it.
fn source(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

/// What a page may do.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Where its forms may lead.
    pub(super) form_action: &'a str,
    /// Whom a browser tells where somebody was.
    pub(super) referrer: &'static str,
    /// What may run on it.
    pub(super) script: Option<Script>,
}

impl<'a> Rules<'a> {
    /// Those of a page whose address is no secret. Without any referrer a browser would say `Origin: null` even to ourselves.
    pub(super) fn usual(form_action: &'a str) -> Self {
        Self { form_action, referrer: "same-origin", script: None }
    }

    /// Those of a page whose address is for one person only.
    pub(super) fn secret(form_action: &'a str) -> Self {
        Self { form_action, referrer: "no-referrer", script: None }
    }

    pub(super) fn with_script(self, script: Option<Script>) -> Self {
        Self { script, ..self }
    }
}

/// Puts a page in the place of a response's body.
pub(super) fn page(base: Response, page: &impl Template, rules: Rules<'_>) -> Result<Response> {
    let body = page.render().map_err(Problem::internal)?;
    let (mut parts, _) = base.into_parts();
    let script = rules.script.map_or("", Script::rules);
    let (style, form_action) = (STYLE_SOURCE.as_str(), rules.form_action);
    let policy =
        format!("default-src 'none'; style-src {style}; {script}form-action {form_action}; base-uri 'none'; frame-ancestors 'none'");
    parts.headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).map_err(Problem::internal)?);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(rules.referrer));
    Ok(Response::from_parts(parts, body.into()))
}

/// Sends the browser there, with GET.
pub(super) fn to(address: &str) -> Response {
    match HeaderValue::try_from(address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

#[derive(Template)]
#[template(path = "stopped.html")]
struct StoppedPage<'a> {
    style: &'static str,
    text: &'a str,
}

/// Why there is no page to answer on.
pub(crate) enum Stop {
    /// A page that says why. Nothing goes to an app that is not known.
    Page(StatusCode, &'static str),
    /// Back to the app, which is told.
    Back(String),
    /// A failure of ours.
    Failed(Problem),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Page(status, text) => stopped(status.into_response(), text),
            Self::Back(address) => to(&address),
            Self::Failed(problem) => {
                let text = problem.detail().to_owned();
                stopped(problem.into_response(), &text)
            }
        }
    }
}

fn stopped(base: Response, text: &str) -> Response {
    page(base, &StoppedPage { style: STYLE, text }, Rules::secret("'none'")).unwrap_or_else(IntoResponse::into_response)
}
