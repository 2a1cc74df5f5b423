//! SQL, one function per question. A function that is part of something larger takes the connection of its transaction.

pub(crate) mod blobs;
pub(crate) mod grants;
pub(crate) mod photos;
