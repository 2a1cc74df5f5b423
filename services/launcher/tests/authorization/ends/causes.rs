/// What ends a session.
#[derive(Clone, Copy, Debug)]
pub enum Cause {
    SignOut,
    /// On the page, where it is a browser's.
    SignOutOnThePage,
    EndOne,
    EndAll,
    PasswordChange,
    PasswordReset,
    Leaving,
    Suspension,
    AppRemoved,
    RefreshTokenReused,
    CodeReused,
    /// `/oauth/revoke`, with the refresh token.
    TokenRevoked,
    /// The same, with an access token of an app.
    AppsTokenRevoked,
    /// `social-platform admin revoke`.
    AdminRevoked,
    /// `social-platform admin erase`.
    ErasedFromTheCommandLine,
    /// An account has 200: it is the one that was not used for the longest.
    TooMany,
}

/// All of them.
pub const CAUSES: [Cause; 16] = [
    Cause::SignOut,
    Cause::SignOutOnThePage,
    Cause::EndOne,
    Cause::EndAll,
    Cause::PasswordChange,
    Cause::PasswordReset,
    Cause::Leaving,
    Cause::Suspension,
    Cause::AppRemoved,
    Cause::RefreshTokenReused,
    Cause::CodeReused,
    Cause::TokenRevoked,
    Cause::AppsTokenRevoked,
    Cause::AdminRevoked,
    Cause::ErasedFromTheCommandLine,
    Cause::TooMany,
];

impl Cause {
    /// It ends a session of an app.
    pub fn is_of_an_app(self) -> bool {
        matches!(self, Self::AppRemoved | Self::CodeReused | Self::AppsTokenRevoked)
    }
}
