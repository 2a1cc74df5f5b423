//! SQL, one function per question.

pub(crate) mod blocks;
pub(crate) mod follows;
mod pairs;

pub(crate) use pairs::{lock_pair, standing};
