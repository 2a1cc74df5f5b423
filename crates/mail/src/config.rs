use std::fmt;
use std::path::PathBuf;

/// How mail leaves: over SMTP, or into a folder. With neither, what needs mail says that there is none.
#[derive(Clone, Default, clap::Args)]
pub struct MailConfig {
    /// The mail server, such as `smtp.example.org`.
    #[arg(long, env = "SMTP_HOST")]
    pub smtp_host: Option<String>,
    /// Its port. Unless set: 587 with `StartTls`, 465 with `Implicit`, 25 with `None`.
    #[arg(long, env = "SMTP_PORT")]
    pub smtp_port: Option<u16>,
    /// How the connection to the mail server is protected.
    #[arg(long, env = "SMTP_TLS", value_enum, default_value_t = SmtpTls::StartTls)]
    pub smtp_tls: SmtpTls,
    /// The name to sign in with at the mail server, if it wants one.
    #[arg(long, env = "SMTP_USERNAME")]
    pub smtp_username: Option<String>,
    /// Its password.
    #[arg(long, env = "SMTP_PASSWORD", hide_env_values = true)]
    pub smtp_password: Option<String>,
    /// Whom mail comes from, such as `Our platform <no-reply@example.org>`. Needed with `SMTP_HOST`.
    #[arg(long, env = "MAIL_FROM")]
    pub mail_from: Option<String>,
    /// Instead of a mail server: a folder that gets one `.eml` file for each letter. Who can read it can reset passwords.
    #[arg(long, env = "MAIL_FOLDER")]
    pub mail_folder: Option<PathBuf>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum SmtpTls {
    /// Begun in the clear and then required to be TLS (STARTTLS).
    #[default]
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all: for a relay on the same machine.
    None,
}

impl MailConfig {
    /// Is there any way for mail to leave?
    pub fn is_set(&self) -> bool {
        self.smtp_host.is_some() || self.mail_folder.is_some()
    }
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All but the password and who it belongs to.
        f.debug_struct("MailConfig")
            .field("smtp_host", &self.smtp_host)
            .field("smtp_port", &self.smtp_port)
            .field("smtp_tls", &self.smtp_tls)
            .field("mail_folder", &self.mail_folder)
            .finish_non_exhaustive()
    }
}
