//! Where a story takes place: a namespace of its own, under the strictest Pod Security, and gone when it ends well.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures::FutureExt as _;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, ServiceAccount};
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, ResourceExt as _};
use kube::runtime::wait::{await_condition, conditions};
use serde_json::json;
use tokio::sync::Mutex;

use crate::gateway::Gateway;
use crate::platform::Platform;
use crate::wait::{DEADLINE, eventually};
use crate::{diagnosis, environment, secrets};

/// The field manager of what the stories write.
pub const MANAGER: &str = "e2e";

/// A namespace and who looks at it.
pub struct Scene {
    /// The cluster, with the rights of an administrator.
    pub client: kube::Client,
    /// `e2e-…`.
    pub namespace: String,
}

/// Stories wait for each other: two platforms on one laptop would spoil each other's times, and one story restarts the
/// operator. That a namespace goes is waited for beside the next one.
static STAGE: Mutex<()> = Mutex::const_new(());

/// Tells a story in the namespace `e2e-<name>`. When it fails, the cluster's own account of it is printed and the
/// namespace stays, to be looked at. At its end, no Secret of the namespace may be told anywhere.
pub async fn story(name: &str, tell: impl AsyncFnOnce(&Scene)) {
    let alone = STAGE.lock().await;
    let begun = Instant::now();
    let scene = Scene { client: environment::cluster().await, namespace: format!("e2e-{name}") };
    scene.clear().await;
    scene.open().await;
    let told = async {
        tell(&scene).await;
        secrets::are_nowhere_else(&scene).await;
    };
    if let Err(panic) = AssertUnwindSafe(told).catch_unwind().await {
        diagnosis::print(&scene).await;
        std::panic::resume_unwind(panic);
    }
    println!("{}: told in {} s", scene.namespace, begun.elapsed().as_secs());
    drop(alone);
    scene.clear().await;
    println!("{}: gone after {} s", scene.namespace, begun.elapsed().as_secs());
}

impl Scene {
    /// The platform of this story.
    pub fn platform(&self) -> Platform {
        Platform::new(self)
    }

    /// The name under which the gateway serves it.
    pub fn domain(&self) -> String {
        format!("{}.test", self.namespace)
    }

    /// The gateway as it serves this story's platform.
    pub fn gateway(&self) -> Gateway {
        Gateway::of(&self.domain())
    }

    async fn open(&self) {
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": self.namespace, "labels": { "pod-security.kubernetes.io/enforce": "restricted" } },
        });
        let api: Api<Namespace> = Api::all(self.client.clone());
        api.patch(&self.namespace, &PatchParams::apply(MANAGER), &Patch::Apply(&namespace)).await.expect("a namespace can be made");
        // What the cluster itself puts into every namespace, a moment later.
        let account: Api<ServiceAccount> = Api::namespaced(self.client.clone(), &self.namespace);
        let authority: Api<ConfigMap> = Api::namespaced(self.client.clone(), &self.namespace);
        let there = async {
            await_condition(account, "default", conditions::is_created()).await?;
            await_condition(authority, "kube-root-ca.crt", conditions::is_created()).await
        };
        tokio::time::timeout(DEADLINE, there).await.expect("the namespace is furnished").expect("namespaces can be watched");
    }

    /// Deletes the platforms, and waits for their pods. Of a pod that may take minutes to end, the namespace's controller waits for
    /// half of them before it looks again, though the pod is long gone.
    async fn send_home(&self) {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("socialplatform.dev", "v1alpha1", "SocialPlatform"));
        let platforms: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.namespace, &kind);
        platforms.delete_collection(&DeleteParams::default(), &ListParams::default()).await.expect("platforms can be deleted");
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        eventually("no pod is left that may take minutes to end", async || {
            let pods = pods.list(&ListParams::default()).await.map_err(|error| error.to_string())?;
            let grace = |pod: &Pod| pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds).unwrap_or_default();
            match pods.items.iter().find(|pod| grace(pod) > 60) {
                None => Ok(()),
                Some(pod) => Err(pod.name_any()),
            }
        })
        .await;
    }

    /// Deletes the namespace with all that is in it, which no finalizer may hold up.
    async fn clear(&self) {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let Some(namespace) = api.get_opt(&self.namespace).await.expect("namespaces can be read") else { return };
        self.send_home().await;
        let uid = namespace.metadata.uid.expect("what exists has a uid");
        api.delete(&self.namespace, &DeleteParams::default()).await.expect("the namespace can be deleted");
        let gone = await_condition(api, &self.namespace, conditions::is_deleted(&uid));
        let gone = tokio::time::timeout(DEADLINE, gone).await;
        gone.unwrap_or_else(|_| panic!("the namespace {} is still there", self.namespace)).expect("namespaces can be watched");
    }
}
