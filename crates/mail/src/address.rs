use std::fmt;

/// Longer ones fit into no SMTP command (RFC 5321, section 4.5.3.1.3).
const MOST_BYTES: usize = 254;

/// An e-mail address; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(lettre::Address);

/// Text that is no e-mail address.
#[derive(Debug, thiserror::Error)]
#[error("an e-mail address is like ada@example.org, in plain ASCII, with at most 254 characters")]
pub struct InvalidAddress;

impl Address {
    /// Reads an address as people type it. The domain becomes lower case; what is before the `@` is its server's to
    /// understand and stays as it is.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let (user, domain) = text.trim().rsplit_once('@').ok_or(InvalidAddress)?;
        let domain = domain.to_ascii_lowercase();
        // A quoted user part may hold spaces and more; nobody has one, and not everything on the way can handle it.
        if text.len() > MOST_BYTES || !text.is_ascii() || user.starts_with('"') || text.trim().contains(char::is_control) {
            return Err(InvalidAddress);
        }
        lettre::Address::new(user, domain).map(Self).map_err(|_| InvalidAddress)
    }

    /// The address as text, to be stored.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// What is before the `@`.
    pub fn user(&self) -> &str {
        self.0.user()
    }

    pub(crate) fn mailbox(&self) -> lettre::message::Mailbox {
        lettre::message::Mailbox::new(None, self.0.clone())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_lower_case() {
        assert_eq!(Address::parse(" Ada.L+x@Example.ORG ").unwrap().as_str(), "Ada.L+x@example.org");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(250));
        let header = "ada@example.org\r\nBcc: eve@example.org";
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a da@example.org",
            "ada@exa mple.org",
            header,
            "ädä@example.org",
            "\"a b\"@example.org",
            &long,
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_not_printed() {
        assert_eq!(format!("{:?}", Address::parse("ada@example.org").unwrap()), "Address(…)");
    }
}
