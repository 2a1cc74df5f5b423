//! Tokens that look like somebody's own and are none, or are for other things: with none of them is anybody anybody.

use contracts::{Scope, Scopes};
use identity::unix_now;
use reqwest::{Method, StatusCode};

use super::table::{PEOPLE, Row, is_of};
use super::things::People;
use crate::routes::{self, Route};

/// Which person tries which token on which row is chosen by this, unless `PROVE=1` has everybody try everything.
pub fn seed() -> usize {
    let given = std::env::var("SEED").map(|seed| seed.parse().expect("a number"));
    given.unwrap_or_else(|_| usize::try_from(unix_now()).expect("it fits"))
}

/// The tokens of each person.
pub struct Forged<'a> {
    people: &'a People,
    routes: Vec<Route>,
    /// Those that nobody is known by, for whatever they are sent.
    bad: Vec<(&'static str, Vec<(&'static str, String)>)>,
}

/// Who tries, what, the token, and what must become of it.
type Try = (&'static str, &'static str, String, StatusCode);

impl<'a> Forged<'a> {
    pub fn of(people: &'a People) -> Self {
        let everything = everything().to_string();
        let bad = PEOPLE.into_iter().filter_map(|who| {
            let mut tokens = people.forges.get(who)?.bad(&everything, &["Admin"]);
            tokens.push(("a token of a session that has ended", people.ended[who].clone()));
            Some((who, tokens))
        });
        Self { people, routes: routes::table(), bad: bad.collect() }
    }

    /// What is tried on a row. Of each kind, one person tries it, and on the next row the next; with `PROVE=1` everybody does.
    pub fn tries(&self, row: &Row, turn: usize) -> Vec<Try> {
        let all = std::env::var_os("PROVE").is_some();
        let mut tries = Vec::new();
        for (person, (who, bad)) in self.bad.iter().enumerate() {
            let unknown = bad.iter().map(|(name, token)| (*name, token.clone(), StatusCode::UNAUTHORIZED));
            let tokens = unknown.chain(self.lacking(who, row).into_iter().map(|(name, token)| (name, token, StatusCode::FORBIDDEN)));
            let chosen = tokens.enumerate().filter(|(kind, _)| all || (kind + person + turn).is_multiple_of(self.bad.len()));
            tries.extend(chosen.map(|(_, (name, token, expected))| (*who, name, token, expected)));
        }
        tries
    }

    /// Good tokens of theirs that are not for this.
    fn lacking(&self, who: &str, row: &Row) -> Vec<(&'static str, String)> {
        let of_row = |route: &&Route| route.method == row.method && is_of(row.path, route.path);
        let route = self.routes.iter().find(of_row).unwrap_or_else(|| panic!("{} {} is in no table", row.method, row.path));
        let scope = route.scope.expect("routes that read tokens have a scope");
        let good = |scopes: Scopes, roles: &[&str]| self.people.forges[who].good(&scopes.to_string(), roles);
        let mut lacking = vec![("a token for everything else", good(everything().without(scope), &["Admin"]))];
        if route.who == "admin" {
            let is_safe = Method::from_bytes(row.method.as_bytes()).unwrap().is_safe();
            let admins = if is_safe { Scope::AdminRead } else { Scope::AdminWrite };
            lacking.push(("an administrator's token for other things", good(everything().without(admins), &["Admin"])));
            lacking.push(("the token of no administrator", good(everything(), &[])));
        }
        lacking
    }
}

fn everything() -> Scopes {
    Scopes::USER.or(Scopes::ADMIN).or(Scopes::OPENID)
}
