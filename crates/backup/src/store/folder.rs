use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::{Page, Result, StoreError};

/// What a file is called until it is whole.
const UNFINISHED: &str = ".unfinished";

#[derive(Clone)]
pub(super) struct Folder {
    root: PathBuf,
    /// Makes the names of unfinished files of this process differ.
    count: Arc<AtomicU64>,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, count: Arc::default() }
    }

    pub(super) fn location(&self, key: &str) -> String {
        self.root.join(key).display().to_string()
    }

    pub(super) async fn put(&self, key: &str, bytes: &Bytes) -> Result<()> {
        let path = self.path(key)?;
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.root.join(format!("{UNFINISHED}-{}-{number}", std::process::id()));
        let bytes = bytes.clone();
        self.run("write", key, move || {
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            let mut file = std::fs::File::create(&unfinished)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&unfinished, &path)
        })
        .await
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let path = self.path(key)?;
        self.run("read", key, move || there(std::fs::read(path)).map(|bytes| bytes.map(Bytes::from))).await
    }

    pub(super) async fn size(&self, key: &str) -> Result<Option<u64>> {
        let path = self.path(key)?;
        self.run("look for", key, move || there(std::fs::metadata(path)).map(|file| file.map(|file| file.len()))).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<()> {
        let path = self.path(key)?;
        self.run("delete", key, move || there(std::fs::remove_file(path)).map(drop)).await
    }

    /// All at once: what is listed is short.
    pub(super) async fn list(&self, prefix: &str) -> Result<Page> {
        let (folder, root) = (self.path(prefix)?, self.root.clone());
        let keys = self.run("list", prefix, move || {
            let (mut keys, mut folders) = (Vec::new(), vec![folder]);
            while let Some(folder) = folders.pop() {
                let Some(entries) = there(std::fs::read_dir(&folder))? else { continue };
                for entry in entries {
                    let path = entry?.path();
                    if path.is_dir() {
                        folders.push(path);
                    } else if let Some(key) = path.strip_prefix(&root).ok().and_then(Path::to_str)
                        && !key.starts_with(UNFINISHED)
                    {
                        keys.push(key.to_owned());
                    }
                }
            }
            keys.sort();
            Ok(keys)
        });
        Ok(Page { keys: keys.await?, next: None })
    }

    /// The file of a key. Keys come from files that others may have written, so none leads out of the folder.
    fn path(&self, key: &str) -> Result<PathBuf> {
        match Path::new(key).components().all(|part| matches!(part, Component::Normal(_))) {
            true => Ok(self.root.join(key)),
            false => Err(self.error("use", key, "it leads out of the folder".to_owned())),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        key: &str,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.error(doing, key, error.to_string())),
            Err(error) => Err(self.error(doing, key, error.to_string())),
        }
    }

    fn error(&self, doing: &'static str, key: &str, cause: String) -> StoreError {
        StoreError { doing, key: key.to_owned(), store: self.root.display().to_string(), cause }
    }
}

/// What is there; `None` if nothing is.
fn there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_put_is_there_until_it_is_deleted() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().to_owned());
        folder.put("a/b/c", &Bytes::from_static(b"one")).await.unwrap();
        folder.put("a/d", &Bytes::from_static(b"four")).await.unwrap();
        assert_eq!(folder.get("a/b/c").await.unwrap().unwrap(), "one");
        assert_eq!(folder.size("a/d").await.unwrap(), Some(4));
        assert_eq!(folder.list("a/").await.unwrap().keys, ["a/b/c", "a/d"]);
        folder.delete("a/d").await.unwrap();
        folder.delete("a/d").await.unwrap();
        assert_eq!((folder.get("a/d").await.unwrap(), folder.size("a/d").await.unwrap()), (None, None));
        assert_eq!(folder.list("b/").await.unwrap().keys, [""; 0]);
    }

    #[tokio::test]
    async fn no_key_leads_out() {
        let folder = Folder::new("/nowhere".into());
        for key in ["../a", "a/../../b", "/etc/passwd"] {
            assert!(folder.get(key).await.is_err(), "{key}");
        }
    }
}
