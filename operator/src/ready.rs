//! `operator ready`: asks a running operator whether it is, for `helm test`.

use std::time::{Duration, Instant};

use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::Result;

/// Between two questions. A Service that has just been made leads nowhere for a moment.
const PAUSE: Duration = Duration::from_secs(1);
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(crate) struct Ready {
    /// Host and port of its private address, such as `social-platform-operator:9090`.
    address: String,
    /// Seconds to wait until it is ready.
    #[arg(long, default_value_t = 60)]
    timeout_seconds: u64,
}

impl Ready {
    pub(crate) async fn wait(self) -> Result<()> {
        let address = self.address;
        let start = Instant::now();
        loop {
            let answer = timeout(PATIENCE, ask(&address)).await;
            match answer.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs()).into())) {
                Ok(()) => {
                    println!("{address} is ready");
                    return Ok(());
                }
                Err(error) if start.elapsed().as_secs() >= self.timeout_seconds => return Err(format!("{address}: {error}").into()),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

/// One question over plain HTTP: the operator holds no client but that of the API server.
async fn ask(address: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    match answer.split_whitespace().nth(1) {
        Some("200") => Ok(()),
        _ => Err(answer.lines().last().unwrap_or("it says nothing").into()),
    }
}

#[cfg(test)]
mod tests {
    use operator::probes;
    use tokio::net::TcpListener;
    use tokio::sync::watch;

    use super::*;

    #[tokio::test]
    async fn an_operator_that_waits_is_not_ready_and_one_that_works_is() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (ready, is_ready) = watch::channel(false);
        tokio::spawn(probes::serve(listener, is_ready, std::future::pending()));
        let ask = || Ready { address: address.clone(), timeout_seconds: 0 }.wait();
        assert!(ask().await.unwrap_err().to_string().contains("waiting for the Lease"));
        ready.send_replace(true);
        ask().await.unwrap();
    }
}
