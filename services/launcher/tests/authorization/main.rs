//! Who may call what, by exhaustion: every route that is documented, crossed with every kind of token ([`routes`]), and
//! every object with every kind of person ([`people`]). What is not in a table fails. And when that is over ([`ends`]), and
//! that nothing else is taken than what was asked for ([`bodies`]).

mod app;
mod bodies;
mod documented;
mod ends;
mod forge;
mod people;
#[path = "../all/process.rs"]
#[allow(dead_code, reason = "some of it is for the tests of the process itself")]
mod process;
mod routes;
mod stage;
