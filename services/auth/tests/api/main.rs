//! From the front door: HTTP on a free port and a real PostgreSQL.

mod accounts;
mod refresh;
mod sessions;
mod support;
mod tokens;
