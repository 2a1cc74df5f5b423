//! From the front door: HTTP on a free port, a real PostgreSQL, and an S3 store on disk.

mod album_photos;
mod albums;
mod answers;
mod bytes;
mod declared;
mod deletion;
mod direct;
mod erasure;
mod export;
mod grants;
mod hidden;
mod hostile;
mod license;
mod outage;
mod pictures;
mod privacy;
mod quota;
mod reuse;
mod search;
mod store;
mod support;
mod sweep;
mod tags;
mod tus;
mod upload;
