//! How much a search looks at, whoever asks and however much there is: an anonymous visitor may ask for `a` among a million photos. How
//! many words are asked for, and how many may stand for one, says `text.rs`.

/// Photos that are looked at one by one, in the order of the list, for one page. The same number stands in `store/search/next.rs`:
/// PostgreSQL, which plans for numbers that it does not know, would take it for a tenth of all photos.
pub(crate) const LOOKED_AT: i64 = 5_000;
/// Public photos that a word or a tag may have to be found by its index, all at once.
pub(crate) const RARE: i64 = 5_000;
/// Words that begin like one that is asked for, of which the photos are counted. A word that begins more of them is not rare.
pub(crate) const BEGUN: i64 = 200;
/// Words that are compared with one that no photo has: by what they have in common, and of each length letter by letter.
pub(crate) const COMPARED: i64 = 2_000;
/// Letters of the shortest word that is compared by what it has in common with others: of shorter ones, that is nothing or all.
pub(crate) const COMMON: usize = 4;
/// Tags that are looked at to suggest some, of each order of magnitude of how often they are used.
pub(crate) const TAGS: i64 = 1_000;
