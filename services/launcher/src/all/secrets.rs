//! What `all` made up at its first start and must remember.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::rand;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use contracts::Service;
use identity::ServiceSigner;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Kept in one file that only its owner may read.
#[derive(Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) key_encryption_key: String,
    pub(crate) object_store_secret: String,
    pub(crate) service_keys: BTreeMap<String, String>,
    database_passwords: BTreeMap<String, String>,
}

impl Secrets {
    pub(crate) fn load_or_make(path: &Path) -> Result<Self, Failure> {
        match std::fs::read(path) {
            Ok(json) => {
                let known: Self = serde_json::from_slice(&json).map_err(|error| format!("failed to read {}: {error}", path.display()))?;
                known.complete(path)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::make()?.complete(path),
            Err(error) => Err(format!("failed to read {}: {error}", path.display()).into()),
        }
    }

    fn make() -> Result<Self, Failure> {
        Ok(Self {
            key_encryption_key: BASE64_STANDARD.encode(random()?),
            object_store_secret: password()?,
            service_keys: BTreeMap::new(),
            database_passwords: BTreeMap::new(),
        })
    }

    /// Makes what services are lacking: a later release may have more of them.
    fn complete(mut self, path: &Path) -> Result<Self, Failure> {
        let lacking: Vec<_> = Service::ALL.into_iter().filter(|service| !self.database_passwords.contains_key(service.name())).collect();
        if lacking.is_empty() {
            return Ok(self);
        }
        for service in lacking {
            self.service_keys.insert(service.to_string(), ServiceSigner::generate());
            self.database_passwords.insert(service.to_string(), password()?);
        }
        // Written whole under another name first: half a file would lock everybody out.
        let new = path.with_extension("new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(&self)?)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        Ok(self)
    }

    pub(crate) fn database_password(&self, service: Service) -> String {
        self.database_passwords.get(service.name()).cloned().unwrap_or_default()
    }
}

fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| "the system gives no random numbers")?;
    Ok(bytes)
}

fn password() -> Result<String, Failure> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random()?))
}
