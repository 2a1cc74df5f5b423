//! `social-platform all` as its user runs it: the program, its folder, its signals.

#[path = "../authorization/app.rs"]
#[allow(dead_code, reason = "some of it is for the tests of authorization")]
mod app;
mod backup;
#[path = "../authorization/browser.rs"]
mod browser;
mod embedded;
mod erased;
mod killed;
mod leaving;
mod letters;
mod migrate;
mod own_server;
mod process;
mod renamed;
mod sign_ins;
mod slow_upload;
#[path = "../authorization/stage.rs"]
#[allow(dead_code, reason = "some of it is for the tests of authorization")]
mod stage;
mod tls;
mod trust;
mod withdrawn;
