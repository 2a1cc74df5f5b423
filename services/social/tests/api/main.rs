//! From the front door: HTTP on a free port and a real PostgreSQL. Relation and photo are not there: the tests tell their
//! facts, and answer social's one question in photo's place.

mod answers;
mod bookmarks;
mod comments;
mod costs;
mod counts;
mod deletions;
mod edits;
mod emojis;
mod entities;
mod erasure;
mod export;
mod hidden;
mod histories;
mod home;
mod lists;
mod moderation;
mod notifications;
mod photo_service;
mod photos;
mod pins;
mod posts;
mod profiles;
mod reactions;
mod replica;
mod reports;
mod rings;
mod search;
mod shown;
mod statements;
mod stream;
mod support;
mod tags;
mod threads;
mod timelines;
mod visibility;
