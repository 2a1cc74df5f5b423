//! A platform that is backed up, and another that begins with the backup.

use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, ObjectMeta, PostParams, ResourceExt as _};
use serde_json::{Value, json};

use crate::gateway::{Person, text};
use crate::picture;
use crate::platform::{Platform, minimal};
use crate::scene::{Scene, story};
use crate::secrets;
use crate::wait::eventually;

/// The Service, the Secret and the bucket where backups are kept.
pub const BACKUPS: &str = "backups";
const POSTGRES: &str = "localhost/postgres:dev";
const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "backups"), ("AWS_SECRET_ACCESS_KEY", "backups-secret")];

#[tokio::test]
async fn a_backup_comes_back_as_another_platform() {
    story("backed-up", async |scene: &Scene| {
        keep_backups(scene).await;
        let platform = scene.platform();
        let mut spec = minimal(scene);
        // Every minute, which the rest of the story mostly takes anyway.
        let schedule = "* * * * *";
        spec["backup"] = json!({ "postgresImage": POSTGRES, "destination": destination(scene), "schedule": schedule, "keep": 1 });
        platform.run(&spec).await;
        let gateway = scene.gateway();
        gateway.serves().await;
        let alice = Person::sign_up(&gateway, "alice").await;
        let photo = alice.upload(&picture::jpeg(), "public").await;
        let post = alice.post(json!({ "text": "Kept", "photos": [photo] })).await;
        let shown = text(&alice.get(&post).await.accepted("read a post").json(), "/photos/0/urls/original");
        let bytes = alice.get(&shown).await.accepted("read a photo").body;

        let kept = back_up(scene).await;
        let late = alice.post(json!({ "text": "Too late" })).await;
        a_scheduled_one_takes_the_place_of_the_one_before(scene).await;
        // The Jobs that made backups go with the platform.
        secrets::are_nowhere_else(scene).await;
        platform.delete().await;

        hand_on_the_key(scene, "demo", "again").await;
        let mut spec = minimal(scene);
        spec["bootstrap"] = json!({
            "fromBackup": { "name": kept, "postgresImage": POSTGRES, "source": destination(scene) },
        });
        Platform::named(scene, "again").run(&spec).await;
        gateway.serves().await;
        let alice = Person::sign_in(&gateway, "alice").await;
        let again = alice.get(&post).await.accepted("read a post of the backup").json();
        assert_eq!(text(&again, "/text"), "Kept");
        assert_eq!(alice.get(&text(&again, "/photos/0/urls/original")).await.accepted("read a photo of the backup").body, bytes);
        assert_eq!(alice.get(&late).await.status, http::StatusCode::NOT_FOUND, "what came after the backup is not in it");
    })
    .await;
}

/// Where that store is.
pub fn endpoint(scene: &Scene) -> String {
    format!("http://{BACKUPS}.{}.svc:9000", scene.namespace)
}

fn destination(scene: &Scene) -> Value {
    json!({
        "endpoint": endpoint(scene),
        "bucket": BACKUPS,
        "prefix": "platforms/demo",
        "region": "us-east-1",
        "credentialsSecretRef": { "name": BACKUPS },
    })
}

/// Somebody else's store, as far as the platform knows.
pub async fn keep_backups(scene: &Scene) {
    let env = [("S3_ADDR", "0.0.0.0:9000"), ("S3_ROOT", "/data"), ("S3_BUCKET", BACKUPS)];
    let env = env.map(|(name, value)| json!({ "name": name, "value": value }));
    create::<Secret>(scene, json!({ "metadata": { "name": BACKUPS }, "stringData": { KEYS[0].0: KEYS[0].1, KEYS[1].0: KEYS[1].1 } })).await;
    create::<Service>(
        scene,
        json!({ "metadata": { "name": BACKUPS }, "spec": { "selector": { "app": BACKUPS }, "ports": [{ "port": 9000 }] } }),
    )
    .await;
    let pod = json!({
        "metadata": { "name": BACKUPS, "labels": { "app": BACKUPS } },
        "spec": {
            "automountServiceAccountToken": false,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65532, "fsGroup": 65532, "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [{
                "name": "s3",
                "image": "localhost/social-platform:dev",
                "command": ["/social-platform", "dev-s3"],
                "env": env,
                "envFrom": [{ "secretRef": { "name": BACKUPS } }],
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
                "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
            }],
            "volumes": [{ "name": "data", "emptyDir": {} }],
        },
    });
    create::<Pod>(scene, pod).await;
}

