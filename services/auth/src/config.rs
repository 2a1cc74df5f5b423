/// What only auth needs to be told.
#[derive(Clone, Debug, clap::Args)]
pub struct AuthConfig {
    /// Seals the keys and session secrets in the database: 32 random bytes in base64. Lose it, and everybody signs in anew.
    #[arg(long, env = "KEY_ENCRYPTION_KEY", hide_env_values = true)]
    pub key_encryption_key: String,
    /// Passwords hashed at the same time; each takes 19 MiB and one core for a good part of a tenth of a second.
    #[arg(long, env = "PASSWORD_HASHES_AT_ONCE", default_value_t = 2)]
    pub password_hashes_at_once: usize,
    /// Requests that may wait for a hash; more get a 503.
    #[arg(long, env = "PASSWORD_HASHES_WAITING", default_value_t = 64)]
    pub password_hashes_waiting: usize,
}
