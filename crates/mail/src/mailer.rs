use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lettre::message::header::{ContentTransferEncoding, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::io::AsyncWriteExt;

use crate::sending::watched;
use crate::{Address, Letter, MailConfig, SmtpTls};

/// How long the mail server may take for one letter.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Whom letters in a folder come from, unless said.
const FROM_IN_A_FOLDER: &str = "no-reply@localhost";

/// The settings do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMailConfig {
    /// Two ways.
    #[error("set SMTP_HOST or MAIL_FOLDER, not both")]
    TwoWays,
    /// No sender.
    #[error("MAIL_FROM must be set with SMTP_HOST, and be like `Our platform <no-reply@example.org>`")]
    From,
    /// Half of the credentials.
    #[error("set both of SMTP_USERNAME and SMTP_PASSWORD, or none of them")]
    Credentials,
    /// TLS cannot be set up for that name.
    #[error("failed to set up TLS for SMTP_HOST")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// Why a letter did not leave. Whom it was for is not said.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The mail server refuses this letter for good: sending it again is of no use.
    #[error("the mail server refuses a letter for good, with code {0}")]
    Refused(u16),
    /// The mail server cannot be reached or does not take letters now, or not from us.
    #[error("failed to hand a letter to the mail server: {0}")]
    NotNow(String),
    /// The folder cannot be written.
    #[error("failed to write a letter into the mail folder")]
    Folder(#[source] io::Error),
}

/// Sends letters.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    from: Mailbox,
    way: Way,
}

#[allow(clippy::large_enum_variant, reason = "there is one")]
enum Way {
    Smtp { host: String, transport: AsyncSmtpTransport<Tokio1Executor> },
    Folder(PathBuf),
}

impl Mailer {
    /// The way that the settings say; `None` if they say none.
    pub fn new(config: &MailConfig) -> Result<Option<Self>, InvalidMailConfig> {
        let way = match (&config.smtp_host, &config.mail_folder) {
            (Some(_), Some(_)) => return Err(InvalidMailConfig::TwoWays),
            (Some(host), None) => Way::Smtp { host: host.clone(), transport: smtp(host, config)? },
            (None, Some(folder)) => Way::Folder(folder.clone()),
            (None, None) => return Ok(None),
        };
        let from = match (&config.mail_from, &way) {
            (Some(from), _) => from.as_str(),
            (None, Way::Folder(_)) => FROM_IN_A_FOLDER,
            (None, Way::Smtp { .. }) => return Err(InvalidMailConfig::From),
        };
        let from = from.parse().map_err(|_| InvalidMailConfig::From)?;
        Ok(Some(Self(Arc::new(Inner { from, way }))))
    }

    /// Sends one letter. `id` is its own and made of letters and digits: with the same one again, it is the same letter.
    pub async fn send(&self, id: &str, to: &Address, letter: &Letter) -> Result<(), SendError> {
        let message = self.message(id, to, letter)?;
        match &self.0.way {
            Way::Folder(folder) => {
                let writing = async { write(folder, id, &message.formatted()).await.map_err(SendError::Folder) };
                watched("folder", "localhost", writing).await
            }
            Way::Smtp { host, transport } => {
                let handing_over = async {
                    match tokio::time::timeout(TIMEOUT, transport.send(message)).await {
                        Ok(sent) => sent.map(drop).map_err(|error| explain(&error)),
                        Err(_) => Err(SendError::NotNow("it took too long".to_owned())),
                    }
                };
                watched("smtp", host, handing_over).await
            }
        }
    }

    fn message(&self, id: &str, to: &Address, letter: &Letter) -> Result<Message, SendError> {
        let from = self.0.from.clone();
        let message_id = format!("<{id}@{}>", from.email.domain());
        // So that no vacation notice answers (RFC 3834).
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        Message::builder()
            .message_id(Some(message_id))
            .from(from)
            .to(to.mailbox())
            .subject(letter.subject.clone())
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(body(letter.text()), body(letter.html())))
            .map_err(|error| SendError::NotNow(error.to_string()))
    }
}

/// A part of a letter. Plain ASCII goes as it is, so that a link stays in one piece for whoever reads the file; lines may have
/// 998 characters (RFC 5322, section 2.1.1), and a library that breaks them sooner means well.
fn body(text: String) -> Body {
    match text.is_ascii() && text.lines().all(|line| line.len() < 998) {
        true => Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into_bytes(), ContentTransferEncoding::SevenBit),
        false => Body::new(text),
    }
}

fn smtp(host: &str, config: &MailConfig) -> Result<AsyncSmtpTransport<Tokio1Executor>, InvalidMailConfig> {
    let parameters = || TlsParameters::new(host.to_owned()).map_err(InvalidMailConfig::Tls);
    let (usual_port, tls) = match config.smtp_tls {
        SmtpTls::StartTls => (587, Tls::Required(parameters()?)),
        SmtpTls::Implicit => (465, Tls::Wrapper(parameters()?)),
        SmtpTls::None => (25, Tls::None),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(config.smtp_port.unwrap_or(usual_port))
        .tls(tls)
        .timeout(Some(TIMEOUT / 2));
    match (&config.smtp_username, &config.smtp_password) {
        (Some(name), Some(password)) => builder = builder.credentials(Credentials::new(name.clone(), password.clone())),
        (None, None) => {}
        _ => return Err(InvalidMailConfig::Credentials),
    }
    Ok(builder.build())
}

/// What became of a letter, without the server's words: they often quote the address.
fn explain(error: &lettre::transport::smtp::Error) -> SendError {
    match error.status().map(u16::from) {
        // The server wants other credentials, or TLS: the letter is all right, and the settings are not.
        Some(code @ (530 | 534 | 535 | 538)) => SendError::NotNow(format!("it does not let us in, with code {code}")),
        Some(code @ 500..) => SendError::Refused(code),
        Some(code) => SendError::NotNow(format!("it answered {code}")),
        None if error.is_timeout() => SendError::NotNow("it took too long".to_owned()),
        None if error.is_tls() => SendError::NotNow("TLS failed; is its certificate good for SMTP_HOST?".to_owned()),
        None if error.is_client() => SendError::NotNow("it does not offer what is needed, such as STARTTLS or a way to sign in".to_owned()),
        None => SendError::NotNow("the connection failed".to_owned()),
    }
}

/// Writes beside and renames, so that a reader never meets half a letter.
async fn write(folder: &Path, id: &str, bytes: &[u8]) -> io::Result<()> {
    // What is in it opens accounts.
    let made = folder.to_owned();
    let making = move || std::fs::DirBuilder::new().recursive(true).mode(0o700).create(made);
    tokio::task::spawn_blocking(making).await.map_err(io::Error::other)??;
    let (unfinished, finished) = (folder.join(format!("{id}.new")), folder.join(format!("{id}.eml")));
    let mut file = tokio::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    tokio::fs::rename(unfinished, finished).await
}
