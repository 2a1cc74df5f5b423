//! How far a list looks for one page. What is not for a reader is found out row by row, and there may be any number of such rows: all
//! that a suspended account has written, say. So only so many are looked at, and the next page goes on where this one ended.
//!
//! The queries have one form: the next rows in their order, as many as are looked at; of those the ones that are for the reader, one
//! by one, until the page is full; and only if it is not, the last row that was looked at.

use serving::{Page, Paged};

/// Rows that are looked at.
pub(crate) const MOST_LOOKED_AT: i64 = 1_000;

/// What a list finds.
pub(crate) struct Found {
    /// In the order asked for; one more than the page holds, if there are as many.
    pub(crate) ids: Vec<i64>,
    /// The last that was looked at, if as many were as may be and they do not fill the page.
    pub(crate) last: Option<i64>,
}

impl Found {
    /// The page, which may hold few or none and still not be the last.
    pub(crate) fn page(self, page: &Page) -> Paged<i64> {
        page.cut_short(self.ids, |id| *id, self.last)
    }
}
