//! Who gets what, and that nothing was forgotten.

use super::own;
use crate::documented::documented;
use crate::routes;

/// Who calls; everything that is there is ada's. The owner comes last, because after her some of it is gone.
pub const PEOPLE: [&str; 8] = ["visitor", "suspended", "blocked", "stranger", "follower", "friend", "admin", "owner"];

/// What each of them is answered, in the order of [`PEOPLE`]. 202 counts as 204: done, and some service has yet to hear.
/// Whoever is suspended gets a 401 throughout: their sessions have ended, so nothing is left that could be for them. They are
/// here because what is theirs is, and because everything else must be as closed to them.
/// To the blocked one, relation answers as if ada were nobody: a block cannot be told from nothing. `{direct}` is for the
/// stranger. Who takes back a reaction or a bookmark of their own is not told whether there was one.
const TABLE: &str = "
                                                visitor suspended blocked stranger follower friend admin owner
GET    /v1/profiles/{ada}                           200 401 404 200 200 200 200 200
GET    /v1/profiles?handle={handle}                 200 401 404 200 200 200 200 200
GET    /v1/profiles/{ada}/pinned                    200 401 200 200 200 200 200 200
GET    /v1/posts/{public}                           200 401 404 200 200 200 200 200
GET    /v1/posts/{unlisted}                         200 401 404 200 200 200 200 200
GET    /v1/posts/{followers}                        404 401 404 404 200 200 404 200
GET    /v1/posts/{friends}                          404 401 404 404 404 200 404 200
GET    /v1/posts/{direct}                           404 401 404 200 404 404 404 200
GET    /v1/posts/{deleted}                          404 401 404 404 404 404 404 404
GET    /v1/posts/{public}/comments                  200 401 404 200 200 200 200 200
GET    /v1/posts/{followers}/comments               404 401 404 404 200 200 404 200
GET    /v1/posts/{friends}/comments                 404 401 404 404 404 200 404 200
GET    /v1/posts/{direct}/comments                  404 401 404 200 404 404 404 200
GET    /v1/posts/{deleted}/comments                 404 401 404 404 404 404 404 404
PUT    /v1/posts/{public}/reactions/%F0%9F%91%8D    401 401 404 204 204 204 204 204
PUT    /v1/posts/{followers}/reactions/%F0%9F%91%8D 401 401 404 404 204 204 404 204
PUT    /v1/posts/{friends}/reactions/%F0%9F%91%8D   401 401 404 404 404 204 404 204
PUT    /v1/posts/{direct}/reactions/%F0%9F%91%8D    401 401 404 204 404 404 404 204
PUT    /v1/posts/{deleted}/reactions/%F0%9F%91%8D   401 401 404 404 404 404 404 404
DELETE /v1/posts/{followers}/reactions/%F0%9F%91%8D 401 401 204 204 204 204 204 204
GET    /v1/posts/{public}/reactions                 200 401 404 200 200 200 200 200
GET    /v1/posts/{friends}/reactions                404 401 404 404 404 200 404 200
GET    /v1/posts/{direct}/reactions                 404 401 404 200 404 404 404 200
GET    /v1/posts/{public}/replies                   200 401 404 200 200 200 200 200
GET    /v1/posts/{friends}/replies                  404 401 404 404 404 200 404 200
GET    /v1/posts/{direct}/replies                   404 401 404 200 404 404 404 200
GET    /v1/posts/{public}/context                   200 401 404 200 200 200 200 200
GET    /v1/posts/{followers}/context                404 401 404 404 200 200 404 200
GET    /v1/posts/{friends}/context                  404 401 404 404 404 200 404 200
GET    /v1/posts/{direct}/context                   404 401 404 200 404 404 404 200
GET    /v1/posts/{public}/revisions                 200 401 404 200 200 200 200 200
GET    /v1/posts/{followers}/revisions              404 401 404 404 200 200 404 200
GET    /v1/posts/{friends}/revisions                404 401 404 404 404 200 404 200
GET    /v1/posts/{direct}/revisions                 404 401 404 200 404 404 404 200
PUT    /v1/posts/{public}/bookmark                  401 401 404 204 204 204 204 204
PUT    /v1/posts/{followers}/bookmark               401 401 404 404 204 204 404 204
PUT    /v1/posts/{friends}/bookmark                 401 401 404 404 404 204 404 204
PUT    /v1/posts/{direct}/bookmark                  401 401 404 204 404 404 404 204
PUT    /v1/posts/{deleted}/bookmark                 401 401 404 404 404 404 404 404
DELETE /v1/posts/{followers}/bookmark               401 401 204 204 204 204 204 204
POST   /v1/posts/{public}/reports                   401 401 404 201 201 201 201 422
POST   /v1/posts/{friends}/reports                  401 401 404 404 404 201 404 422
POST   /v1/posts/{direct}/reports                   401 401 404 201 404 404 404 422
POST   /v1/posts/{deleted}/reports                  401 401 404 404 404 404 404 404
POST   /v1/profiles/{ada}/reports                   401 401 404 201 201 201 201 422
PUT    /v1/posts/{public}/pin                       401 401 404 404 404 404 404 204
DELETE /v1/posts/{public}/pin                       401 401 404 404 404 404 404 204
PATCH  /v1/posts/{public}                           401 401 404 404 404 404 404 200
PATCH  /v1/posts/{followers}                        401 401 404 404 404 404 404 200
PATCH  /v1/posts/{deleted}                          401 401 404 404 404 404 404 404
GET    /v1/timelines/accounts/{ada}                 200 401 200 200 200 200 200 200
GET    /v1/timelines/lists/{list}                   401 401 404 404 404 404 404 200
PATCH  /v1/timelines/lists/{list}                   401 401 404 404 404 404 404 200
GET    /v1/timelines/lists/{list}/members           401 401 404 404 404 404 404 200
PUT    /v1/timelines/lists/{list}/members/{friend}  401 401 404 404 404 404 404 204
DELETE /v1/timelines/lists/{list}/members/{friend}  401 401 404 404 404 404 404 204
DELETE /v1/timelines/lists/{list}                   401 401 404 404 404 404 404 204
GET    /v1/moderation/reports/{report}              401 401 403 403 403 403 200 403
PUT    /v1/moderation/reports/{report}/resolution   401 401 403 403 403 403 204 403
PUT    /v1/moderation/removals/{removed}            401 401 403 403 403 403 204 403
GET    /v1/profiles/{suspended}                     404 401 404 404 404 404 404 404
GET    /v1/posts/{hidden}                           404 401 404 404 404 404 404 404
GET    /v1/posts/{hidden}/comments                  404 401 404 404 404 404 404 404
PUT    /v1/posts/{hidden}/reactions/%F0%9F%91%8D    401 401 404 404 404 404 404 404
POST   /v1/posts/{hidden}/reports                   401 401 404 404 404 404 404 404
GET    /v1/photos/{hidden_photo}                    404 401 404 404 404 404 404 404
GET    {hidden_bytes}                               404 401 404 404 404 404 404 404
GET    /v1/albums/{hidden_album}                    404 401 404 404 404 404 404 404
GET    /v1/photos/{open}                            200 401 200 200 200 200 200 200
GET    /v1/photos/{private}                         404 401 404 404 404 404 404 200
GET    {open_bytes}                                 200 401 200 200 200 200 200 200
GET    {private_bytes}                              404 401 404 404 404 404 404 200
PATCH  /v1/photos/{open}                            401 401 404 404 404 404 404 200
PATCH  /v1/photos/{private}                         401 401 404 404 404 404 404 200
POST   /v1/photos/{open}/uses                       401 401 404 201 201 201 201 422
POST   /v1/photos/{private}/uses                    401 401 404 404 404 404 404 422
GET    /v1/photos/{open}/uses                       401 401 404 404 404 404 404 200
DELETE /v1/photos/{open}/uses/{strangers_use}       401 401 404 204 404 404 404 404
DELETE /v1/photos/{open}/uses/{bystanders_use}      401 401 404 404 404 404 404 204
GET    /v1/albums/{album}                           200 401 200 200 200 200 200 200
GET    /v1/albums/{closed}                          404 401 404 404 404 404 404 200
GET    /v1/albums/{album}/photos                    200 401 200 200 200 200 200 200
GET    /v1/albums/{closed}/photos                   404 401 404 404 404 404 404 200
PATCH  /v1/albums/{album}                           401 401 404 404 404 404 404 200
PATCH  /v1/albums/{closed}                          401 401 404 404 404 404 404 200
PUT    /v1/albums/{album}/photos/{open}             401 401 404 404 404 404 404 204
DELETE /v1/albums/{album}/photos/{open}             401 401 404 404 404 404 404 204
DELETE /v1/albums/{album}                           401 401 404 404 404 404 404 204
HEAD   /v1/photos/tus/{upload}                      401 401 404 404 404 404 404 200
POST   /v1/photos/tus/{upload}                      401 401 404 404 404 404 404 200
PATCH  /v1/photos/tus/{upload}                      401 401 404 404 404 404 404 204
POST   /v1/photos/uploads/{upload}/complete         401 401 404 404 404 404 404 409
DELETE /v1/photos/tus/{upload}                      401 401 404 404 404 404 404 204
DELETE /v1/photos/uploads/{another}                 401 401 404 404 404 404 404 204
GET    /v1/relations/{ada}                          401 401 200 200 200 200 200 200
GET    /v1/relations/{ada}/followers                200 401 200 200 200 200 200 200
GET    /v1/relations/{ada}/following                200 401 200 200 200 200 200 200
GET    /v1/relations/{ada}/friends                  200 401 200 200 200 200 200 200
GET    /v1/relations/{ada}/counts                   200 401 200 200 200 200 200 200
PUT    /v1/relations/{ada}/note                     401 401 204 204 204 204 204 204
DELETE /v1/relations/{ada}/note                     401 401 204 204 204 204 204 204
PUT    /v1/relations/{ada}/mute                     401 401 204 204 204 204 204 422
DELETE /v1/relations/{ada}/mute                     401 401 204 204 204 204 204 422
PUT    /v1/relations/{ada}/like                     401 401 200 200 200 200 200 422
DELETE /v1/relations/{ada}/like                     401 401 204 204 204 204 204 422
DELETE /v1/relations/suggestions/{ada}              401 401 204 204 204 204 204 204
GET    /v1/accounts/{ada}                           401 401 403 403 403 403 200 403
DELETE /v1/accounts/{ada}/suspension                401 401 403 403 403 403 204 403
PUT    /v1/accounts/{bystander}/approval            401 401 403 403 403 403 204 403
DELETE /v1/accounts/{bystander}/approval            401 401 403 403 403 403 409 403
PUT    /v1/accounts/{bystander}/suspension          401 401 403 403 403 403 204 403
DELETE /v1/accounts/invites/{invite}                401 401 404 404 404 404 404 204
DELETE /v1/accounts/me/apps/{app}                   401 401 404 404 404 404 404 204
PATCH  /v1/accounts/me/passkeys/{passkey}           401 401 404 404 404 404 404 200
DELETE /v1/accounts/me/passkeys/{passkey}           401 401 404 404 404 404 404 204
GET    /v1/exports/{export}                         401 401 404 404 404 404 404 200
GET    /v1/exports/{export}/archive                 401 401 404 404 404 404 404 200
PATCH  /v1/sessions/{session}                       401 401 404 404 404 404 404 200
DELETE /v1/sessions/{session}                       401 401 404 404 404 404 404 204
DELETE /v1/sessions?except=current                  401 401 204 204 204 204 204 204
DELETE /v1/photos/{open}                            401 401 404 404 404 404 404 204
DELETE /v1/photos/{private}                         401 401 404 404 404 404 404 204
DELETE /v1/posts/{public}                           401 401 404 404 404 404 404 204
DELETE /v1/posts/{followers}                        401 401 404 404 404 404 404 204
PUT    /v1/relations/{ada}/follow                   401 401 204 204 204 204 204 422
DELETE /v1/relations/{ada}/follow                   401 401 204 204 204 204 204 422
PUT    /v1/relations/{ada}/follower                 401 401 404 404 404 204 404 422
DELETE /v1/relations/{ada}/follower                 401 401 204 204 204 204 204 422
PUT    /v1/relations/{ada}/friend                   401 401 204 204 204 204 204 422
DELETE /v1/relations/{ada}/friend                   401 401 204 204 204 204 204 422
PUT    /v1/relations/{ada}/block                    401 401 204 204 204 204 204 422
DELETE /v1/relations/{ada}/block                    401 401 204 204 204 204 204 422
DELETE /v1/sessions/current                         401 401 204 204 204 204 204 204
";

