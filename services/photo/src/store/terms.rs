use std::collections::{BTreeSet, HashMap};

use contracts::photo::PhotoVisibility;
use sqlx::{PgConnection, PgPool, query, query_as};

use crate::about::About;
use crate::bounds;

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

/// The tags that begin with `prefix`, those of most photos first. What is of hidden people does not count. Of each order of magnitude a
/// thousand are looked at: there are more where hardly any of them is suggested.
pub(crate) async fn tags(pool: &PgPool, prefix: &str, most: i64) -> sqlx::Result<Vec<TagCount>> {
    query_as!(
        TagCount,
        r#"select looked.term as "tag!", looked.photos as "photos!"
           from generate_series(1, 19) as often (digits)
           cross join lateral (
               select term, photos - coalesce((select sum(hidden_tags.photos) from hidden_tags where tag = term), 0)::bigint as photos
               from terms
               where kind = 'tag' and terms.digits = often.digits and term >= $1 and term < $1 || chr(1114111)
               order by term limit $3
           ) looked
           where looked.photos > 0
           order by looked.photos desc, looked.term limit $2"#,
        prefix,
        most,
        bounds::TAGS,
    )
    .fetch_all(pool)
    .await
}

/// How many public photos have each of these terms, but for those that none has.
pub(crate) async fn counts(pool: &PgPool, kind: &str, terms: &[String]) -> sqlx::Result<HashMap<String, i64>> {
    let found = query!("select term, photos from terms where kind = $1 and term = any($2)", kind, terms).fetch_all(pool).await?;
    Ok(found.into_iter().map(|row| (row.term, row.photos)).collect())
}

/// A word that is asked for, and what begins with it.
pub(crate) struct Begun {
    pub(crate) word: String,
    /// Words of public photos, as far as they are counted.
    pub(crate) words: i64,
    /// How many public photos have those, at the most.
    pub(crate) photos: i64,
}

/// What begins with each of `words`.
pub(crate) async fn begun(pool: &PgPool, words: &[String]) -> sqlx::Result<Vec<Begun>> {
    query_as!(
        Begun,
        r#"select asked.word as "word!", counted.words as "words!", counted.photos as "photos!"
           from unnest($1::text[]) as asked (word)
           cross join lateral (
               select count(*) as words, coalesce(sum(few.photos), 0)::bigint as photos from (
                   select photos from terms
                   where kind = 'word' and term >= asked.word and term < asked.word || chr(1114111) limit $2
               ) few
           ) counted"#,
        words,
        bounds::BEGUN,
    )
    .fetch_all(pool)
    .await
}

/// Words of public photos that resemble those of `words`: each with what it resembles before it.
pub(crate) async fn resembling(pool: &PgPool, words: &[String]) -> sqlx::Result<Vec<(String, String)>> {
    let found = query!(
        r#"select asked.word as "word!", near.term as "term!"
           from unnest($1::text[]) as asked (word)
           cross join lateral (
               select few.term from (
                   select term, photos from terms where kind = 'word' and term % asked.word limit $2
               ) few
               order by similarity(few.term, asked.word) desc, few.photos desc, few.term limit 4
           ) near"#,
        words,
        bounds::COMPARED,
    )
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().map(|row| (row.word, row.term)).collect())
}

/// Words of public photos that begin with the same letter as those of `words` and are as long, but for one letter: each with what it is
/// like before it. The most used first, a thousand at the most.
pub(crate) async fn alike(pool: &PgPool, words: &[String]) -> sqlx::Result<Vec<(String, String)>> {
    let found = query!(
        r#"select asked.word as "word!", near.term as "term!"
           from unnest($1::text[]) as asked (word)
           cross join lateral (
               select few.term, few.photos
               from generate_series(char_length(asked.word) - 1, char_length(asked.word) + 1) as length (letters)
               cross join lateral (
                   select term, photos from terms
                   where kind = 'word' and left(term, 1) = left(asked.word, 1) and char_length(term) = length.letters limit $2
               ) few
               order by few.photos desc, few.term limit 1000
           ) near
           order by near.photos desc, near.term"#,
        words,
        bounds::COMPARED,
    )
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().map(|row| (row.word, row.term)).collect())
}
