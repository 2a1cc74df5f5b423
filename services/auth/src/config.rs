use std::fmt;

use mail::MailConfig;
use serde::Serialize;
use utoipa::ToSchema;

use crate::moderation::ModerationSettings;

/// What only auth needs to be told.
#[derive(Clone, Debug, clap::Args)]
pub struct AuthConfig {
    /// Seals the keys and secrets in the database: 32 random bytes in base64. Lose it, and everybody signs in anew, those with
    /// an authenticator app by a passkey or a recovery code. Stop auth before it becomes another one: replicas that have
    /// different ones take each other's sessions for ended.
    #[arg(long, env = "KEY_ENCRYPTION_KEY", hide_env_values = true)]
    pub key_encryption_key: String,
    /// What has a default.
    #[command(flatten)]
    pub settings: AuthSettings,
}

/// How auth behaves, on a cluster and in `all` alike.
#[derive(Clone, clap::Args)]
pub struct AuthSettings {
    /// Passwords hashed at the same time; each takes 19 MiB and one core for a good part of a tenth of a second.
    #[arg(long, env = "PASSWORD_HASHES_AT_ONCE", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    pub password_hashes_at_once: u16,
    /// Requests that may wait for a hash; more get a 503, and a 429 those of a network that has a quarter of all places.
    #[arg(long, env = "PASSWORD_HASHES_WAITING", default_value_t = 64)]
    pub password_hashes_waiting: usize,
    /// Who may sign up.
    #[arg(long, env = "REGISTRATION", value_enum, default_value_t = Registration::Open)]
    pub registration: Registration,
    /// Accounts that one address (IPv6: one /64) makes within an hour, whichever replica it asks; more get a 429. A school behind one
    /// address makes many, and so does whoever seeds a platform.
    #[arg(long, env = "SIGN_UPS_PER_HOUR", default_value_t = 2000, value_parser = clap::value_parser!(i32).range(1..=1_000_000))]
    pub sign_ups_per_hour: i32,
    /// How the platform is kept in order.
    #[command(flatten)]
    pub moderation: ModerationSettings,
    /// Days after which a session ends, however much it is used.
    #[arg(long, env = "SESSION_LIFE_DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub session_life_days: u16,
    /// Days between the wish to be erased and the erasure, in which one may think better of it.
    #[arg(long, env = "ACCOUNT_ERASURE_GRACE", default_value_t = 7, value_parser = clap::value_parser!(u16).range(0..=365))]
    pub account_erasure_grace: u16,
    /// Makes whoever has it an administrator, once: 20 random characters or more. Unset, that way is closed.
    #[arg(long, env = "FIRST_ADMIN_TOKEN", hide_env_values = true)]
    pub first_admin_token: Option<String>,
    /// How mail leaves.
    #[command(flatten)]
    pub mail: MailConfig,
    /// What apps are given.
    #[command(flatten)]
    pub provider: ProviderSettings,
}

/// How auth behaves toward apps.
#[derive(Clone, Debug, clap::Args)]
pub struct ProviderSettings {
    /// Hours after which another key signs tokens. Nobody notices.
    #[arg(long, env = "SIGNING_KEY_LIFE", default_value_t = 720, value_parser = clap::value_parser!(u32).range(1..=87_600))]
    pub signing_key_life: u32,
    /// Let registered apps ask for people's passwords (`grant_type=password`). Whoever does has to trust every app with
    /// them: leave it off unless an old client needs it.
    #[arg(long, env = "OAUTH_PASSWORD_GRANT", default_value_t = false)]
    pub oauth_password_grant: bool,
}

impl fmt::Debug for AuthSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All but the token.
        f.debug_struct("AuthSettings")
            .field("registration", &self.registration)
            .field("moderation", &self.moderation)
            .field("session_life_days", &self.session_life_days)
            .field("account_erasure_grace", &self.account_erasure_grace)
            .field("mail", &self.mail)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, ToSchema)]
#[value(rename_all = "PascalCase")]
pub enum Registration {
    /// Everybody.
    Open,
    /// Everybody, and an administrator decides who may sign in.
    Approval,
    /// Whoever has an invite of a member.
    Invite,
    /// Nobody.
    Closed,
}

/// The settings of auth do not work.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAuthConfig {
    /// `KEY_ENCRYPTION_KEY` cannot be read.
    #[error(transparent)]
    KeyEncryptionKey(#[from] crate::InvalidKeyEncryptionKey),
    /// Those of mail.
    #[error(transparent)]
    Mail(#[from] mail::InvalidMailConfig),
    /// Nobody could write there.
    #[error("MODERATION_CONTACT must be an e-mail address, such as moderators@example.org")]
    ModerationContact,
    /// It could be guessed.
    #[error("FIRST_ADMIN_TOKEN must have 20 characters or more, such as `openssl rand -hex 20` prints")]
    FirstAdminToken,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        auth: AuthConfig,
    }

    #[test]
    fn what_would_let_nobody_sign_in_is_no_setting() {
        let parsed = |flag: &str| Flags::try_parse_from(["auth", "--key-encryption-key=AAAA", flag]).map(|flags| flags.auth.settings);
        assert_eq!(parsed("--password-hashes-at-once=1").unwrap().password_hashes_at_once, 1);
        for flag in ["--password-hashes-at-once=0", "--session-life-days=0", "--signing-key-life=0"] {
            assert!(parsed(flag).is_err(), "{flag}");
        }
        // Where none may wait, those that cannot begin at once are turned away.
        assert!(parsed("--password-hashes-waiting=0").is_ok());
    }
}
