//! What the words of a search mean, and which of them few photos have.

use std::collections::HashMap;
use std::slice;

use sqlx::PgPool;

use crate::bounds::{BEGUN, COMMON, RARE};
use crate::store::terms;
use crate::text;

/// What to look for.
pub(crate) struct Meant {
    /// A `tsquery`.
    pub(crate) query: String,
    /// A part of it that so few public photos have that its index finds them all at once. The index would read a part that many have
    /// whole, too.
    pub(crate) rarest: Option<String>,
}

/// What these words mean. Of a word with which none of a public photo begins, those that resemble it stand for it.
pub(crate) async fn meant(pool: &PgPool, words: &[String]) -> sqlx::Result<Meant> {
    let begun = terms::begun(pool, words).await?;
    let unknown: Vec<String> = begun.iter().filter(|begun| begun.words == 0).map(|begun| begun.word.clone()).collect();
    let resembling = stand_ins(pool, &unknown).await?;
    let counts = match resembling.is_empty() {
        true => HashMap::new(),
        false => terms::counts(pool, "word", &resembling.iter().map(|(_, term)| term.clone()).collect::<Vec<_>>()).await?,
    };
    let of_stand_ins = |word: &str| {
        let of_word = resembling.iter().filter(|(asked, _)| asked == word);
        of_word.filter_map(|(_, term)| counts.get(term)).sum::<i64>()
    };
    let rare = begun.iter().filter_map(|begun| {
        let photos: i64 = match begun.words {
            0 => of_stand_ins(&begun.word),
            1..BEGUN => begun.photos,
            _ => return None,
        };
        (photos <= RARE).then_some((photos, &begun.word))
    });
    let rarest = rare.min().map(|(_, word)| text::query(slice::from_ref(word), &resembling));
    Ok(Meant { query: text::query(words, &resembling), rarest })
}

/// What may have been meant by words that there are not: each with a word that there is.
async fn stand_ins(pool: &PgPool, unknown: &[String]) -> sqlx::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let long: Vec<String> = unknown.iter().filter(|word| word.chars().count() >= COMMON).cloned().collect();
    if !long.is_empty() {
        found.extend(terms::resembling(pool, &long).await?);
    }
    let short = text::short(unknown);
    if !short.is_empty() {
        found.extend(text::mistyped(terms::alike(pool, &short).await?));
    }
    Ok(found)
}
