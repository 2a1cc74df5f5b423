//! Which service answers which path: the one table that the operator's gateway and `all` both read.

use crate::Service;

/// Path prefixes on the public port, by service. The web service will answer everything else; `/api` is kept free.
pub const PUBLIC: &[(Service, &[&str])] = &[
    (Service::Auth, &["/v1/accounts", "/v1/sessions", "/v1/exports", "/v1/platform", "/oauth", "/.well-known"]),
    (
        Service::Social,
        &[
            "/v1/profiles",
            "/v1/posts",
            "/v1/timelines",
            "/v1/tags",
            "/v1/search",
            "/v1/notifications",
            "/v1/stream",
            "/v1/moderation",
            "/v1/emojis",
        ],
    ),
    (Service::Photo, &["/v1/photos", "/v1/albums", "/p"]),
    (Service::Relation, &["/v1/relations"]),
];

/// The service that answers `path`, matched by whole segments as a gateway's `Prefix` match does.
pub fn service_of(path: &str) -> Option<Service> {
    let answers = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    PUBLIC.iter().find(|(_, prefixes)| prefixes.iter().any(|prefix| answers(prefix))).map(|(service, _)| *service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_matches_whole_segments_only() {
        assert_eq!(service_of("/v1/posts/7"), Some(Service::Social));
        assert_eq!(service_of("/v1/posts"), Some(Service::Social));
        assert_eq!(service_of("/p/abc/thumb"), Some(Service::Photo));
        assert_eq!(service_of("/v1/postscript"), None);
        assert_eq!(service_of("/photos"), None);
        assert_eq!(service_of("/internal/photos/usable"), None);
    }
}
