//! Looking for posts, people and tags.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use identity::MaybeViewer;
use serde::{Deserialize, Serialize};
use serving::{Json, Page, Paged, Problem, ProblemDocument, Query, Result};
use utoipa::{IntoParams, ToSchema};

use super::bodies::{Author, Listed, Post};
use super::timelines::loaded;
use crate::Social;
use crate::entities;
use crate::store::search;
use crate::text::Language;

/// Characters of a search.
const LONGEST: usize = 200;
/// Words of a search; the rest is ignored.
const MOST_WORDS: usize = 16;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Sought {
    /// Words, or how they begin; a handle or a name; a tag. At most 200 characters.
    q: String,
    /// What to find; posts unless said.
    #[serde(default, rename = "type")]
    #[param(inline)]
    kind: Kind,
    /// The language of the words of posts, a primary subtag of BCP 47: then other forms of a word are found too.
    #[param(value_type = Option<String>)]
    language: Option<Language>,
}

/// What can be found.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    Posts,
    People,
    Tags,
}

/// A tag that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundTag {
    tag: String,
}

/// What was found: by what was asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only describes the answers")]
pub(crate) enum Found {
    /// The newest first, in pages.
    Posts(Paged<Post>),
    /// The likeliest first.
    People(Listed<Author>),
    /// The likeliest first.
    Tags(Listed<FoundTag>),
}

/// Find posts that hold all the words, the newest first; or people and tags that begin with what is asked or are like it.
/// You find what you may see. Unlisted posts, and posts of those who do not want to be found, are found by who follows them.
#[utoipa::path(get, path = "/v1/search", operation_id = "search", tag = "search", params(Sought), responses(
    (status = 200, body = Found),
    (status = 400, body = ProblemDocument),
))]
pub(crate) async fn find(
    State(Social(social)): State<Social>,
    MaybeViewer(viewer): MaybeViewer,
    Query(Sought { q, kind, language }): Query<Sought>,
    page: Page,
) -> Result<Response> {
    let viewer = viewer.map(|viewer| viewer.account);
    let words = words(&q)?;
    match kind {
        Kind::Posts => {
            let sought = search::Sought { viewer, words: &words, language: language.as_ref().map(Language::as_str) };
            let found = search::posts(&social.pool, &sought, &page).await?;
            Ok(loaded(&social, viewer, found.page(&page)).await?.into_response())
        }
        Kind::People => {
            let typed = words.join(" ");
            let found = search::people(&social.pool, viewer, typed.trim_start_matches('@'), page.limit).await?;
            let author = |person: search::Person| Author::new(person.id, person.handle, person.display_name, person.picture_key.as_deref());
            Ok(Json(Listed { items: found.into_iter().map(author).collect() }).into_response())
        }
        Kind::Tags => {
            let found = match entities::normalized(words[0].trim_start_matches('#')) {
                Some(tag) => search::tags(&social.pool, viewer, &tag, page.limit).await?,
                // No tag is like what can be none.
                None => Vec::new(),
            };
            Ok(Json(Listed { items: found.into_iter().map(|tag| FoundTag { tag }).collect() }).into_response())
        }
    }
}

/// What was typed, without what a database cannot take or would take for more than text. There is at least one word.
fn words(typed: &str) -> Result<Vec<String>> {
    if typed.chars().count() > LONGEST {
        return Err(Problem::bad_request(format!("q has at most {LONGEST} characters.")));
    }
    if !typed.chars().any(char::is_alphanumeric) {
        return Err(Problem::bad_request("q needs a letter or a digit."));
    }
    let words =
        typed.split(|c: char| c.is_whitespace() || c.is_control() || c == '\\').filter(|word| word.chars().any(char::is_alphanumeric));
    Ok(words.take(MOST_WORDS).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_has_a_word() {
        assert_eq!(words(" two\0words \\ !! ").unwrap(), ["two", "words"]);
        for wrong in ["", "  ", "!!", "\\", &"a".repeat(201)] {
            assert!(words(wrong).is_err(), "{wrong:?}");
        }
    }
}
