//! An authority of one's own, and ports whose certificates are of it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::process::GUARD;

/// Makes an authority, whose certificate is `trust/ca.crt` in the folder, and a certificate of it for `localhost`.
pub fn authority(folder: &Path) -> TlsAcceptor {
    std::fs::create_dir_all(folder.join("trust")).expect("the folder takes folders");
    std::fs::write(folder.join("extensions"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").expect("and files");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for command in [
        format!("req -x509 {key} -days 1 -subj /CN=authority -keyout authority.pem -out trust/ca.crt"),
        format!("req {key} -subj /CN=localhost -keyout key.pem -out request.pem"),
        "x509 -req -in request.pem -CA trust/ca.crt -CAkey authority.pem -set_serial 2 -days 1 -extfile extensions -out cert.pem"
            .to_owned(),
    ] {
        let made = Command::new("openssl").current_dir(folder).args(command.split(' ')).output().expect("openssl runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let certificate = CertificateDer::from_pem_file(folder.join("cert.pem")).expect("openssl writes PEM");
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).expect("openssl writes PEM");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is the certificate's");
    TlsAcceptor::from(Arc::new(config))
}

/// What is behind a port: something else on this machine, if anything.
#[derive(Clone, Copy)]
pub enum Behind {
    Nothing,
    Port(u16),
    /// The same, but clients ask for TLS as PostgreSQL's do.
    Postgres(u16),
}

/// A port that speaks TLS, and counts who trusted its certificate and who did not.
pub struct Port {
    pub number: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    trusted: AtomicUsize,
    refused: AtomicUsize,
}

impl Port {
    pub async fn open(acceptor: &TlsAcceptor, behind: Behind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let number = listener.local_addr().expect("it is bound").port();
        let counts = Arc::new(Counts::default());
        let (acceptor, counted) = (acceptor.clone(), counts.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(acceptor.clone(), stream, behind, counted.clone()));
            }
        });
        Self { number, counts }
    }

    /// How many trusted it, and how many refused it.
    pub fn counts(&self) -> (usize, usize) {
        (self.counts.trusted.load(Ordering::SeqCst), self.counts.refused.load(Ordering::SeqCst))
    }

    /// Waits until somebody has come, and answers whether everybody trusted it, or nobody.
    pub async fn is_trusted(&self, what: &str) -> bool {
        let deadline = Instant::now() + GUARD;
        loop {
            match self.counts() {
                (0, 0) => assert!(Instant::now() < deadline, "{what}: nobody came in {GUARD:?}"),
                (_, 0) => return true,
                (0, _) => return false,
                both => panic!("{what}: {both:?} trusted and refused it"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn serve(acceptor: TlsAcceptor, mut stream: TcpStream, behind: Behind, counts: Arc<Counts>) {
    if matches!(behind, Behind::Postgres(_)) {
        // Its first message is the wish for TLS, and one letter the answer.
        let mut wish = [0; 8];
        if stream.read_exact(&mut wish).await.is_err() || stream.write_all(b"S").await.is_err() {
            return;
        }
    }
    let mut tls = match acceptor.accept(stream).await {
        Ok(tls) => tls,
        Err(_) => {
            // Some say why, and some hang up when they have seen the certificate.
            counts.refused.fetch_add(1, Ordering::SeqCst);
            return;
        }
    };
    counts.trusted.fetch_add(1, Ordering::SeqCst);
    let (Behind::Port(port) | Behind::Postgres(port)) = behind else { return };
    if let Ok(mut upstream) = TcpStream::connect(("127.0.0.1", port)).await {
        // Whoever ends first ends both.
        let _ = copy_bidirectional(&mut tls, &mut upstream).await;
    }
}
