//! Who may call what, by exhaustion: every route that is documented, crossed with every kind of token ([`routes`]), and
//! every object with every kind of person, each with their own token and with those that look like it ([`people`]). What is
//! not in a table fails. And when that is over ([`ends`]), what a browser's cookie shows ([`cookie`]), and that nothing else is
//! taken than what was asked for ([`bodies`]).

mod app;
mod bodies;
mod browser;
mod cookie;
mod documented;
mod ends;
mod forge;
#[path = "../all/letters.rs"]
mod letters;
mod people;
#[path = "../all/process.rs"]
#[allow(dead_code, reason = "some of it is for the tests of the process itself")]
mod process;
mod routes;
mod stage;
