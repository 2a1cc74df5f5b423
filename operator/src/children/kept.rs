//! What a watch has seen of one kind, by platform, as packed JSON. Typed, an object takes many times as much memory, and that of
//! a thousand platforms is looked at once in minutes.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::mem;
use std::sync::{Arc, PoisonError, RwLock};

use kube::runtime::reflector::store::WriterDropped;
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::packed::{Packed, Packer};
use crate::resources::metadata::INSTANCE;

/// Objects of one kind.
#[derive(Default)]
struct Objects {
    /// Namespace and platform → name → the object.
    platforms: HashMap<String, BTreeMap<String, Packed>>,
    packer: Packer,
    /// Namespace and name → namespace and platform. Somebody may have changed the label since: then it is no longer where it was.
    homes: HashMap<String, String>,
}

/// The watch that would have listed them has ended: the operator is stopping.
#[derive(Debug, thiserror::Error)]
#[error("the watch has ended")]
pub struct Ended;

impl From<WriterDropped> for Ended {
    fn from(_: WriterDropped) -> Self {
        Self
    }
}

/// The objects of one kind, as last seen.
pub struct Kept<K> {
    objects: Arc<RwLock<Objects>>,
    listed: watch::Receiver<bool>,
    kind: PhantomData<fn() -> K>,
}

/// Who hears of them.
pub struct Keeper<K> {
    objects: Arc<RwLock<Objects>>,
    listed: watch::Sender<bool>,
    /// The list that is under way: what is not in it is gone.
    list: Objects,
    kind: PhantomData<fn(K)>,
}

/// A memory, and who fills it.
pub fn kept<K>() -> (Kept<K>, Keeper<K>) {
    let objects = Arc::<RwLock<Objects>>::default();
    let (sender, receiver) = watch::channel(false);
    let kept = Kept { objects: objects.clone(), listed: receiver, kind: PhantomData };
    (kept, Keeper { objects, listed: sender, list: Objects::default(), kind: PhantomData })
}

impl<K> Clone for Kept<K> {
    fn clone(&self) -> Self {
        Self { objects: self.objects.clone(), listed: self.listed.clone(), kind: PhantomData }
    }
}

impl<K: DeserializeOwned> Kept<K> {
    /// The objects of one platform, by name.
    pub fn of(&self, namespace: &str, platform: &str) -> Vec<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        let of_one = objects.platforms.get(&key(namespace, platform)).into_iter().flat_map(BTreeMap::values);
        let read = |json: &[u8]| Arc::new(serde_json::from_slice(json).expect("it was written by the same type"));
        of_one.map(|packed| objects.packer.unpack(packed, read)).collect()
    }

    /// Resolves once all have been listed.
    ///
    /// # Errors
    ///
    /// [`Ended`], if that will not come.
    pub async fn listed(&self) -> Result<(), Ended> {
        let mut listed = self.listed.clone();
        listed.wait_for(|listed| *listed).await.map(drop).map_err(|_| Ended)
    }
}

impl<K: Resource + Serialize> Keeper<K> {
    /// Keeps what a watch says. Was it the end of a new list, in the place of an older one? Then anything may be another, or gone.
    pub fn hear(&mut self, event: &Event<K>) -> bool {
        match event {
            Event::Init => self.list = Objects::default(),
            Event::InitApply(object) => self.list.keep(object),
            Event::InitDone => {
                *self.objects.write().unwrap_or_else(PoisonError::into_inner) = mem::take(&mut self.list);
                return self.listed.send_replace(true);
            }
            Event::Apply(object) => self.objects.write().unwrap_or_else(PoisonError::into_inner).keep(object),
            Event::Delete(object) => self.objects.write().unwrap_or_else(PoisonError::into_inner).forget(object),
        }
        false
    }
}

impl Objects {
    fn keep<K: Resource + Serialize>(&mut self, object: &K) {
        self.forget(object);
        let platform = object.labels().get(INSTANCE).map(String::as_str).unwrap_or_default();
        let home = key(&object.namespace().unwrap_or_default(), platform);
        let packed = self.packer.pack(serde_json::to_vec(object).expect("objects of Kubernetes are JSON"));
        self.platforms.entry(home.clone()).or_default().insert(object.name_any(), packed);
        self.homes.insert(own_key(object), home);
    }