/// Routes without a row, and why they need none. Those that are open in `routes.rs` need none either: they read no token, so who
/// calls is nobody, and that is proved there.
const EXEMPT: [(&str, &str, &str); 10] = [
    ("GET", "/oauth/userinfo", "it takes a token that an app was given; services/auth/tests/api/authorize.rs has one"),
    ("POST", "/oauth/userinfo", "it takes a token that an app was given; services/auth/tests/api/authorize.rs has one"),
    ("PUT", "/v1/emojis/{shortcode}", "it belongs to the platform; who may is in routes.rs"),
    ("DELETE", "/v1/emojis/{shortcode}", "it belongs to the platform; who may is in routes.rs"),
    ("GET", "/v1/relations/csv/{list}", "it names a kind of list, always one of the caller's"),
    ("POST", "/v1/relations/csv/{list}", "it names a kind of list, always one of the caller's"),
    ("GET", "/v1/tags/{tag}", "it belongs to nobody"),
    ("PUT", "/v1/tags/{tag}/follow", "it belongs to nobody; what changes is whether the caller follows it"),
    ("DELETE", "/v1/tags/{tag}/follow", "it belongs to nobody; what changes is whether the caller follows it"),
    ("GET", "/v1/timelines/tags/{tag}", "it belongs to nobody; which posts are in it is in services/social/tests/api/visibility.rs"),
];

