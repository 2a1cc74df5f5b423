//! What a service withstands, from the other end of a socket.

mod cancelled;
mod connections;
mod cors;
mod counted;
mod pages;
mod rates;
mod requests;
mod rest;
mod shutdown;
mod stalls;
mod streams;
mod support;
