//! `social-platform all` as its user runs it: the program, its folder, its signals.

mod backup;
mod embedded;
mod erased;
mod migrate;
mod own_server;
mod process;
mod renamed;
mod sign_ins;
mod tls;
mod trust;