/// One line of the table.
pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    /// In the order of [`PEOPLE`].
    pub expected: Vec<&'static str>,
}

/// Those of what is the caller's own come first: nobody has blocked or left anybody by then.
pub fn rows() -> Vec<Row> {
    own::rows().into_iter().chain(objects()).collect()
}

fn objects() -> Vec<Row> {
    let mut lines = TABLE.lines().filter(|line| !line.trim().is_empty());
    let columns: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(columns, PEOPLE, "the columns of the table");
    let rows = lines.map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [method, path, ref expected @ ..] = words[..] else { panic!("{line}") };
        assert_eq!(expected.len(), PEOPLE.len(), "{line}");
        Row { method, path, expected: expected.to_vec() }
    });
    rows.collect()
}

/// Is it this route that answers the path of a row?
pub fn is_of(path: &str, template: &str) -> bool {
    // What photo answers as an address.
    if path.ends_with("_bytes}") {
        return template == "/p/{key}/{variant}";
    }
    let (path, _) = path.split_once('?').unwrap_or((path, ""));
    let (path, template): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    let fits = |(part, named): (&&str, &&str)| part == named || (named.starts_with('{') && part.starts_with(['{', '%']));
    path.len() == template.len() && path.iter().zip(&template).all(fits)
}

#[test]
fn every_documented_route_has_a_row_or_a_reason_for_none() {
    let (rows, documented, routes) = (rows(), documented(), routes::table());
    let is_exempt = |method: &str, template: &str| EXEMPT.iter().any(|(of, path, _)| *of == method && *path == template);
    let is_open = |method: &str, path: &str| routes.iter().any(|it| it.who == "open" && it.method == method && it.path == path);
    let has_row = |method: &str, template: &str| rows.iter().any(|row| row.method == method && is_of(row.path, template));
    let needs_none = |method: &str, path: &str| is_open(method, path) || is_exempt(method, path);
    let missing: Vec<_> = documented.iter().filter(|(method, path)| !has_row(method, path) && !needs_none(method, path)).collect();
    assert!(missing.is_empty(), "say what each person gets of these, in TABLE or in own.rs: {missing:?}");

    let is_documented = |row: &&Row| documented.iter().any(|(method, template)| method == row.method && is_of(row.path, template));
    let gone: Vec<_> = rows.iter().filter(|row| !is_documented(row)).map(|row| row.path).collect();
    assert!(gone.is_empty(), "these are no routes: {gone:?}");
    let is_idle = |method: &str, path: &str| !documented.contains(&(method.to_owned(), path.to_owned())) || has_row(method, path);
    let idle: Vec<_> = EXEMPT.iter().filter(|(method, path, _)| is_idle(method, path)).collect();
    assert!(idle.is_empty(), "these are no routes, or have rows: {idle:?}");
}

#[test]
fn whoever_is_suspended_gets_nothing() {
    let gets_something = |row: &Row| row.expected[1] != "401";
    let open: Vec<_> = rows().into_iter().filter(gets_something).map(|row| row.path).collect();
    assert!(open.is_empty(), "{open:?}");
}
