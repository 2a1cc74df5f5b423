//! What letters say. Plain ASCII, so that no encoding breaks a link.

use mail::{Letter, Paragraph};

use crate::post::Notice;
use crate::second_factor::Change;

fn text(text: impl Into<String>) -> Paragraph {
    Paragraph::Text(text.into())
}

/// A link to a page of ours that is good once, and its end alone for apps that ask for a code.
fn link(issuer: &str, page: &str, token: &str) -> [Paragraph; 3] {
    [Paragraph::Link(format!("{issuer}/oauth/links/{page}?code={token}")), text("If your app asks for a code instead, it is:"), text(token)]
}

pub(crate) fn password_reset(issuer: &str, handle: &str, token: &str) -> Letter {
    let mut paragraphs =
        vec![text(format!("Somebody asked for a new password for @{handle} at {issuer}. To choose one, open within an hour:"))];
    paragraphs.extend(link(issuer, "reset", token));
    paragraphs.push(text("If that was not you, do nothing: without this letter, nobody can change anything."));
    Letter { subject: "Choose a new password".to_owned(), paragraphs }
}

pub(crate) fn email_verification(issuer: &str, handle: &str, token: &str) -> Letter {
    let mut paragraphs = vec![text(format!("@{handle} at {issuer} gave this address as theirs. If that is you, open within a day:"))];
    paragraphs.extend(link(issuer, "verify", token));
    paragraphs.push(text("If it is not, do nothing, and you will hear no more of it."));
    Letter { subject: "Is this your address?".to_owned(), paragraphs }
}

pub(crate) fn notice(issuer: &str, handle: &str, notice: Notice) -> Letter {
    let not_you = "If that was not you, ask for a new password now, and look at the list of your sessions.";
    let look = "If you do not know how that came about, look at the lists of your sessions and of your apps, and choose a new password.";
    let (subject, said, then) = match notice {
        Notice::PasswordChanged => ("Your password was changed", "The password was changed, and every other session was ended.", not_you),
        Notice::EmailChanged => (
            "Your address was changed",
            "Letters go to another address from now on.",
            "If that was not you, write to whoever runs the platform: letters of reset no longer reach you.",
        ),
        Notice::HandleChanged => ("Your handle was changed", "The account has this handle from now on.", not_you),
        Notice::Leaving => (
            "Your account will be erased",
            "You asked for it. Nobody sees anything of it any more, and soon there will be nothing left of it.",
            "If that was not you, or if you think better of it, sign in at once and say that you stay; then choose a new password.",
        ),
        Notice::ExportMade => ("A copy of your data can be downloaded", "Somebody who is signed in as you asked for it.", not_you),
        Notice::TokenReused => (
            "A session of yours was ended",
            "A token of it was used twice: by somebody who has stolen it, or by an app that has lost its way.",
            look,
        ),
        Notice::CodeReused => (
            "An app was signed out",
            "The code with which you let it in was used twice: by somebody who has stolen it, or by the app itself.",
            look,
        ),
        Notice::Approved => ("You can sign in now", "Your account was approved.", "Welcome."),
        Notice::SecondFactor(change) => second_factor(change),
    };
    Letter { subject: subject.to_owned(), paragraphs: vec![text(format!("This is about @{handle} at {issuer}.")), text(said), text(then)] }
}

/// Subject, what is said, and what to do.
fn second_factor(change: Change) -> (&'static str, &'static str, &'static str) {
    let not_you = "If that was not you, change your password now, and look at your second factor and at the list of your sessions.";
    match change {
        Change::TotpAdded => ("An authenticator app was added", "Signing in takes a code of your authenticator app from now on.", not_you),
        Change::TotpRemoved => {
            ("Your authenticator app was removed", "Codes of your authenticator app are not asked for any more.", not_you)
        }
        Change::PasskeyAdded => ("A passkey was added", "You can sign in with another passkey from now on.", not_you),
        Change::PasskeyRemoved => ("A passkey was removed", "One of your passkeys is not taken any more.", not_you),
        Change::RecoveryCodesMade => ("You have new recovery codes", "New recovery codes took the place of the old ones.", not_you),
        Change::RecoveryCodeUsed => ("A recovery code was used", "Somebody used one of your recovery codes.", not_you),
    }
}
