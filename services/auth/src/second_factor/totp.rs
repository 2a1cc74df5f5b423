//! Codes of an authenticator app (RFC 6238): HMAC-SHA-1, six digits, 30 seconds, which is what every app speaks. The step
//! before and the one after count too, because clocks differ.

use aws_lc_rs::rand;
use contracts::AccountId;
use identity::unix_now;
use serving::{Problem, Result};
use totp_rs::{Builder, Totp};

use crate::State;
use crate::sealed::KeyEncryptionKey;

/// A secret to put into an app.
pub(crate) struct Offered {
    /// What is stored.
    pub(crate) sealed: Vec<u8>,
    /// In base32, to type in.
    pub(crate) secret: String,
    /// The same as an address that apps read, usually from a QR code.
    pub(crate) url: String,
}

/// What a secret is sealed for: put into another account's row, it does not open.
fn purpose(account: AccountId) -> String {
    format!("totp {account}")
}

/// Makes a secret for somebody.
pub(crate) fn offer(auth: &State, account: AccountId, handle: &str) -> Result<Offered> {
    let mut secret = [0; 20];
    rand::fill(&mut secret).map_err(|error| Problem::internal(error.to_string()))?;
    let builder = Builder::new().with_secret(secret).with_account_name(handle).with_issuer(Some(auth.host()));
    let totp = builder.build().map_err(Problem::internal)?;
    let url = totp.to_url().map_err(Problem::internal)?;
    Ok(Offered { sealed: auth.sealing.seal(&purpose(account), &secret), secret: totp.secret().to_base32(), url })
}

/// The time step that a code is of; nothing, if it is of none that counts now, or if the secret does not open: then no code
/// is right, and the other factors go on.
pub(crate) fn step(sealing: &KeyEncryptionKey, account: AccountId, sealed: &[u8], code: &str) -> Result<Option<i64>> {
    let opened = sealing.open(&purpose(account), sealed);
    let opened = opened.inspect_err(|error| tracing::error!(event.name = "totp.sealed", %error, "a code is taken for wrong"));
    let Ok(secret) = opened else { return Ok(None) };
    let totp = Builder::new().with_secret(secret).build().map_err(Problem::internal)?;
    Ok(step_at(&totp, code, unix_now()))
}

/// Apps show a code in two halves, and people type it so.
fn step_at(totp: &Totp, code: &str, now: u64) -> Option<i64> {
    let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    totp.check(&code, now).and_then(|step| i64::try_from(step).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_standard_are_taken_a_step_early_and_a_step_late() {
        let totp = Builder::new().with_secret(*b"12345678901234567890").build().unwrap();
        // RFC 6238, appendix B, of which apps show the last six digits.
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            let step = i64::try_from(time / 30).unwrap();
            for now in [time - 30, time, time + 30] {
                assert_eq!(step_at(&totp, code, now), Some(step), "{code} at {now}");
            }
            for now in [time + 60, time + 3600] {
                assert_eq!(step_at(&totp, code, now), None, "{code} at {now}");
            }
        }
        assert_eq!(step_at(&totp, "287 082", 59), Some(1));
        for code in ["", "28708", "2870820", "287083", "+87082", "28708２"] {
            assert_eq!(step_at(&totp, code, 59), None, "{code}");
        }
    }

    #[test]
    fn a_secret_opens_for_its_own_account_only() {
        let sealing = KeyEncryptionKey::parse("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").unwrap();
        let sealed = sealing.seal(&purpose(AccountId(1)), &[7; 20]);
        let code = Builder::new().with_secret([7_u8; 20]).build().unwrap().generate(unix_now()).to_string();
        assert!(step(&sealing, AccountId(1), &sealed, &code).unwrap().is_some());
        assert!(step(&sealing, AccountId(2), &sealed, &code).unwrap().is_none());
    }
}
