//! From the front door: HTTP on a free port, a real PostgreSQL, and an S3 store on disk.

// A client that waits for a server within a test is a deep future.
#![recursion_limit = "256"]

mod album_photos;
mod albums;
mod answers;
mod asks;
mod bytes;
mod cookie;
mod costs;
mod crowd;
mod declared;
mod deletion;
mod direct;
mod endless;
mod erasure;
mod export;
mod faults;
mod features;
mod formats;
mod grants;
mod half_way;
mod hidden;
mod hostile;
mod left;
mod license;
mod line;
mod missing;
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
mod tried;
mod tus;
mod upload;
