use std::collections::BTreeSet;

use contracts::photo::PhotoVisibility;
use sqlx::{PgConnection, PgPool, query, query_as};

use crate::about::About;

/// A tag, and how many public photos have it.
pub(crate) struct TagCount {
    pub(crate) tag: String,
    pub(crate) photos: i64,
}

/// Counts what a photo says anew, where it said `before` and says `after`. Only what is public counts: a photo that is not, or
/// is not there, is `None`. Last in a transaction, as many wait for the same words.
pub(crate) async fn recount(connection: &mut PgConnection, before: Option<&About>, after: Option<&About>) -> sqlx::Result<()> {
    let (before, after) = (terms(before), terms(after));
    let changed: Vec<&(&str, String)> = before.symmetric_difference(&after).collect();
    if changed.is_empty() {
        return Ok(());
    }
    // In one order, so that no two transactions wait for each other.
    let (kinds, names) = columns(changed);
    query!(
        r#"select terms.kind from terms join unnest($1::text[], $2::text[]) as changed (kind, term)
               on terms.kind = changed.kind and terms.term = changed.term
           order by terms.kind, terms.term for update of terms"#,
        kinds.as_slice(),
        names.as_slice(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let (kinds, names) = columns(before.difference(&after));
    query!(
        "delete from terms using unnest($1::text[], $2::text[]) as gone (kind, term)
         where terms.kind = gone.kind and terms.term = gone.term and photos = 1",
        kinds.as_slice(),
        names.as_slice(),
    )
    .execute(&mut *connection)
    .await?;
    query!(
        "update terms set photos = photos - 1 from unnest($1::text[], $2::text[]) as gone (kind, term)
         where terms.kind = gone.kind and terms.term = gone.term",
        kinds.as_slice(),
        names.as_slice(),
    )
    .execute(&mut *connection)
    .await?;
    let (kinds, names) = columns(after.difference(&before));
    query!(
        "insert into terms (kind, term, photos)
         select kind, term, 1 from unnest($1::text[], $2::text[]) as added (kind, term)
         order by kind, term collate \"C\"
         on conflict on constraint terms_pkey do update set photos = terms.photos + 1",
        kinds.as_slice(),
        names.as_slice(),
    )
    .execute(connection)
    .await
    .map(drop)
}

/// What counts of a photo.
fn terms(about: Option<&About>) -> BTreeSet<(&'static str, String)> {
    let Some(about) = about.filter(|about| about.visibility == PhotoVisibility::Public) else { return BTreeSet::new() };
    let words = about.words().into_iter().map(|word| ("word", word));
    about.tags.iter().map(|tag| ("tag", tag.clone())).chain(words).collect()
}

fn columns<'a>(terms: impl IntoIterator<Item = &'a (&'static str, String)>) -> (Vec<String>, Vec<String>) {
    terms.into_iter().map(|(kind, term)| ((*kind).to_owned(), term.clone())).unzip()
}

/// The tags that begin with `prefix`, those of most photos first. What is of hidden people does not count.
pub(crate) async fn tags(pool: &PgPool, prefix: &str, most: i64) -> sqlx::Result<Vec<TagCount>> {
    query_as!(
        TagCount,
        r#"select term as "tag!", terms.photos - coalesce(hidden.photos, 0) as "photos!"
           from terms left join (
               select tag, sum(photos)::bigint as photos from hidden_tags where tag >= $1 and tag < $1 || chr(1114111) group by tag
           ) hidden on hidden.tag = term
           where kind = 'tag' and term >= $1 and term < $1 || chr(1114111) and terms.photos > coalesce(hidden.photos, 0)
           order by terms.photos - coalesce(hidden.photos, 0) desc, term limit $2"#,
        prefix,
        most,
    )
    .fetch_all(pool)
    .await
}

/// Words of public photos that resemble those of `words` with which no word begins: each with what it resembles before it.
pub(crate) async fn resembling(pool: &PgPool, words: &[String]) -> sqlx::Result<Vec<(String, String)>> {
    let found = query!(
        r#"select asked.word as "word!", near.term as "term!"
           from unnest($1::text[]) as asked (word)
           cross join lateral (
               select term from terms where kind = 'word' and term % asked.word
               order by similarity(term, asked.word) desc, photos desc, term limit 4
           ) near
           where not exists (
               select from terms where kind = 'word' and term >= asked.word and term < asked.word || chr(1114111)
           )"#,
        words,
    )
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().map(|row| (row.word, row.term)).collect())
}

/// Of those of `words` with which no word of a public photo begins: each with the words that begin with the same letter and are as long,
/// but for one letter. The most used first, a thousand at the most.
pub(crate) async fn alike(pool: &PgPool, words: &[String]) -> sqlx::Result<Vec<(String, String)>> {
    let found = query!(
        r#"select asked.word as "word!", near.term as "term!"
           from unnest($1::text[]) as asked (word)
           cross join lateral (
               select term, photos from terms
               where kind = 'word' and term >= left(asked.word, 1) and term < left(asked.word, 1) || chr(1114111)
                   and char_length(term) between char_length(asked.word) - 1 and char_length(asked.word) + 1
               order by photos desc, term limit 1000
           ) near
           where not exists (
               select from terms where kind = 'word' and term >= asked.word and term < asked.word || chr(1114111)
           )
           order by near.photos desc, near.term"#,
        words,
    )
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().map(|row| (row.word, row.term)).collect())
}
