use crate::manifest::{FOLDER, Manifest};
use crate::{BackupError, Keep, Store};

/// Deletes the backups of a platform's series that are older than those to keep, begun and never ended ones too; but never the one
/// that was just made, nor one of another platform or of nobody knows whom.
pub(crate) async fn prune(store: &Store, keep: &Keep, platform: Option<&str>, made: &str) -> Result<(), BackupError> {
    let mut names = names(store, &keep.series).await?;
    names.sort();
    let mut kept = 0;
    while let Some(name) = names.pop() {
        let manifest = store.get(&Manifest::key(&name)).await?.and_then(|json| Manifest::parse(&json).ok());
        let Some(manifest) = manifest.filter(|manifest| manifest.platform.as_deref() == platform) else { continue };
        if kept >= keep.newest.max(1) && name != made {
            delete(store, &name).await?;
            tracing::info!(name, "deleted an old backup");
            continue;
        }
        kept += usize::from(manifest.verified_at.is_some());
    }
    Ok(())
}

async fn names(store: &Store, series: &str) -> Result<Vec<String>, BackupError> {
    let (mut names, mut next) = (Vec::new(), None);
    loop {
        let page = store.list(FOLDER, next).await?;
        let found = page.keys.iter().filter_map(|key| key.strip_prefix(FOLDER)?.strip_suffix(".json"));
        names.extend(found.filter(|name| is_of(series, name)).map(str::to_owned));
        next = page.next;
        if next.is_none() {
            return Ok(names);
        }
    }
}

/// Is it the series and a time, such as `20261129t020000z`, and perhaps what makes it unique?
fn is_of(series: &str, name: &str) -> bool {
    const TIME: &[u8] = b"00000000t000000z";
    let Some((time, rest)) = name.strip_prefix(series).and_then(|rest| rest.split_at_checked(TIME.len())) else { return false };
    let fits = |(byte, form): (u8, &u8)| byte == *form || (*form == b'0' && byte.is_ascii_digit());
    time.bytes().zip(TIME).all(fits)
        && (rest.is_empty() || rest.strip_prefix('-').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric())))
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

    /// A backup of this day of the month.
    fn of(day: u32) -> String {
        format!("demo-202611{day:02}t020000z-5a0e7c12")
    }

    async fn plant(store: &Store, name: &str, platform: Option<&str>, verified: bool) {
        let mut manifest = Manifest::begun(platform.map(str::to_owned), Timestamp::UNIX_EPOCH);
        manifest.verified_at = verified.then_some(Timestamp::UNIX_EPOCH);
        store.put(&Manifest::key(name), manifest.json().into()).await.unwrap();
        store.put(&format!("{name}/objects/blobs/a"), "a".into()).await.unwrap();
    }

    /// The names of what is left, where each still has its bytes.
    async fn left(store: &Store) -> Vec<String> {
        let keys = store.list("", None).await.unwrap().keys;
        let names: Vec<_> = keys.iter().filter_map(|key| Some(key.strip_prefix(FOLDER)?.strip_suffix(".json")?.to_owned())).collect();
        assert_eq!(keys.len(), 2 * names.len(), "{keys:?}");
        names
    }

    fn keep(newest: usize) -> Keep {
        Keep { series: "demo-".to_owned(), newest }
    }

    #[tokio::test]
    async fn the_newest_verified_ones_stay_and_so_does_what_is_not_of_the_series() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::in_folder(root.path().to_owned());
        for (day, verified) in [(1, true), (2, false), (3, true), (4, true), (5, false)] {
            plant(&store, &of(day), None, verified).await;
        }
        plant(&store, "by-hand", None, true).await;
        plant(&store, "demo-by-hand", None, true).await;
        prune(&store, &keep(2), None, &of(4)).await.unwrap();
        assert_eq!(left(&store).await, ["by-hand".to_owned(), of(3), of(4), of(5), "demo-by-hand".to_owned()]);
    }

    #[tokio::test]
    async fn another_platform_of_the_same_name_keeps_its_own() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::in_folder(root.path().to_owned());
        for (day, platform) in [(1, Some("ours")), (2, Some("theirs")), (3, None), (4, Some("ours"))] {
            plant(&store, &of(day), platform, true).await;
        }
        prune(&store, &keep(1), Some("ours"), &of(4)).await.unwrap();
        assert_eq!(left(&store).await, [of(2), of(3), of(4)]);
    }

    #[tokio::test]
    async fn the_one_that_was_just_made_stays_though_its_time_is_past() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::in_folder(root.path().to_owned());
        for day in [1, 2, 3] {
            plant(&store, &of(day), None, true).await;
        }
        prune(&store, &keep(1), None, &of(1)).await.unwrap();
        assert_eq!(left(&store).await, [of(1), of(3)]);
    }

    #[test]
    fn a_series_is_followed_by_a_time() {
        for name in ["demo-scheduled-20261129t020000z", "demo-scheduled-20261129t020000z-5a0e7c12"] {
            assert!(is_of("demo-scheduled-", name), "{name}");
        }
        assert!(is_of("", "20261129t020000z"));
        for name in ["demo-scheduled-scheduled-20261129t020000z", "demo-scheduled-", "demo-scheduled-20261129t020000z.old", "demo-2"] {
            assert!(!is_of("demo-scheduled-", name), "{name}");
        }
    }
}
