//! Where signing in leads: to the app that somebody came from, or to a page of ours. What the app asked for stays in the query
//! of every page on the way, so that each of them leads back.

use axum::http::Uri;

use crate::State;

/// Where an app is signed in for.
const AUTHORIZE: &str = "/oauth/authorize";
/// Where a forgotten password is replaced.
const FORGOTTEN: &str = "/oauth/forgotten";
/// Where one's passkeys are.
const PASSKEYS: &str = "/oauth/passkeys";

/// What somebody signs in for.
pub(super) struct Goal {
    /// The app that they go on to; nothing where it is a page of ours.
    pub(super) app: Option<String>,
    /// The host that they go on to.
    pub(super) host: String,
    /// This very page.
    pub(super) here: String,
    /// This page once somebody has signed in.
    pub(super) again: String,
    /// Where its forms may lead, as a policy says it.
    pub(super) form_action: String,
    /// What the app asked for; empty where somebody came from none.
    pub(super) query: String,
}

impl Goal {
    /// The page of one's passkeys.
    pub(super) fn passkeys(auth: &State, uri: &Uri) -> Self {
        let query = asked(uri);
        let here = passkeys(query);
        Self {
            app: None,
            host: auth.host().to_owned(),
            again: here.clone(),
            here,
            form_action: "'self'".to_owned(),
            query: query.to_owned(),
        }
    }
}

/// What the app asked for that somebody came from.
pub(super) fn asked(uri: &Uri) -> &str {
    uri.query().unwrap_or_default()
}

/// The page that asks a person for an app.
pub(super) fn authorize(query: &str) -> String {
    page(AUTHORIZE, query)
}

/// The page to ask for a new password on.
pub(super) fn forgotten(query: &str) -> String {
    page(FORGOTTEN, query)
}

/// The page of one's passkeys.
pub(super) fn passkeys(query: &str) -> String {
    page(PASSKEYS, query)
}

/// The way back to where somebody signs in for an app, if they came from one.
pub(super) fn back(query: &str) -> Option<String> {
    (!query.is_empty()).then(|| authorize(query))
}

fn page(path: &str, query: &str) -> String {
    match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_leads_back_with_what_the_app_asked_for() {
        let uri: Uri = "/oauth/forgotten?client_id=app_1&state=a%20b".parse().unwrap();
        assert_eq!(passkeys(asked(&uri)), "/oauth/passkeys?client_id=app_1&state=a%20b");
        assert_eq!(back(asked(&uri)).as_deref(), Some("/oauth/authorize?client_id=app_1&state=a%20b"));
        assert_eq!((forgotten(""), back(asked(&Uri::from_static("/oauth/forgotten")))), ("/oauth/forgotten".to_owned(), None));
    }
}
