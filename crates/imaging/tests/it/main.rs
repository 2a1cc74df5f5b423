//! From the front door: bytes in, pictures out. Every picture but those of AVIF is made in the test.

mod animation;
mod avif;
mod colors;
mod corpus;
mod hostile;
mod metadata;
mod planting;
mod samples;
mod variants;
