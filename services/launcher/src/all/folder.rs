//! The data folder: `postgres/`, `objects/`, `mail/`, `secrets.json`, and a lock against a second process.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Failure;

/// The folder, held until this is dropped.
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder, making it if it is not there.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, Failure> {
        let path = data_folder(path)?;
        fs::create_dir_all(&path).map_err(|error| format!("failed to make the data folder {}: {error}", path.display()))?;
        let path = path.canonicalize()?;
        // PostgreSQL may run as another user and has to pass through; what is secret has its own protection.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711))?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock"))?;
        lock.try_lock().map_err(|_| format!("another process uses {}; stop it, or choose another folder with --data", path.display()))?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.path.join("postgres")
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.path.join("objects")
    }

    pub(crate) fn mail(&self) -> PathBuf {
        self.path.join("mail")
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.path.join("secrets.json")
    }
}

/// Where the data is: in the folder that was said, or else where it is usually.
pub(crate) fn data_folder(said: Option<PathBuf>) -> Result<PathBuf, Failure> {
    said.map_or_else(default_path, Ok)
}

fn default_path() -> Result<PathBuf, Failure> {
    let we_are_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if we_are_root {
        return Ok("/var/lib/socialplatform".into());
    }
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = data.or_else(home).ok_or("failed to find a home folder; say where to keep data with --data")?;
    Ok(data.join("socialplatform"))
}
