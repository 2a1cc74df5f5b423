//! A browser, for the pages on which people sign in and out.

use std::collections::BTreeMap;

use reqwest::Response;
use reqwest::header::{COOKIE, SET_COOKIE};

use crate::stage::Stage;

/// What it keeps.
#[derive(Clone, Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Opens a page and sends its form.
    pub async fn send(&mut self, stage: &Stage, path: &str, fields: &[(&str, &str)]) -> Response {
        let page = stage.request("GET", path, None).header(COOKIE, self.jar()).send().await.unwrap();
        self.keep(&page);
        let page = page.text().await.unwrap();
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let form = [fields, &[("csrf", csrf)]].concat();
        let answer = stage.request("POST", path, None).header(COOKIE, self.jar()).form(&form).send().await.unwrap();
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Response) {
        let set = answer.headers().get_all(SET_COOKIE).iter();
        let set = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.split_once('='));
        self.cookies.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    fn jar(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}
