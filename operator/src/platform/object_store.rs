//! Where bytes are.

use super::Endpoint;

/// Where bytes are.
#[derive(Clone, Debug)]
pub enum ObjectStore {
    /// A bucket that someone else keeps.
    External {
        /// The store.
        endpoint: Endpoint,
        /// Its base URL for people's browsers.
        public_endpoint: Option<String>,
        /// The bucket.
        bucket: String,
        /// The region that requests are signed for.
        region: String,
        /// The Secret with the credentials.
        secret: String,
        /// A hash of the credentials, so that pods are replaced when they change.
        fingerprint: String,
    },
    /// One pod of ours.
    Development {
        /// The size of its volume, in canonical form.
        storage: String,
    },
}
