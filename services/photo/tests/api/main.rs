//! From the front door: HTTP on a free port, a real PostgreSQL, and an S3 store on disk.

mod bytes;
mod deletion;
mod grants;
mod hostile;
mod outage;
mod pictures;
mod privacy;
mod search;
mod store;
mod support;
mod upload;
