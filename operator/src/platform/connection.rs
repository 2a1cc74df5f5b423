//! How to connect to PostgreSQL.

use contracts::Service;

use crate::crd::SslMode;
use crate::rotation::Slot;

/// How to connect to PostgreSQL.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The name of the database.
    pub database: String,
    /// The owner of the database.
    pub user: String,
    /// The owner's password.
    pub password: String,
    /// Whether it is encrypted.
    pub ssl_mode: SslMode,
    /// The file with the authorities by which the server is known.
    pub root_certificates: Option<String>,
}

impl Connection {
    /// The URL with which the owner connects.
    pub fn owner_url(&self) -> String {
        self.url(&self.user, &self.password)
    }

    /// The URL with which a service connects: as its login role of this slot, which the migration makes.
    pub fn service_url(&self, service: Service, slot: Slot, password: &str) -> String {
        self.url(&slot.login_role(&self.database, service), password)
    }

    /// The same for a login role that somebody else makes: what the migration gives its own roles, a connection asks for.
    pub fn service_url_with_settings(&self, service: Service, slot: Slot, password: &str) -> String {
        let settings = format!(
            "-c search_path={service},extensions -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s -c lock_timeout=5s"
        );
        format!("{}&options={}", self.service_url(service, slot, password), percent_encoded(&settings))
    }

    fn url(&self, user: &str, password: &str) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let root = self.root_certificates.as_ref().map(|path| format!("&sslrootcert={}", percent_encoded(path)));
        format!(
            "postgres://{}:{}@{host}:{}/{}?sslmode={}{}",
            percent_encoded(user),
            percent_encoded(password),
            self.port,
            percent_encoded(&self.database),
            self.ssl_mode.name(),
            root.unwrap_or_default()
        )
    }
}

/// Everything but RFC 3986's unreserved characters, encoded.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_any_characters_survives_the_url() {
        let connection = Connection {
            host: "db.example.org".into(),
            port: 5432,
            database: "app".into(),
            user: "owner".into(),
            password: "p@ss:w/rd?#%ü".into(),
            ssl_mode: SslMode::Require,
            root_certificates: None,
        };
        assert_eq!(connection.owner_url(), "postgres://owner:p%40ss%3Aw%2Frd%3F%23%25%C3%BC@db.example.org:5432/app?sslmode=require");
    }

    #[test]
    fn a_server_is_known_by_the_authorities_in_a_file() {
        let connection = Connection {
            host: "db".into(),
            port: 5432,
            database: "app".into(),
            user: "owner".into(),
            password: "word".into(),
            ssl_mode: SslMode::VerifyFull,
            root_certificates: Some("/etc/trust/ca.crt".into()),
        };
        assert_eq!(connection.owner_url(), "postgres://owner:word@db:5432/app?sslmode=verify-full&sslrootcert=%2Fetc%2Ftrust%2Fca.crt");
    }

    #[test]
    fn a_service_connects_as_its_own_login_role() {
        let connection = Connection {
            host: "fd00::1".into(),
            port: 5433,
            database: "app".into(),
            user: "owner".into(),
            password: "secret".into(),
            ssl_mode: SslMode::Disable,
            root_certificates: None,
        };
        let url = connection.service_url(Service::Photo, Slot::A, "word");
        assert_eq!(url, "postgres://app_photo_a:word@[fd00::1]:5433/app?sslmode=disable");
        let url = connection.service_url_with_settings(Service::Photo, Slot::B, "word");
        let expected = "postgres://app_photo_b:word@[fd00::1]:5433/app?sslmode=disable&options=-c%20search_path%3Dphoto%2Cextensions";
        assert!(url.starts_with(expected) && url.ends_with("%20-c%20lock_timeout%3D5s"), "{url}");
    }
}
