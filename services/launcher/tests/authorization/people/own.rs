//! Routes that name nobody: what they answer is the caller's own, or for everybody.

use super::table::Row;

/// What a visitor gets, whoever is signed in, and an administrator. Whoever is suspended gets a 401. 202 counts as 204.
const TABLE: &str = "
                                          visitor people admin
GET    /v1/accounts                           401 403 200
POST   /v1/accounts/admin-claims              401 404 404
POST   /v1/accounts/invites                   401 201 201
GET    /v1/accounts/invites                   401 200 200
GET    /v1/accounts/me                        401 200 200
DELETE /v1/accounts/me                        401 422 422
GET    /v1/accounts/me/apps                   401 200 200
PUT    /v1/accounts/me/email                  401 422 422
PUT    /v1/accounts/me/handle                 401 422 422
POST   /v1/accounts/me/passkeys               401 422 422
GET    /v1/accounts/me/passkeys               401 200 200
POST   /v1/accounts/me/passkeys/challenges    401 422 422
PUT    /v1/accounts/me/password               401 422 422
POST   /v1/accounts/me/recovery-codes         401 422 422
GET    /v1/accounts/me/second-factor          401 200 200
GET    /v1/accounts/me/security-events        401 200 200
POST   /v1/accounts/me/totp                   401 422 422
PUT    /v1/accounts/me/totp                   401 422 422
DELETE /v1/accounts/me/totp                   401 422 422
GET    /v1/accounts/security-events           401 403 200
POST   /v1/exports                            401 204 204
GET    /v1/exports                            401 200 200
GET    /v1/sessions                           401 200 200
POST   /v1/sessions/media                     401 204 204
DELETE /v1/sessions/media                     401 204 204
POST   /v1/posts                              401 201 201
PATCH  /v1/profiles/me                        401 200 200
GET    /v1/search?q=nothing                   200 200 200
GET    /v1/stream                             401 200 200
GET    /v1/stream/ws                          401 101 101
GET    /v1/tags                               401 200 200
GET    /v1/timelines/bookmarks                401 200 200
GET    /v1/timelines/home                     401 200 200
POST   /v1/timelines/lists                    401 201 201
GET    /v1/timelines/lists                    401 200 200
GET    /v1/timelines/public                   200 200 200
GET    /v1/emojis                             200 200 200
GET    /v1/moderation/acts                    401 403 200
GET    /v1/moderation/emojis                  401 403 200
GET    /v1/moderation/reports                 401 403 200
GET    /v1/notifications                      401 200 200
PUT    /v1/notifications/read                 401 204 204
GET    /v1/notifications/settings             401 200 200
PUT    /v1/notifications/settings             401 200 200
GET    /v1/notifications/unread               401 200 200
POST   /v1/albums                             401 201 201
GET    /v1/albums                             200 200 200
GET    /v1/photos                             200 200 200
POST   /v1/photos                             401 201 201
POST   /v1/photos/tus                         401 201 201
POST   /v1/photos/uploads                     401 409 409
GET    /v1/photos/usage                       401 200 200
GET    /v1/relations?id={ada}                 401 200 200
GET    /v1/relations/blocks                   401 200 200
GET    /v1/relations/follow-requests          401 200 200
GET    /v1/relations/follow-requests/sent     401 200 200
GET    /v1/relations/friend-requests          401 200 200
GET    /v1/relations/friend-requests/sent     401 200 200
GET    /v1/relations/matches                  401 200 200
GET    /v1/relations/mutes                    401 200 200
GET    /v1/relations/settings                 401 200 200
PUT    /v1/relations/settings                 401 200 200
GET    /v1/relations/suggestions              401 200 200
";

/// The same, in the order of [`PEOPLE`](super::table::PEOPLE).
pub fn rows() -> Vec<Row> {
    let mut lines = TABLE.lines().filter(|line| !line.trim().is_empty());
    let columns: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(columns, ["visitor", "people", "admin"], "the columns of the table");
    let rows = lines.map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [method, path, visitor, people, admin] = words[..] else { panic!("{line}") };
        Row { method, path, expected: vec![visitor, "401", people, people, people, people, admin, people] }
    });
    rows.collect()
}
