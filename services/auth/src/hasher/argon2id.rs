//! Argon2id, in memory that is used again.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, try_generate_salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
fn params() -> Params {
    Params::new(19 * 1024, 2, 1, None).expect("the parameters are in range")
}

/// Hashes a password with a new salt.
pub(super) fn make(password: &[u8], memory: &mut Vec<Block>) -> password_hash::Result<PasswordHash> {
    let salt = try_generate_salt()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params());
    let hash = output(&argon2, password, &salt, memory)?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(hash),
    })
}

/// Is it the password of this PHC string?
pub(super) fn is_of(stored: &str, password: &[u8], memory: &mut Vec<Block>) -> password_hash::Result<bool> {
    let stored = PasswordHash::new(stored)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
    let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(&stored)?);
    // They are compared in constant time.
    Ok(output(&argon2, password, salt, memory)? == *expected)
}

/// One hash. It does not matter what was in the memory before: each block is written before it is read.
fn output(argon2: &Argon2<'_>, password: &[u8], salt: &[u8], memory: &mut Vec<Block>) -> password_hash::Result<Output> {
    let params = argon2.params();
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::new());
    }
    let mut bytes = [0; Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let bytes = bytes.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
    argon2.hash_password_into_with_memory(password, salt, bytes, memory.as_mut_slice())?;
    Ok(Output::new(bytes)?)
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier;

    use super::*;

    #[test]
    fn what_was_in_the_memory_before_changes_nothing() {
        let mut memory = Vec::new();
        let stored = make(b"correct horse battery", &mut memory).unwrap().to_string();
        assert!(!is_of(&stored, b"something else", &mut memory).unwrap());
        assert!(is_of(&stored, b"correct horse battery", &mut memory).unwrap());
        assert!(Argon2::default().verify_password(b"correct horse battery", stored.as_str()).is_ok());
    }

    #[test]
    fn memory_grows_to_what_a_hash_takes() {
        let mut memory = Vec::new();
        let small = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 3, 1, Some(24)).unwrap());
        let hash = output(&small, b"correct horse battery", b"some salt", &mut memory).unwrap();
        assert_eq!((hash.len(), memory.len()), (24, 64));
        let stored = make(b"correct horse battery", &mut memory).unwrap().to_string();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(memory.len(), 19 * 1024);
        assert_eq!(hash, output(&small, b"correct horse battery", b"some salt", &mut memory).unwrap(), "and may be larger");
    }
}
