//! Stories told on a real cluster, through its gateway: what a user of the platform sees, and what its operator does.
//!
//! Each story is one test in a namespace of its own (`e2e-…`), so that one can be run alone. Each ends with `secrets`: what the
//! platform keeps in Secrets is in no log, event, condition, metric or trace, and logs are `lines`. `scripts/e2e` prepares a
//! cluster with the operator installed and sets the variables that `environment` lists. Nothing here knows which cluster it is:
//! any kubeconfig will do.
//!
//! | story | shows |
//! |---|---|
//! | `first_day` | apply → Ready → people, photos, following, blocking → delete → nothing is left but what is kept |
//! | `traced` | one trace, the gateway's own spans in it, through two services to their SQL |
//! | `steady` | reconciling what has not changed writes nothing, and the operator's metrics are what its dashboard and alerts ask for |
//! | `refused` | a resource that cannot work is refused, or ends in a condition, and the last good state runs on; keys that a store refuses are told before a service is made |
//! | `killed` | the operator is killed at five points of a platform's life, and the platform becomes what it was to be |
//! | `rolled` | no request fails while the next release comes and every pod of every service is replaced, streams and uploads among them |
//! | `rotated` | no request fails while all passwords and keys of the services are replaced |
//! | `changes` | every change of the resource is followed, and what is no longer wanted goes |
//! | `backed_up` | a platform is backed up, and comes back as another one |
//! | `seeded` | the platform full of people, and what its dashboards show of them (with `E2E_SEED=1`) |
//! | `rights` | told last: every right of the operator was used, and none was missing |

mod audit;
mod crowd;
mod diagnosis;
mod environment;
mod following;
mod gateway;
mod leftovers;
mod lines;
mod load;
mod memory;
mod objects;
mod operator;
mod panels;
mod picture;
mod platform;
mod prometheus;
#[path = "../../../operator/tests/dashboards/promql.rs"]
#[allow(dead_code, reason = "the tests of the dashboards themselves use the rest")]
mod promql;
mod scene;
mod secrets;
mod traces;
mod variety;
mod victim;
mod wait;
mod wanted;

mod backed_up;
mod changes;
mod first_day;
mod killed;
mod refused;
mod rights;
mod rolled;
mod rotated;
mod seeded;
mod steady;
mod traced;
