//! An S3 store for development: the platform's own, on one volume.

use super::{Component, Disk, Port, Probes, S3, resources, role, signals, trust};
use crate::platform::{Platform, Scale};
use crate::resources::env;

/// Its port.
pub(super) const PORT: u16 = 9000;
/// The bucket that it makes at its start.
pub(super) const BUCKET: &str = "photos";
/// The region that its clients sign for.
pub(super) const REGION: &str = "us-east-1";

const ROOT: &str = "/data";

pub(super) fn s3(platform: &Platform, storage: &str) -> Component {
    let secret = platform.named("object-store");
    let mut variables = vec![
        env::value("S3_ADDR", &format!("0.0.0.0:{PORT}")),
        env::value("S3_ROOT", ROOT),
        env::value("S3_BUCKET", BUCKET),
        env::value("S3_REGION", REGION),
        env::secret("AWS_ACCESS_KEY_ID", &secret, "AWS_ACCESS_KEY_ID"),
        env::secret("AWS_SECRET_ACCESS_KEY", &secret, "AWS_SECRET_ACCESS_KEY"),
        env::value("LOG_FORMAT", "json"),
    ];
    variables.extend(signals::without_version(platform, S3));
    let component = Component {
        name: S3,
        image: platform.image.clone(),
        command: role("dev-s3"),
        scale: Scale::Fixed(1),
        spread: Vec::new(),
        resources: resources("50m", "64Mi", "512Mi"),
        env: variables,
        ports: vec![Port { name: "s3", number: PORT, open: false }],
        probes: Probes::Tcp(PORT),
        calls: signals::call(platform).into_iter().collect(),
        user: 65532,
        disk: Some(Disk { path: ROOT, size: storage.to_owned() }),
        scratch: Vec::new(),
        secret_files: None,
        config_file: None,
        before_stop: None,
        grace_seconds: 30,
        overrides: None,
    };
    // It calls nobody but the collector, which may have its certificate of one of them.
    trust::trusting(platform, component)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::minimal;
    use crate::fixtures::cluster;
    use crate::reconcile::validate::validate;

    #[test]
    fn another_release_of_the_same_image_is_the_same_pod() {
        let mut platform = validate(&cluster(minimal())).unwrap();
        let before = s3(&platform, "1Gi").env;
        platform.version = "1.2.4".to_owned();
        assert_eq!(s3(&platform, "1Gi").env, before);
    }
}