    fn forget<K: Resource>(&mut self, object: &K) {
        let Some(home) = self.homes.remove(&own_key(object)) else { return };
        if let Entry::Occupied(mut objects) = self.platforms.entry(home) {
            objects.get_mut().remove(&object.name_any());
            if objects.get().is_empty() {
                objects.remove();
            }
        }
    }
}

fn own_key<K: Resource>(object: &K) -> String {
    key(&object.namespace().unwrap_or_default(), &object.name_any())
}

/// No name holds a slash.
fn key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::api::ObjectMeta;

    use super::*;

    fn config_map(platform: &str, name: &str, content: &str) -> ConfigMap {
        let metadata = ObjectMeta {
            namespace: Some("apps".to_owned()),
            name: Some(name.to_owned()),
            labels: Some([(INSTANCE.to_owned(), platform.to_owned())].into()),
            ..ObjectMeta::default()
        };
        ConfigMap { metadata, data: Some([("content".to_owned(), content.to_owned())].into()), ..ConfigMap::default() }
    }

    fn contents(kept: &Kept<ConfigMap>, platform: &str) -> Vec<String> {
        let of_one = |object: &Arc<ConfigMap>| format!("{}={}", object.name_any(), object.data.as_ref().unwrap()["content"]);
        kept.of("apps", platform).iter().map(of_one).collect()
    }

    #[test]
    fn each_platform_has_its_own_as_last_seen() {
        let (kept, mut keeper) = kept();
        for (platform, name, content) in [("demo", "b", "1"), ("demo", "a", "1"), ("other", "c", "1"), ("demo", "a", "2")] {
            keeper.hear(&Event::Apply(config_map(platform, name, content)));
        }
        assert_eq!(contents(&kept, "demo"), ["a=2", "b=1"]);
        assert_eq!(contents(&kept, "other"), ["c=1"]);
        keeper.hear(&Event::Delete(config_map("other", "c", "1")));
        assert_eq!(contents(&kept, "other"), [""; 0]);
        assert_eq!(kept.objects.read().unwrap().platforms.len(), 1, "a platform without objects is forgotten");
    }

    #[test]
    fn an_object_whose_label_is_changed_is_no_longer_where_it_was() {
        let (kept, mut keeper) = kept();
        keeper.hear(&Event::Apply(config_map("demo", "a", "1")));
        keeper.hear(&Event::Apply(config_map("other", "a", "1")));
        assert_eq!(contents(&kept, "demo"), [""; 0]);
        assert_eq!(contents(&kept, "other"), ["a=1"]);
        // As it was before somebody changed it: where it was last seen counts.
        keeper.hear(&Event::Delete(config_map("demo", "a", "1")));
        assert_eq!(contents(&kept, "other"), [""; 0]);
    }

    #[tokio::test]
    async fn a_new_list_counts_when_it_is_whole_and_what_is_not_in_it_is_gone() {
        let (kept, mut keeper) = kept();
        keeper.hear(&Event::Init);
        keeper.hear(&Event::InitApply(config_map("demo", "a", "1")));
        assert_eq!(contents(&kept, "demo"), [""; 0]);
        assert!(!*kept.listed.borrow());
        assert!(!keeper.hear(&Event::InitDone), "nothing was known before");
        kept.listed().await.unwrap();
        assert_eq!(contents(&kept, "demo"), ["a=1"]);

        let again = [Event::Init, Event::InitApply(config_map("demo", "b", "1")), Event::InitDone];
        assert_eq!(again.map(|event| keeper.hear(&event)), [false, false, true], "what went was told of by no event");
        assert_eq!(contents(&kept, "demo"), ["b=1"]);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_list_that_will_not_come() {
        let (kept, keeper) = kept::<ConfigMap>();
        drop(keeper);
        assert!(kept.listed().await.is_err());
    }
}
