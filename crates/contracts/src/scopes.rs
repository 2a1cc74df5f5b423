//! Sets of scopes, as tokens and requests of apps have them.

use std::fmt;
use std::str::FromStr;

use crate::Scope;

/// A word that is no scope.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no scope; `scopes_supported` in /.well-known/openid-configuration lists them")]
pub struct UnknownScope(String);

/// A set of scopes; as text, their names separated by spaces.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u32);

impl Scopes {
    /// All that a person may do who is no administrator.
    pub const USER: Self = Self::of(&[
        Scope::AccountsRead,
        Scope::AccountsWrite,
        Scope::ProfilesRead,
        Scope::ProfilesWrite,
        Scope::PostsRead,
        Scope::PostsWrite,
        Scope::NotificationsRead,
        Scope::NotificationsWrite,
        Scope::PhotosRead,
        Scope::PhotosWrite,
        Scope::RelationsRead,
        Scope::RelationsWrite,
    ]);
    /// What an administrator may besides.
    pub const ADMIN: Self = Self::of(&[Scope::AdminRead, Scope::AdminWrite]);
    /// Those of OpenID Connect: they open no route but userinfo.
    pub const OPENID: Self = Self::of(&[Scope::OpenId, Scope::Profile, Scope::Email, Scope::OfflineAccess]);
    /// What is there for visitors too, and so for an app without a person.
    pub const PUBLIC: Self = Self::of(&[Scope::ProfilesRead, Scope::PostsRead, Scope::PhotosRead, Scope::RelationsRead]);

    /// The set of these.
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < scopes.len() {
            bits |= 1 << scopes[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// The known ones among the words of `text`: a token of a later release may say more.
    pub fn known(text: &str) -> Self {
        Scope::ALL.into_iter().filter(|scope| text.split(' ').any(|word| word == scope.name())).collect()
    }

    /// Is it one of them?
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u32) != 0
    }

    /// Are all of these among `others`?
    pub const fn all_in(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    /// Those of either.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// These but this one.
    pub const fn without(self, scope: Scope) -> Self {
        Self(self.0 & !(1 << scope as u32))
    }

    /// Is there none?
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, always in the same order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::default(), |set, scope| set.or(Self::of(&[scope])))
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let find = |word: &str| Scope::ALL.into_iter().find(|scope| scope.name() == word).ok_or_else(|| UnknownScope(word.to_owned()));
        text.split(' ').filter(|word| !word.is_empty()).map(find).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for scope in self.iter() {
            write!(f, "{separator}{scope}")?;
            separator = " ";
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_what_it_wrote() {
        for set in [Scopes::default(), Scopes::USER, Scopes::ADMIN.or(Scopes::OPENID), Scope::ALL.into_iter().collect()] {
            assert_eq!(set.to_string().parse::<Scopes>().unwrap(), set);
            assert_eq!(Scopes::known(&format!("later:word {set}")), set);
        }
        assert_eq!(" posts:read  posts:read ".parse::<Scopes>().unwrap(), Scopes::of(&[Scope::PostsRead]));
        for text in ["posts", "Posts:read", "posts:read,posts:write", "posts:read\nposts:write"] {
            assert!(text.parse::<Scopes>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn sets_are_compared_as_sets() {
        let reading = Scopes::of(&[Scope::PostsRead, Scope::PhotosRead]);
        assert!(reading.all_in(Scopes::USER) && reading.all_in(Scopes::PUBLIC) && !Scopes::USER.all_in(reading));
        assert!(Scopes::USER.and(Scopes::ADMIN).is_empty() && Scopes::USER.and(Scopes::OPENID).is_empty());
        assert_eq!(Scopes::USER.or(Scopes::ADMIN).or(Scopes::OPENID).iter().count(), Scope::ALL.len());
    }
}
