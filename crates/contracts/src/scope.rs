//! What a token allows: one word per area and action, and the one table of which route needs which.

use std::fmt;

use http::Method;

/// One thing that a token may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// One's own account, its sessions and apps.
    AccountsRead,
    /// The same, to change.
    AccountsWrite,
    /// Profiles.
    ProfilesRead,
    /// One's own profile.
    ProfilesWrite,
    /// Posts, comments, reactions, timelines, tags, search, streams, reports and custom emoji.
    PostsRead,
    /// To post, comment, react and delete.
    PostsWrite,
    /// One's notifications.
    NotificationsRead,
    /// To mark them as read.
    NotificationsWrite,
    /// Photos, albums and the bytes of pictures.
    PhotosRead,
    /// To upload, describe and delete.
    PhotosWrite,
    /// Who follows whom.
    RelationsRead,
    /// To follow and to block.
    RelationsWrite,
    /// What only administrators see.
    AdminRead,
    /// What only administrators do.
    AdminWrite,
    /// OpenID Connect: who has signed in.
    OpenId,
    /// OpenID Connect: by which handle.
    Profile,
    /// OpenID Connect: with which e-mail address.
    Email,
    /// OpenID Connect: for longer than one access token, by refreshing.
    OfflineAccess,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 18] = [
        Self::AccountsRead,
        Self::AccountsWrite,
        Self::ProfilesRead,
        Self::ProfilesWrite,
        Self::PostsRead,
        Self::PostsWrite,
        Self::NotificationsRead,
        Self::NotificationsWrite,
        Self::PhotosRead,
        Self::PhotosWrite,
        Self::RelationsRead,
        Self::RelationsWrite,
        Self::AdminRead,
        Self::AdminWrite,
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::OfflineAccess,
    ];

    /// The word in tokens and in requests of apps.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountsRead => "accounts:read",
            Self::AccountsWrite => "accounts:write",
            Self::ProfilesRead => "profiles:read",
            Self::ProfilesWrite => "profiles:write",
            Self::PostsRead => "posts:read",
            Self::PostsWrite => "posts:write",
            Self::NotificationsRead => "notifications:read",
            Self::NotificationsWrite => "notifications:write",
            Self::PhotosRead => "photos:read",
            Self::PhotosWrite => "photos:write",
            Self::RelationsRead => "relations:read",
            Self::RelationsWrite => "relations:write",
            Self::AdminRead => "admin:read",
            Self::AdminWrite => "admin:write",
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::OfflineAccess => "offline_access",
        }
    }

    /// What a token must allow to call this method of this path; `None` where any good token will do.
    ///
    /// What only administrators do needs `admin:read` or `admin:write` besides: `identity::Admin` asks for that. A resource
    /// that is not listed asks for those alone, so that one which was forgotten here shows in its first test.
    pub fn required(method: &Method, path: &str) -> Option<Self> {
        let of = |reading, writing| Some(if method.is_safe() { reading } else { writing });
        let mut segments = path.strip_prefix('/').unwrap_or(path).split('/');
        let [root, area, thing] = [(); 3].map(|()| segments.next());
        match (root, area) {
            // The cookie shows pictures and does nothing else, so that is what it takes to get it.
            (Some("v1"), Some("sessions")) if thing == Some("media") => Some(Self::PhotosRead),
            (Some("v1"), Some(area)) => match area {
                "accounts" | "sessions" | "exports" | "platform" => of(Self::AccountsRead, Self::AccountsWrite),
                "profiles" => of(Self::ProfilesRead, Self::ProfilesWrite),
                "posts" | "timelines" | "tags" | "search" | "stream" | "moderation" | "emojis" => of(Self::PostsRead, Self::PostsWrite),
                "notifications" => of(Self::NotificationsRead, Self::NotificationsWrite),
                "photos" | "albums" => of(Self::PhotosRead, Self::PhotosWrite),
                "relations" => of(Self::RelationsRead, Self::RelationsWrite),
                _ => of(Self::AdminRead, Self::AdminWrite),
            },
            (Some("p"), _) => of(Self::PhotosRead, Self::PhotosWrite),
            (Some("oauth"), Some("userinfo")) => Some(Self::OpenId),
            _ => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scopes;
    use crate::routes::PUBLIC;

    #[test]
    fn reading_and_writing_are_apart_in_every_area() {
        for (method, path, scope) in [
            (Method::GET, "/v1/posts/7", "posts:read"),
            (Method::HEAD, "/v1/posts/7", "posts:read"),
            (Method::OPTIONS, "/v1/posts", "posts:read"),
            (Method::POST, "/v1/posts", "posts:write"),
            (Method::PUT, "/v1/posts/7/reactions/x", "posts:write"),
            (Method::GET, "/v1/timelines/home", "posts:read"),
            (Method::GET, "/v1/stream", "posts:read"),
            (Method::PUT, "/v1/moderation/removals/7", "posts:write"),
            (Method::GET, "/v1/emojis", "posts:read"),
            (Method::GET, "/v1/accounts/me", "accounts:read"),
            (Method::GET, "/v1/accounts/me/security-events", "accounts:read"),
            (Method::POST, "/v1/accounts", "accounts:write"),
            (Method::DELETE, "/v1/sessions/current", "accounts:write"),
            (Method::POST, "/v1/sessions/media", "photos:read"),
            (Method::DELETE, "/v1/sessions/media", "photos:read"),
            (Method::PATCH, "/v1/profiles/me", "profiles:write"),
            (Method::GET, "/v1/notifications", "notifications:read"),
            (Method::DELETE, "/v1/photos/7", "photos:write"),
            (Method::GET, "/v1/albums", "photos:read"),
            (Method::GET, "/p/key/large", "photos:read"),
            (Method::PUT, "/v1/relations/7/block", "relations:write"),
            (Method::GET, "/oauth/userinfo", "openid"),
            (Method::POST, "/oauth/userinfo", "openid"),
        ] {
            assert_eq!(Scope::required(&method, path).map(Scope::name), Some(scope), "{method} {path}");
        }
        assert_eq!(Scope::required(&Method::POST, "/oauth/token"), None);
        assert_eq!(Scope::required(&Method::GET, "/.well-known/jwks.json"), None);
    }

    #[test]
    fn what_is_not_listed_asks_for_the_most() {
        for path in ["/v1/postscript", "/v1/", "/v1/nothing", "/v1//posts", "/v1/%70osts"] {
            assert_eq!(Scope::required(&Method::GET, path), Some(Scope::AdminRead), "{path}");
        }
    }

    #[test]
    fn every_resource_of_people_is_open_to_people() {
        for prefix in PUBLIC.iter().flat_map(|(_, prefixes)| *prefixes).filter(|prefix| prefix.starts_with("/v1/")) {
            let scope = Scope::required(&Method::POST, prefix).expect("a scope");
            assert!(Scopes::USER.contains(scope), "{prefix} needs {scope}");
        }
    }
}
