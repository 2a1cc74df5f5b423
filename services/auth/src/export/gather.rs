//! What is gathered, in which order.

use bytes::Bytes;
use contracts::AccountId;
use contracts::client::{CallError, ExportClient};
use contracts::export::ExportFile;
use serde_json::Value;

use super::tape::Tape;
use super::{Download, ExportError};
use crate::State;
use crate::store::{exports, own};

const README: &str = "This is a copy of everything that the platform keeps of you.

auth/      your account, sessions, apps, passkeys, invites, and what happened to your account within 180 days
social/    your profile, posts, reactions, bookmarks, tags, lists and reports
photo/     your photos as they are kept, what is said about them, and your albums
relation/  whom you follow, block, mute and like, who follows you, your friends and matches, requests, and your notes

Times are in UTC. Passwords and secrets are not in it: nobody can read them.
";

/// Writes everything of one account.
pub(super) async fn all(auth: &State, download: &Download, tape: &mut Tape) -> Result<(), ExportError> {
    tape.file("README.txt", Bytes::from_static(README.as_bytes())).await?;
    own_files(auth, download.account, tape).await?;
    for service in &auth.exporter.services {
        files_of(auth, download, service, tape).await?;
    }
    tape.end().await
}

/// What auth keeps.
async fn own_files(auth: &State, account: AccountId, tape: &mut Tape) -> Result<(), ExportError> {
    let Some(Value::Object(files)) = own::all(&auth.pool, account).await? else { return Err(ExportError::Ended) };
    for (name, contents) in &files {
        tape.file(&format!("auth/{name}.json"), pretty(contents)).await?;
    }
    let (mut after, mut number) = (0, 0);
    loop {
        let events = own::events(&auth.pool, account, after).await?;
        let Some(last) = events.last() else { return Ok(()) };
        (after, number) = (last.id, number + 1);
        let events = Value::Array(events.into_iter().map(|event| event.event).collect());
        tape.file(&format!("auth/security-events/{number:04}.json"), pretty(&events)).await?;
    }
}

/// What another service keeps, page by page.
async fn files_of(auth: &State, download: &Download, service: &ExportClient, tape: &mut Tape) -> Result<(), ExportError> {
    let folder = service.service().name();
    let mut after = None;
    loop {
        go_on(auth, download).await?;
        let page = service.page(download.account, after.clone()).await?;
        for file in page.files {
            let (name, contents) = match file {
                ExportFile::Json { name, contents } => (name, pretty(&contents)),
                ExportFile::Text { name, contents } => (name, contents.into()),
                ExportFile::Bytes { name, path, .. } => {
                    go_on(auth, download).await?;
                    match service.bytes(&path).await {
                        Ok(contents) => (name, contents),
                        // Deleted since the page was made.
                        Err(CallError::Refused { status, .. }) if status.as_u16() == 404 => continue,
                        Err(error) => return Err(error.into()),
                    }
                }
            };
            tape.file(&format!("{folder}/{name}"), contents).await?;
        }
        match page.after {
            None => return Ok(()),
            same if same == after => return Err(ExportError::Endless(folder)),
            next => after = next,
        }
    }
}

/// Keeps the claim, as long as the session goes on.
async fn go_on(auth: &State, download: &Download) -> Result<(), ExportError> {
    if auth.identity.goes_on(download.session) == Some(false) {
        return Err(ExportError::Ended);
    }
    Ok(exports::go_on(&auth.pool, download.export).await?)
}

fn pretty(value: &Value) -> Bytes {
    serde_json::to_vec_pretty(value).expect("JSON serializes").into()
}
