//! A namespace of its own, an operator in it, and waiting.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions::is_crd_established};
use kube::{Client, Config, CustomResourceExt, Resource, ResourceExt};
use operator::connection::limited;
use operator::controller::{self, Options};
use operator::crd::{SocialPlatform, SocialPlatformBackup};
use operator::example;
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinHandle;

use crate::optional_kinds;
use crate::player::Player;
use crate::requests::Requests;

/// How long anything may take. Far more than it does, because the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(300);

/// Whether the CRDs are those of now.
static INSTALLED: OnceCell<()> = OnceCell::const_new();

/// A namespace with an operator that looks after nothing else.
pub struct Harness {
    /// How to connect, with the operator's own limits.
    pub config: Config,
    /// The test's own client.
    pub client: Client,
    /// The namespace.
    pub namespace: String,
    /// What the operator asked for.
    pub requests: Requests,
    /// Who plays kubelet.
    pub player: Player,
}

/// Connects, and installs the CRDs.
pub async fn connect() -> Config {
    let path = std::env::var("TEST_KUBECONFIG")
        .expect("TEST_KUBECONFIG is not set: start an API server and a controller manager, and give the path of their kubeconfig");
    let kubeconfig = Kubeconfig::read_from(path).expect("TEST_KUBECONFIG is the path of a kubeconfig");
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    INSTALLED.get_or_init(|| install(Client::try_from(config.clone()).unwrap())).await;
    config
}

async fn install(client: Client) {
    let crds: Api<CustomResourceDefinition> = Api::all(client);
    let params = PatchParams::apply("test").force();
    for crd in [SocialPlatform::crd(), SocialPlatformBackup::crd()] {
        let name = crd.name_any();
        crds.patch(&name, &params, &Patch::Apply(crd)).await.unwrap();
        let established = await_condition(crds.clone(), &name, is_crd_established());
        tokio::time::timeout(DEADLINE, established).await.expect("the CRD is accepted").unwrap();
    }
}

/// Makes a namespace that no other test has.
pub async fn namespace(client: &Client, test: &str) -> String {
    let metadata = ObjectMeta {
        generate_name: Some(format!("{test}-")),
        labels: Some([("pod-security.kubernetes.io/enforce".to_owned(), "restricted".to_owned())].into()),
        ..ObjectMeta::default()
    };
    let namespace = Namespace { metadata, ..Namespace::default() };
    let made = Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
    made.name_any()
}

impl Harness {
    /// A namespace with everything that the examples refer to, an operator, and a player.
    pub async fn start(test: &str) -> Self {
        let harness = Self::prepare(test).await;
        harness.operate(harness.observed()).detach();
        harness
    }

    /// The same without an operator.
    pub async fn prepare(test: &str) -> Self {
        let config = connect().await;
        let client = Client::try_from(config.clone()).unwrap();
        let namespace = namespace(&client, test).await;
        // From the start: an operator that finds them later would write in the middle of another test.
        optional_kinds::install(&client).await;

        let player = Player::start(&client, &namespace);
        let config = limited(config);
        let harness = Self { player, config, client, namespace, requests: Requests::default() };
        harness.create(&catalog()).await;
        let owner = [("host", "pg"), ("port", "5432"), ("dbname", "app"), ("user", "app"), ("password", "word")];
        harness.create(&secret("demo-pg-app", &owner)).await;
        let store = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key")];
        harness.create(&secret("demo-s3", &store)).await;
        harness.create(&secret("demo-backups", &store)).await;
        harness.create(&secret("demo-smtp", &[("username", "name"), ("password", "word")])).await;
        harness
    }

    /// A client whose requests are remembered in [`requests`](Self::requests).
    pub fn observed(&self) -> Client {
        ClientBuilder::try_from(self.config.clone()).unwrap().with_layer(&self.requests).build()
    }

    /// Starts an operator.
    pub fn operate(&self, client: Client) -> Operator {
        Operator::start(client, self.options())
    }

    /// How operators run here.
    pub fn options(&self) -> Options {
        Options {
            namespaces: vec![self.namespace.clone()],
            own_namespace: self.namespace.clone(),
            images_config_map: Some("images".to_owned()),
            instance: Some("test".to_owned()),
            resync: Duration::from_millis(500),
            timeout: Duration::from_secs(120),
            concurrency: 4,
            rotation_overlap: Duration::from_secs(1),
        }
    }

