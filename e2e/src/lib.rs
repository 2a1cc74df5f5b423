//! The platform on a real cluster, from the outside: everything is in `tests/platform`, one story a file, and
//! `scripts/e2e` brings up what the stories need.