/// Creates an object in the scene's namespace.
pub async fn create<K>(scene: &Scene, object: Value)
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    K: Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let object = serde_json::from_value(object).expect("an object of this kind");
    api.create(&PostParams::default(), &object).await.expect("the API server takes the object");
}

fn kind() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("socialplatform.dev", "v1alpha1", "SocialPlatformBackup"))
}

/// Waits until the schedule has had a backup made, and until that is deleted because there is a newer one.
async fn a_scheduled_one_takes_the_place_of_the_one_before(scene: &Scene) {
    let api: Api<DynamicObject> = Api::namespaced_with(scene.client.clone(), &scene.namespace, &kind());
    let scheduled = ListParams::default().labels("socialplatform.dev/scheduled");
    let first = eventually("a scheduled backup is made", async || {
        let backups = api.list(&scheduled).await.map_err(|error| error.to_string())?;
        let made = backups.iter().find(|backup| backup.data["status"]["phase"] == "Completed");
        made.map(|backup| backup.name_any()).ok_or_else(|| format!("none of {} is made", backups.items.len()))
    })
    .await;
    eventually("a newer one is made", async || {
        let backups = api.list(&scheduled).await.map_err(|error| error.to_string())?;
        let is_newer = |backup: &&DynamicObject| backup.name_any() != first && backup.data["status"]["phase"] == "Completed";
        backups.iter().find(is_newer).map(drop).ok_or_else(|| format!("none of {} is newer", backups.items.len()))
    })
    .await;
    eventually("it takes the place of the one before", async || match api.get_opt(&first).await.map_err(|error| error.to_string())? {
        None => Ok(()),
        Some(_) => Err(format!("{first} is still there")),
    })
    .await;
}

/// Asks for a backup of the platform `demo`, and answers the name under which it is kept.
async fn back_up(scene: &Scene) -> String {
    let kind = kind();
    let api: Api<DynamicObject> = Api::namespaced_with(scene.client.clone(), &scene.namespace, &kind);
    let mut backup = DynamicObject::new("by-hand", &kind);
    backup.data = json!({ "spec": { "platformRef": { "name": "demo" } } });
    api.create(&PostParams::default(), &backup).await.expect("the API server takes the backup");
    let made = eventually("the backup is made and verified", async || {
        let status = api.get("by-hand").await.map_err(|error| error.to_string())?.data["status"].clone();
        assert_ne!(status["phase"], "Failed", "{status}");
        if status["phase"] == "Completed" { Ok(status) } else { Err(status.to_string()) }
    })
    .await;
    assert_eq!(made["verified"], true, "{made}");
    assert_eq!(made["objects"], 7, "a photo has four sizes, three of them in two formats: {made}");
    text(&made, "/backupName")
}

/// Without the key under which auth encrypts, nobody could read its signing keys.
async fn hand_on_the_key(scene: &Scene, from: &str, to: &str) {
    let api: Api<Secret> = Api::namespaced(scene.client.clone(), &scene.namespace);
    let key = api.get(&format!("{from}-key-encryption")).await.expect("the key outlives its platform");
    let metadata = ObjectMeta { name: Some(format!("{to}-key-encryption")), ..ObjectMeta::default() };
    let copy = Secret { metadata, data: key.data, ..Secret::default() };
    api.create(&PostParams::default(), &copy).await.expect("the API server takes the key");
}
