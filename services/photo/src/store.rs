//! SQL, one function per question. A function that is part of something larger takes the connection of its transaction.

pub(crate) mod album_photos;
pub(crate) mod albums;
pub(crate) mod blobs;
pub(crate) mod blocks;
pub(crate) mod erasure;
pub(crate) mod exports;
pub(crate) mod grants;
pub(crate) mod hidden_uses;
pub(crate) mod metadata;
pub(crate) mod photos;
pub(crate) mod search;
pub(crate) mod sizes;
pub(crate) mod terms;
pub(crate) mod uploads;
pub(crate) mod usage;
pub(crate) mod uses;
