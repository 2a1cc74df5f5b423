use crate::manifest::{FOLDER, Manifest};
use crate::{BackupError, Keep, Store};

/// Deletes the backups of a series that are older than those to keep, begun and never ended ones too.
pub(crate) async fn prune(store: &Store, keep: &Keep) -> Result<(), BackupError> {
    let mut names = names(store, &keep.series).await?;
    names.sort();
    let mut kept = 0;
    while let Some(name) = names.pop() {
        if kept >= keep.newest.max(1) {
            delete(store, &name).await?;
            tracing::info!(name, "deleted an old backup");
            continue;
        }
        let manifest = store.get(&Manifest::key(&name)).await?.and_then(|json| Manifest::parse(&json).ok());
        kept += usize::from(manifest.is_some_and(|manifest| manifest.verified_at.is_some()));
    }
    Ok(())
}

async fn names(store: &Store, series: &str) -> Result<Vec<String>, BackupError> {
    let (mut names, mut next) = (Vec::new(), None);
    loop {
        let page = store.list(FOLDER, next).await?;
        let found = page.keys.iter().filter_map(|key| key.strip_prefix(FOLDER)?.strip_suffix(".json"));
        names.extend(found.filter(|name| name.starts_with(series)).map(str::to_owned));
        next = page.next;
        if next.is_none() {
            return Ok(names);
        }
    }
}

/// The manifest goes last: one that is half deleted is found again.
async fn delete(store: &Store, name: &str) -> Result<(), BackupError> {
    let folder = format!("{name}/");
    loop {
        // Always the first page: what was on it is gone at the next turn.
        let page = store.list(&folder, None).await?;
        if page.keys.is_empty() {
            break;
        }
        for key in &page.keys {
            store.delete(key).await?;
        }
    }
    Ok(store.delete(&Manifest::key(name)).await?)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    async fn plant(store: &Store, name: &str, verified: bool) {
        let mut manifest = Manifest::begun(Timestamp::UNIX_EPOCH);
        manifest.verified_at = verified.then_some(Timestamp::UNIX_EPOCH);
        store.put(&Manifest::key(name), manifest.json().into()).await.unwrap();
        store.put(&format!("{name}/objects/blobs/a"), "a".into()).await.unwrap();
    }

    #[tokio::test]
    async fn the_newest_verified_ones_stay_and_so_does_what_is_not_of_the_series() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::in_folder(root.path().to_owned());
        for (name, verified) in [("demo-1", true), ("demo-2", false), ("demo-3", true), ("demo-4", true), ("demo-5", false)] {
            plant(&store, name, verified).await;
        }
        plant(&store, "by-hand", true).await;
        prune(&store, &Keep { series: "demo-".to_owned(), newest: 2 }).await.unwrap();
        let left = store.list("", None).await.unwrap().keys;
        let manifests: Vec<_> = left.iter().filter(|key| key.starts_with(FOLDER)).collect();
        let expected = ["manifests/by-hand.json", "manifests/demo-3.json", "manifests/demo-4.json", "manifests/demo-5.json"];
        assert_eq!(manifests, expected.iter().collect::<Vec<_>>());
        assert_eq!(left.len(), 8, "{left:?}");
    }
}
