//! From the front door: HTTP on a free port and a real PostgreSQL. Relation and photo are not there: the tests tell their
//! facts, and answer social's one question in photo's place.

mod answers;
mod comments;
mod photo_service;
mod photos;
mod posts;
mod profiles;
mod reactions;
mod support;
mod timelines;
mod visibility;
