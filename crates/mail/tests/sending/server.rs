//! As much of an SMTP server as a letter needs.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// A letter that arrived.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub from: String,
    pub to: String,
    pub data: String,
}

#[derive(Default)]
struct Inner {
    received: Mutex<Vec<Received>>,
    /// What recipients are answered with instead of being accepted.
    refusal: Mutex<Option<String>>,
}

/// A port that is a server's even while it is down: a socket that is bound to it and does not listen. Whoever connects is refused, and
/// nobody else is given the port.
pub struct Port(TcpSocket);

impl Port {
    fn number(&self) -> u16 {
        self.0.local_addr().expect("a bound socket").port()
    }
}

/// Listens until it is dropped.
pub struct SmtpServer {
    tasks: JoinSet<()>,
    port: Port,
    inner: Arc<Inner>,
}

impl SmtpServer {
    pub fn start() -> Self {
        Self::start_on(Port(bound(0)))
    }

    /// Where it was before.
    pub fn start_on(port: Port) -> Self {
        let listener = bound(port.number()).listen(128).expect("nobody else listens there");
        let inner = Arc::new(Inner::default());
        let mut tasks = JoinSet::new();
        let shared = inner.clone();
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that hangs up is its own business.
                let _ = talk(stream, &shared).await;
            }
        });
        Self { tasks, port, inner }
    }

    /// Hangs up, and listens no more.
    pub async fn stop(mut self) -> Port {
        self.tasks.shutdown().await;
        self.port
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    pub fn answer_recipients_with(&self, refusal: &str) {
        *self.inner.refusal.lock().expect("no holder panics") = Some(refusal.to_owned());
    }

    pub fn received(&self) -> Vec<Received> {
        self.inner.received.lock().expect("no holder panics").clone()
    }
}

/// A socket at this port, or at one that is free. Several may be bound to one port as long as only one of them listens.
fn bound(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option that there is");
    socket.bind(([127, 0, 0, 1], port).into()).expect("a port");
    socket
}

async fn talk(stream: TcpStream, inner: &Inner) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut letter = Received::default();
    stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let upper = line.to_ascii_uppercase();
        let between = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let answer = if upper.starts_with("MAIL FROM") {
            letter.from = between();
            "250 2.1.0 yes".to_owned()
        } else if upper.starts_with("RCPT TO") {
            letter.to = between();
            let refusal = inner.refusal.lock().expect("no holder panics").clone();
            refusal.unwrap_or_else(|| "250 2.1.5 yes".to_owned())
        } else if upper.starts_with("DATA") {
            stream.write_all(b"354 go on\r\n").await?;
            letter.data = read_data(&mut stream).await?;
            inner.received.lock().expect("no holder panics").push(std::mem::take(&mut letter));
            "250 2.0.0 taken".to_owned()
        } else if upper.starts_with("QUIT") {
            stream.write_all(b"221 2.0.0 goodbye\r\n").await?;
            return Ok(());
        } else {
            "250 mail.test".to_owned()
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// Everything up to a line that is a dot.
async fn read_data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(data);
        }
        data.push_str(&line);
    }
}
