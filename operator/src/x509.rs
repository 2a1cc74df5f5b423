//! What the operator reads of a certificate: when it expires. Whose it is and who trusts it is for gateways and browsers to
//! say.

use std::time::Duration;

use der::asn1::{GeneralizedTime, UtcTime};
use der::{Reader, SliceReader, Tag};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// When the first certificate of a file in PEM expires; nothing, if it holds none that can be read. The first is the
/// server's own, and those of its authorities follow (RFC 8446, section 4.4.2).
pub fn expires(pem: &[u8]) -> Option<Timestamp> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let since_1970 = not_after(&certificate).ok()?;
    let second = i64::try_from(since_1970.as_secs()).ok()?;
    // The last second of 9999 means never (RFC 5280, section 4.1.2.5), and is more than a Timestamp takes.
    Some(Timestamp::from_second(second).unwrap_or(Timestamp::MAX))
}

/// `notAfter` of a certificate (RFC 5280, section 4.1), since 1970. Everything else is passed over unread.
fn not_after(certificate: &[u8]) -> der::Result<Duration> {
    SliceReader::new(certificate)?.sequence(|certificate| {
        let expires = certificate.sequence(|signed| {
            // Certificates of version 1 do not say their version.
            if signed.peek_tag()?.is_context_specific() {
                signed.tlv_bytes()?;
            }
            // The serial number, the algorithm of the signature, and the issuer.
            for _ in 0..3 {
                signed.tlv_bytes()?;
            }
            let expires = signed.sequence(|validity| {
                validity.tlv_bytes()?;
                time(validity)
            })?;
            pass_over_the_rest(signed)?;
            Ok(expires)
        })?;
        pass_over_the_rest(certificate)?;
        Ok(expires)
    })
}

/// Times before 2050 have two digits for their year.
fn time<'a>(reader: &mut impl Reader<'a>) -> der::Result<Duration> {
    match reader.peek_tag()? {
        Tag::GeneralizedTime => Ok(reader.decode::<GeneralizedTime>()?.to_unix_duration()),
        _ => Ok(reader.decode::<UtcTime>()?.to_unix_duration()),
    }
}

fn pass_over_the_rest<'a>(reader: &mut impl Reader<'a>) -> der::Result<()> {
    let rest = reader.remaining_len();
    reader.read_slice(rest)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{EXPIRED, VALID};

    const FOREVER: &str = include_str!("../tests/certificates/forever.pem");
    const VERSION_1: &str = include_str!("../tests/certificates/version_1.pem");

    #[test]
    fn a_certificate_says_when_it_expires() {
        let at = |time: &str| Some(time.parse::<Timestamp>().unwrap());
        assert_eq!(expires(VALID.as_bytes()), at("2100-01-01T00:00:00Z"));
        assert_eq!(expires(EXPIRED.as_bytes()), at("2021-01-01T00:00:00Z"));
        assert_eq!(expires(VERSION_1.as_bytes()), at("2036-11-27T00:16:26Z"));
        assert_eq!(expires(FOREVER.as_bytes()), Some(Timestamp::MAX));
    }

    #[test]
    fn of_a_chain_the_first_certificate_counts_whatever_is_around_it() {
        let chain = format!("subject=CN = social.localhost\r\n\r\n{}\n{EXPIRED}", VALID.replace('\n', "\r\n"));
        assert_eq!(expires(chain.as_bytes()), expires(VALID.as_bytes()));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        let key = VALID.replace("CERTIFICATE", "PRIVATE KEY");
        let garbled = VALID.replace("MII", "AAA");
        let no_base64 = VALID.replace("MII", "!!!");
        for text in ["", "no certificate", &VALID[..100], &key, &garbled, &no_base64] {
            assert_eq!(expires(text.as_bytes()), None, "{text}");
        }
        let whole = CertificateDer::from_pem_slice(VALID.as_bytes()).unwrap();
        for length in 0..whole.len() {
            assert!(not_after(&whole[..length]).is_err(), "{length} bytes of a certificate are none");
        }
    }
}
