//! What a stream sends, in whatever form.

/// What is sent.
pub(super) enum Item {
    Event(Sent),
    Heartbeat,
    End(End),
}

/// An event as it is sent.
pub(super) struct Sent {
    /// What a client sees of its position.
    pub(super) id: i64,
    pub(super) name: &'static str,
    /// JSON.
    pub(super) data: String,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// The session has ended.
    SignedOut,
    /// Events came faster than they were read, or could not be handed out.
    Behind,
    /// The service stops; another replica goes on.
    Stopping,
    /// It was open for an hour.
    Renew,
    /// The database, or what is known of sessions, cannot be read now.
    Unavailable,
}

impl End {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Behind => "behind",
            Self::Stopping => "stopping",
            Self::Renew => "renew",
            Self::Unavailable => "unavailable",
        }
    }
}
