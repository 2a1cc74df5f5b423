//! From the front door: bytes in, pictures out. Every picture is made in the test.

mod animation;
mod corpus;
mod hostile;
mod metadata;
mod samples;
mod variants;
