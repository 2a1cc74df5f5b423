//! The pages behind the links in letters. Opening one changes nothing, as programs that look into mail open links, too:
//! only its form does. The code in the address is a secret: it stands in the query, which no span and no log has, and no
//! other page is told it.

mod pages;
pub(crate) mod reset;
pub(crate) mod verify;

use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serving::Problem;
use utoipa::IntoParams;

use super::browser::{self, Visit};
use super::html::Stop;
use crate::store::accounts::{self, Account};
use crate::store::links::{self, Purpose};
use crate::{State as Inner, told_once};

/// What a link ends with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Ending {
    /// The one in the letter.
    #[serde(default)]
    code: String,
}

/// Whose link it is, if it is good; it stays so.
async fn owner(auth: &Inner, code: &str, purpose: Purpose) -> Result<Account, Stop> {
    let whose = links::find(&auth.pool, &told_once::hash(code), purpose).await?.ok_or_else(|| over(purpose))?;
    accounts::find(&auth.pool, whose).await?.ok_or_else(|| over(purpose))
}

/// What whoever opens a link has to know that is not good, or not any more.
fn over(purpose: Purpose) -> Stop {
    let text = match purpose {
        Purpose::EmailVerification => {
            "This link is not good, or not any more: it works once, for a day, and ends when the password is changed or a newer one \
             takes its place. If your address is not proved yet, give it once more in your app, and open the link in the newest letter."
        }
        Purpose::PasswordReset => {
            "This link is not good, or not any more: it works once, for an hour, and ends when the password is changed. \
             Ask for a new password once more where you sign in, and open the link in the newest letter."
        }
    };
    Stop::Page(StatusCode::NOT_FOUND, text)
}

/// What went wrong with a link, on a page.
fn stopped(problem: Problem, purpose: Purpose) -> Stop {
    match problem.status() {
        StatusCode::NOT_FOUND => over(purpose),
        _ => problem.into(),
    }
}

/// Was the form on a page of ours, in this browser?
fn check(auth: &Inner, headers: &HeaderMap, visit: &Visit, csrf: &str) -> Result<(), Stop> {
    match browser::comes_from_a_secret_page(auth, headers) && visit.has_token(auth, csrf) {
        true => Ok(()),
        false => Err(stale()),
    }
}

/// For a form that cannot be read, or was not ours.
fn stale() -> Stop {
    let text = "This page has grown old, or was not ours, or your browser keeps no cookies. Open the link in the letter once more.";
    Stop::Page(StatusCode::FORBIDDEN, text)
}
