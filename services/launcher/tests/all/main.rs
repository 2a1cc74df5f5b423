//! `social-platform all` as its user runs it: the program, its folder, its signals.

mod embedded;
mod own_server;
mod process;