    /// The objects of one kind in the namespace.
    pub fn api<K: Resource<DynamicType = (), Scope = NamespaceResourceScope>>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Creates an object.
    pub async fn create<K>(&self, object: &K) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        K: Clone + Debug + DeserializeOwned + serde::Serialize,
    {
        self.api::<K>().create(&PostParams::default(), object).await.unwrap()
    }

    /// An object that must be there.
    pub async fn get<K>(&self, name: &str) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        self.api::<K>().get(name).await.unwrap()
    }

    /// Changes some fields of an object, as a person with kubectl would.
    pub async fn edit<K>(&self, name: &str, change: serde_json::Value) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        self.api::<K>().patch(name, &PatchParams::default(), &Patch::Merge(change)).await.unwrap()
    }

    /// Waits until the platform `demo` has the condition `type_` in this status and for this reason.
    pub async fn wait_for(&self, type_: &str, status: &str, reason: &str) -> SocialPlatform {
        eventually(&format!("{type_}={status} for the reason {reason}"), || async {
            let platform: SocialPlatform = self.get("demo").await;
            let conditions = platform.status.as_ref().map(|status| status.conditions.clone()).unwrap_or_default();
            let found = conditions.into_iter().find(|condition| condition.type_ == type_);
            match found {
                Some(condition)
                    if condition.status == status
                        && condition.reason == reason
                        && condition.observed_generation == platform.metadata.generation =>
                {
                    Ok(platform)
                }
                other => Err(format!("it is {other:?}")),
            }
        })
        .await
    }

    /// Waits until the platform `demo` is ready.
    pub async fn wait_until_ready(&self) -> SocialPlatform {
        self.wait_for("Ready", "True", "AllComponentsAvailable").await
    }
}

/// An operator that runs.
pub struct Operator(JoinHandle<()>);

impl Operator {
    /// Starts one.
    pub fn start(client: Client, options: Options) -> Self {
        let (ready, _) = watch::channel(false);
        Self(tokio::spawn(controller::run(client, options, ready, std::future::pending())))
    }

    /// Lets it run to the end of the test.
    pub fn detach(self) {}

    /// Ends it in the middle of whatever it does.
    pub async fn kill(self) {
        self.0.abort();
        let _ = self.0.await;
    }
}

/// The minimal example: Development storage behind an Ingress.
pub fn development() -> SocialPlatform {
    let mut resource = example::minimal();
    resource.spec.version = "1.0.0".to_owned();
    resource
}

/// The full example without its Gateway: whether its API is installed depends on the cluster.
pub fn external() -> SocialPlatform {
    let mut resource = example::full();
    resource.spec.version = "1.0.0".to_owned();
    resource.spec.exposure = example::minimal().spec.exposure;
    // Only tests of schedules want a backup that nobody asks for; the example's time may come while any other runs.
    resource.spec.backup.as_mut().expect("the full example is backed up").schedule = Some("0 0 29 2 *".to_owned());
    resource
}

/// Some releases.
fn catalog() -> ConfigMap {
    let metadata = ObjectMeta { name: Some("images".to_owned()), ..ObjectMeta::default() };
    let data = ["1.0.0", "2.0.0", "2.1.0"].map(|version| (version.to_owned(), format!("example.org/social-platform:{version}")));
    ConfigMap { metadata, data: Some(data.into()), ..ConfigMap::default() }
}

/// A Secret with these values.
pub fn secret(name: &str, values: &[(&str, &str)]) -> Secret {
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
    Secret { metadata, string_data: Some(values.collect()), ..Secret::default() }
}

/// What the condition `type_` of a platform says.
pub fn message(platform: &SocialPlatform, type_: &str) -> String {
    let conditions = &platform.status.as_ref().unwrap().conditions;
    conditions.iter().find(|condition| condition.type_ == type_).unwrap().message.clone()
}

/// Tries again until `attempt` succeeds; fails with its last answer at the deadline.
pub async fn eventually<T, F: Future<Output = Result<T, String>>>(what: &str, attempt: impl FnMut() -> F) -> T {
    eventually_within(DEADLINE, what, attempt).await
}

/// The same for what may take longer, as where chance says how often it is tried.
pub async fn eventually_within<T, F: Future<Output = Result<T, String>>>(
    deadline: Duration,
    what: &str,
    mut attempt: impl FnMut() -> F,
) -> T {
    let start = Instant::now();
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(last) if start.elapsed() > deadline => panic!("not within {deadline:?}: {what}; {last}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
