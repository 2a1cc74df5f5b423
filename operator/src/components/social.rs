//! Profiles, posts, comments, reactions and timelines.

use contracts::Service;

use super::service::{PRIVATE_PORT, service};
use super::{Call, Callee, Component};
use crate::platform::Platform;
use crate::resources::env;
use crate::secrets::Credentials;

pub(super) fn social(platform: &Platform, credentials: &Credentials) -> Component {
    let mut component = service(platform, credentials, Service::Social, ("50m", "64Mi", "256Mi"));
    let photo = platform.named(Service::Photo.name());
    component.env.push(env::value("PHOTO_URL", &format!("http://{photo}:{PRIVATE_PORT}")));
    component.calls.push(Call { to: Callee::Component(Service::Photo.name()), port: PRIVATE_PORT });
    component
}
