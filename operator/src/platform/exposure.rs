//! How requests come in.

use std::collections::BTreeMap;

use crate::crd::{IssuerKind, ParentRef};

/// How requests come in.
#[derive(Clone, Debug)]
pub enum Exposure {
    /// An Ingress.
    Ingress {
        /// The IngressClass.
        class: Option<String>,
        /// Annotations for the ingress controller.
        annotations: BTreeMap<String, String>,
    },
    /// An HTTPRoute.
    Gateway {
        /// The Gateways to attach to.
        parents: Vec<ParentRef>,
        /// How long a request may take, if the resource says so.
        request_timeout: Option<String>,
        /// Whether the cluster knows HTTPRoutes.
        served: bool,
    },
    /// Nothing of ours.
    None,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The Secret that holds it.
    pub secret: String,
    /// Whom cert-manager gets it from.
    pub issuer: Option<Issuer>,
}

/// An issuer of cert-manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: IssuerKind,
    /// Whether the cluster knows cert-manager.
    pub served: bool,
}
