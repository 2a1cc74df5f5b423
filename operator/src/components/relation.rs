//! Who follows and who blocks whom.

use contracts::Service;

use super::Component;
use super::service::service;
use crate::platform::Platform;
use crate::secrets::Credentials;

pub(super) fn relation(platform: &Platform, credentials: &Credentials) -> Component {
    service(platform, credentials, Service::Relation, ("50m", "64Mi", "256Mi"))
}
