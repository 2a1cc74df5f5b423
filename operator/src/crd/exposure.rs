use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PeerSpec, TlsSpec};

/// How people reach the platform.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("self.mode == 'Gateway' ? has(self.gateway) : !has(self.gateway)")
        .message("exposure.gateway belongs to exposure.mode Gateway, which needs it"),
    validation = Rule::new("self.mode == 'Ingress' || !has(self.ingress)")
        .message("exposure.ingress belongs to exposure.mode Ingress"),
    validation = Rule::new("self.mode == 'Ingress' || !has(self.tls) || has(self.tls.issuerRef)")
        .message("exposure.tls without an issuerRef belongs to exposure.mode Ingress: a Gateway's listener names its Secret itself")
)]
#[serde(rename_all = "camelCase")]
pub struct ExposureSpec {
    /// `Gateway`: an HTTPRoute on a Gateway that exists. `Ingress`: an Ingress. `None`: neither; route the host to the
    /// Services yourself.
    pub mode: ExposureMode,

    /// The scheme under which people see the platform: `HTTPS` unless set, but `HTTP` for an Ingress without
    /// `exposure.tls`. Set it to `HTTPS` when TLS ends in front of such an Ingress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,

    /// The certificate of the domain. Without it an Ingress has no TLS; a Gateway has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSpec>,

    /// The Ingress of mode Ingress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressSpec>,

    /// The HTTPRoute of mode Gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewaySpec>,

    /// Who may call the services' public port 8080, where the cluster enforces NetworkPolicies; any pod unless set. Name
    /// the gateway's or ingress controller's pods to let nobody pass by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub from: Option<Vec<PeerSpec>>,
}

/// What brings requests in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExposureMode {
    /// An Ingress.
    Ingress,
    /// An HTTPRoute.
    Gateway,
    /// Nothing that the operator makes.
    None,
}

/// The scheme of the platform's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(description = "")]
pub enum Scheme {
    /// `http://`
    Http,
    /// `https://`
    Https,
}

/// The Ingress to make.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IngressSpec {
    /// The IngressClass; the cluster's default unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub class_name: Option<String>,

    /// Annotations for the ingress controller. For the class `nginx`, those that let uploads through are written unless they
    /// stand here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// The HTTPRoute to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// The Gateways to attach to. A Gateway of another namespace has to allow routes from this one.
    #[schemars(length(min = 1, max = 8))]
    pub parent_refs: Vec<ParentRef>,

    /// How long the Gateway lets a request take, such as `310s`, or `0s` for as long as it wants; the Gateway's own time unless set. An
    /// upload may take 300 s, and a stream of events ends with its time and is opened again. The Gateway has to support `timeouts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 32), regex(pattern = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"))]
    pub request_timeout: Option<String>,
}

/// A Gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    /// The name of the Gateway.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,

    /// Its namespace; the platform's unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,

    /// The listener of the Gateway, such as `https`; all that match unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub section_name: Option<String>,
}
