use serving::{Problem, Result};

use crate::handle::Handle;

/// How the platform is kept in order.
#[derive(Clone, Debug, clap::Args)]
pub struct ModerationSettings {
    /// The e-mail address of whoever keeps order, which everybody reads.
    #[arg(long, env = "MODERATION_CONTACT")]
    pub moderation_contact: Option<String>,
    /// The rules, one a line, in their order.
    #[arg(long, env = "MODERATION_RULES", value_delimiter = '\n')]
    pub moderation_rules: Vec<String>,
    /// Handles that only administrators may take, separated by commas. Who has one keeps it.
    #[arg(long, env = "RESERVED_HANDLES", value_delimiter = ',')]
    pub reserved_handles: Vec<String>,
}

impl ModerationSettings {
    /// What is said, without what a variable that is set to nothing seems to say.
    pub(crate) fn tidied(&self) -> Self {
        let tidied = |texts: &[String]| {
            let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        let contact = self.moderation_contact.as_deref().map(str::trim).filter(|contact| !contact.is_empty());
        let handles = tidied(&self.reserved_handles).iter().map(|handle| handle.to_ascii_lowercase()).collect();
        Self { moderation_contact: contact.map(str::to_owned), moderation_rules: tidied(&self.moderation_rules), reserved_handles: handles }
    }

    /// Could somebody write to whom it names?
    pub(crate) fn has_good_contact(&self) -> bool {
        let is_address = |text: &String| text.contains('@') && !text.contains(|sign: char| sign.is_ascii_whitespace());
        self.moderation_contact.as_ref().is_none_or(is_address)
    }

    /// Refuses a handle that only administrators may take.
    pub(crate) fn check(&self, handle: &Handle) -> Result<()> {
        match self.reserved_handles.iter().any(|reserved| reserved == handle.as_str()) {
            true => Err(Problem::invalid("handle", "this handle is reserved; choose another one")),
            false => Ok(()),
        }
    }
}
