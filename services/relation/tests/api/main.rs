//! From the front door: HTTP on a free port and a real PostgreSQL.

mod answers;
mod blocks;
mod costs;
mod counts;
mod csv;
mod erasure;
mod export;
mod facts;
mod follows;
mod friends;
mod hidden;
mod history;
mod interests;
mod likes;
mod limits;
mod lists;
mod model;
mod mutes;
mod races;
mod relations;
mod requests;
mod secrecy;
mod suggestions;
mod support;
