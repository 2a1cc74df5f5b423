//! Pages by keyset: a cursor is the id of the last item seen, never an offset.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Uri, header};
use serde::{Deserialize, Serialize};

use crate::{Json, Problem, Query};

/// Items of a page unless the caller says otherwise.
const DEFAULT_LIMIT: i64 = 20;
/// Items of a page at the most.
const MAX_LIMIT: i64 = 80;

/// Which part of a list is asked for: `?limit=`, and `?before=` or `?after=` a cursor taken from a `Link` header. Never both.
/// No list needs it, and PostgreSQL, which plans for cursors that it does not know, takes what is between two for a few rows: it
/// may then read all that is newer than a page, whosever it is, and not the index of those that are asked for.
#[derive(Debug, Clone)]
pub struct Page {
    /// How many items, 1 to 80.
    pub limit: i64,
    start: Start,
    uri: Uri,
}

/// Where a page begins, and which way it goes from there.
#[derive(Debug, Clone, Copy)]
enum Start {
    Newest,
    Before(i64),
    After(i64),
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<i64>,
    before: Option<String>,
    after: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(asked) = Query::<Asked>::from_request_parts(parts, state).await?;
        let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::bad_request(format!("limit must be from 1 to {MAX_LIMIT}.")));
        }
        let cursor = |text: Option<String>| {
            let cursor = text.map(|text| text.parse::<i64>()).transpose();
            cursor.map_err(|_| Problem::bad_request("Take cursors from the Link header of the page before."))
        };
        let start = match (cursor(asked.before)?, cursor(asked.after)?) {
            (Some(_), Some(_)) => return Err(Problem::bad_request("A page has one cursor: ask with before or with after, not with both.")),
            (Some(before), None) => Start::Before(before),
            // Everything comes after zero, so it is no cursor.
            (None, Some(after)) if after > 0 => Start::After(after),
            (None, _) => Start::Newest,
        };
        Ok(Self { limit, start, uri: parts.uri.clone() })
    }
}

impl Page {
    /// Only items newer than this cursor, from old to new. `None`: from new to old, those [`before`](Self::before) a cursor.
    pub fn after(&self) -> Option<i64> {
        match self.start {
            Start::After(after) => Some(after),
            Start::Newest | Start::Before(_) => None,
        }
    }

    /// Only items older than this cursor; `i64::MAX` if that is no limit.
    pub fn before(&self) -> i64 {
        match self.start {
            Start::Before(before) => before,
            Start::Newest | Start::After(_) => i64::MAX,
        }
    }

    /// Makes a page of `rows`, which the store read in the order asked for (newest first, unless there is an
    /// [`after`](Self::after)) and one more than the limit, so that it is known whether a `next` page exists. `cursor` gives a
    /// row's place in the order.
    pub fn cut<T>(&self, rows: Vec<T>, cursor: impl Fn(&T) -> i64) -> Paged<T> {
        // An empty page of what is newer keeps its cursor: a client polls with it until something comes.
        let newest = |rows: &[T]| rows.first().map(&cursor).or(self.after());
        self.cut_with(rows, &cursor, newest)
    }

    /// As [`cut`](Self::cut), of a list whose `prev` goes by another order than its `next`: `poll` is the place in that
    /// other order up to which everything is known.
    pub fn cut_polled<T>(&self, rows: Vec<T>, cursor: impl Fn(&T) -> i64, poll: i64) -> Paged<T> {
        self.cut_with(rows, cursor, |_| (poll > 0).then_some(poll))
    }

    /// As [`cut`](Self::cut), of a list that was looked through as far as `looked` without filling the page: the next page goes on
    /// there, however little this one holds.
    pub fn cut_short<T>(&self, rows: Vec<T>, cursor: impl Fn(&T) -> i64, looked: Option<i64>) -> Paged<T> {
        let Some(looked) = looked else { return self.cut(rows, cursor) };
        if self.after().is_some() {
            return self.cut_polled(rows, cursor, looked);
        }
        self.going_on(self.cut(rows, cursor), looked)
    }

    /// As [`cut_polled`](Self::cut_polled), of a list that was looked through from new to old, and as far as `looked` without filling
    /// the page.
    pub fn cut_polled_short<T>(&self, rows: Vec<T>, cursor: impl Fn(&T) -> i64, poll: i64, looked: Option<i64>) -> Paged<T> {
        let page = self.cut_polled(rows, cursor, poll);
        match looked {
            Some(looked) => self.going_on(page, looked),
            None => page,
        }
    }

    /// A page that is not full, and after which there is another below `looked`.
    fn going_on<T>(&self, mut page: Paged<T>, looked: i64) -> Paged<T> {
        page.links.insert(0, self.link("before", looked, "next"));
        page
    }

    /// The same list from its beginning.
    pub fn restarted(&self) -> Self {
        Self { start: Start::Newest, ..self.clone() }
    }

    fn cut_with<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> i64, newest: impl FnOnce(&[T]) -> Option<i64>) -> Paged<T> {
        let more = rows.len() as i64 > self.limit;
        rows.truncate(usize::try_from(self.limit).expect("a limit is small"));
        if self.after().is_some() {
            rows.reverse();
        }
        let mut links = Vec::new();
        if let (Some(oldest), true) = (rows.last(), more || self.after().is_some()) {
            links.push(self.link("before", cursor(oldest), "next"));
        }
        if let Some(newest) = newest(&rows) {
            links.push(self.link("after", newest, "prev"));
        }
        Paged { items: rows, links }
    }

    fn link(&self, parameter: &str, cursor: i64, rel: &str) -> String {
        let kept = self.uri.query().unwrap_or_default().split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !name.is_empty() && !["before", "after"].contains(&name)
        });
        let query: Vec<String> = kept.map(str::to_owned).chain([format!("{parameter}={cursor}")]).collect();
        format!("<{}?{}>; rel=\"{rel}\"", self.uri.path(), query.join("&"))
    }
}

/// A page of items, newest first, with `Link` headers to its neighbors.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Paged<T> {
    /// Newest first.
    pub items: Vec<T>,
    #[serde(skip)]
    links: Vec<String>,
}

impl<T> Paged<T> {
    /// Turns each item into another, keeping the links.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(f).collect(), links: self.links }
    }

    /// Puts what was loaded in the place of ids, keeping the links.
    pub fn replace<U>(self, items: Vec<U>) -> Paged<U> {
        Paged { items, links: self.links }
    }
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let links = HeaderValue::try_from(self.links.join(", "));
        let mut response = Json(&self).into_response();
        if let (Ok(links), false) = (links, self.links.is_empty()) {
            response.headers_mut().insert(header::LINK, links);
        }
        response
    }
}
