//! Grants: "this viewer may see this photo, because I show it to them".

use contracts::{AccountId, PhotoId, Service};
use serde::{Deserialize, Serialize};

use crate::{ServiceKeys, ServiceSigner, TokenError, unix_now};

/// Seconds that a grant is good for. Photo refuses it sooner when what it rests on was narrowed.
const LIFE: u64 = 300;
const TYPE: &str = "photo-grant+jwt";

/// What a service that shows a private photo signs for one viewer. It is worth nothing without proof of being them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoGrant {
    /// Which photo.
    pub photo: PhotoId,
    /// What shows it, such as `post:17`.
    pub source: String,
    /// Whose photo it is.
    pub owner: AccountId,
    /// Who may look.
    pub viewer: AccountId,
    /// When it was signed, in Unix seconds; set by [`ServiceSigner::grant`].
    #[serde(default)]
    pub iat: u64,
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
        let iat = unix_now();
        let grant = PhotoGrant { iat, ..grant };
        self.sign(TYPE, &Claims { iss: self.service(), aud: Service::Photo, exp: iat + LIFE, grant })
    }
}

impl ServiceKeys {
    /// Reads a grant that some service signed for photo.
    pub fn verify_grant(&self, token: &str) -> Result<PhotoGrant, TokenError> {
        let claims: Claims = self.verify(token, TYPE, Service::Photo, LIFE)?;
        Ok(claims.grant)
    }
}
