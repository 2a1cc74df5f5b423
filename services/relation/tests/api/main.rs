//! From the front door: HTTP on a free port and a real PostgreSQL.

mod blocks;
mod facts;
mod follows;
mod lists;
mod support;
