//! The operator against a real kube-apiserver, etcd and kube-controller-manager: `cluster api` starts them, and
//! `TEST_KUBECONFIG` says where they are. No pod runs; a [player](player) says of each what kubelet would.
//!
//! Each test has a namespace of its own, labelled so that only pods of the Pod Security level `restricted` get in.

mod backups;
mod certificate;
mod changes;
mod cloud_native_pg;
mod crash;
mod definition;
mod deletion;
mod discovery;
mod dying;
mod election;
mod events;
mod everything;
mod faults;
mod harness;
mod healing;
mod hostile;
mod instead;
mod lifecycle;
mod measured;
mod migration;
mod namespaces;
mod optional_kinds;
mod player;
mod record;
mod refusals;
mod requests;
mod restored;
mod rights;
mod rollout;
mod rotation;
mod scaling;
mod shapes;
mod steady;
mod tries;
mod unreadable;
mod work;
