//! Grants: "this viewer may see this photo, because I show it to them".

use contracts::{AccountId, PhotoId, Service};
use jsonwebtoken::errors::ErrorKind;
use serde::{Deserialize, Serialize};

use crate::{ServiceKeys, ServiceSigner, TokenError, unix_now};

/// Seconds that a grant is good for. Photo refuses it sooner when what it rests on was narrowed.
pub(crate) const LIFE: u64 = 300;
/// A signer's clock may be so many seconds ahead, and no more: photo forgets in the end what was narrowed, and by then no grant
/// from before may be left.
const AHEAD: u64 = 600;
pub(crate) const TYPE: &str = "photo-grant+jwt";

/// What a service that shows a private photo signs for one viewer. It is worth nothing without proof of being them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoGrant {
    /// Which photo.
    pub photo: PhotoId,
    /// What shows it, such as `post:17`.
    pub source: String,
    /// Whose photo it is.
    pub owner: AccountId,
    /// Who else it is that the viewer must not be severed from: of a comment, the author of the post that it hangs on, for whose
    /// audience it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_of: Option<AccountId>,
    /// Who may look.
    pub viewer: AccountId,
    /// What was known when it was decided that they may. `None` of a version that did not say it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<AsOf>,
    /// When it was signed, in Unix seconds; set by [`ServiceSigner::grant`].
    #[serde(default)]
    pub iat: u64,
}

/// How far a service had heard and told when it decided something: places in outboxes, and not a time, because no two clocks say the
/// same. To be read in the statement that decides, or before it: a place that is too small only withdraws too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsOf {
    /// Up to which place it had applied what relation tells.
    pub relation: i64,
    /// The last place of what it had told itself.
    pub own: i64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: Service,
    aud: Service,
    exp: u64,
    #[serde(flatten)]
    grant: PhotoGrant,
}

impl ServiceSigner {
    /// Signs a grant, from now on.
    pub fn grant(&self, grant: PhotoGrant) -> String {
        self.grant_from(grant, unix_now())
    }

    /// Signs a grant, from some second on.
    pub(crate) fn grant_from(&self, grant: PhotoGrant, iat: u64) -> String {
        let grant = PhotoGrant { iat, ..grant };
        self.sign(TYPE, &Claims { iss: self.service(), aud: Service::Photo, exp: iat + LIFE, grant })
    }
}

impl ServiceKeys {
    /// Reads a grant that some service signed for photo.
    pub fn verify_grant(&self, token: &str) -> Result<PhotoGrant, TokenError> {
        let claims: Claims = self.verify(token, TYPE, Service::Photo, LIFE)?;
        match claims.grant.iat <= unix_now() + AHEAD {
            true => Ok(claims.grant),
            false => Err(TokenError::Invalid(ErrorKind::ImmatureSignature.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Issuer;

    fn grant() -> PhotoGrant {
        let (owner, viewer) = (AccountId(2), AccountId(3));
        PhotoGrant { photo: PhotoId(1), source: "post:17".to_owned(), owner, audience_of: None, viewer, as_of: None, iat: 0 }
    }

    #[test]
    fn what_an_older_version_signed_is_read_as_it_was_meant() {
        let issuer = Issuer::new();
        let iat = unix_now();
        let claims = json!({
            "iss": "social", "aud": "photo", "exp": iat + LIFE, "iat": iat, "photo": "1", "source": "post:17", "owner": "2", "viewer": "3",
        });
        let read = issuer.service_keys().verify_grant(&issuer.signer(Service::Social).sign(TYPE, &claims)).unwrap();
        assert_eq!(read, PhotoGrant { iat, ..grant() });
    }

    #[test]
    fn what_was_known_is_read_as_it_was_signed() {
        let issuer = Issuer::new();
        let said = PhotoGrant { audience_of: Some(AccountId(4)), as_of: Some(AsOf { relation: 5, own: 6 }), ..grant() };
        let read = issuer.service_keys().verify_grant(&issuer.signer(Service::Social).grant(said.clone())).unwrap();
        assert_eq!(read, PhotoGrant { iat: read.iat, ..said });
    }

    #[test]
    fn a_clock_may_be_ahead_and_not_by_any_time() {
        let issuer = Issuer::new();
        let read = |ahead: u64| issuer.service_keys().verify_grant(&issuer.grant_ahead(Service::Social, grant(), ahead));
        assert!(read(AHEAD / 2).is_ok());
        assert!(read(AHEAD * 2).is_err());
    }
}
