//! What opens doors: passwords, and long random words for links, sessions and
//! programs. Only hashes of them are kept.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::refusal::Refusal;

/// Fewest characters of a password.
pub const SHORTEST: usize = 12;
/// Most bytes of a password; longer ones only keep the machine busy.
pub const LONGEST: usize = 1024;

/// 19 MiB, two passes, one lane: OWASP's first choice of smallest parameters for argon2id.
fn hasher() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("constants are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Where secrets come from: one generator for the whole room, seeded from the
/// system, or from a test.
pub struct Secrets(Mutex<ChaCha20Rng>);

impl Secrets {
    /// Secrets that nobody can guess who does not know the seed.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Secrets {
        Secrets(Mutex::new(ChaCha20Rng::from_seed(seed)))
    }

    /// A secret of 256 bits, in letters that fit into an address.
    pub fn word(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// The hash of a password. Takes tens of milliseconds: not for a thread that others wait for.
    ///
    /// # Errors
    /// A password that is too short or too long.
    pub fn hash_password(&self, password: &str) -> Result<String, Refusal> {
        if password.chars().count() < SHORTEST || password.len() > LONGEST {
            let what = format!(
                "A password has at least {SHORTEST} characters, and at most {LONGEST} bytes."
            );
            return Err(Refusal::unfit(what));
        }
        let salt = self.bytes::<16>();
        let hash: argon2::PasswordHash = hasher()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(Refusal::broken)?;
        Ok(hash.to_string())
    }
}

/// What is kept of a random secret.
#[must_use]
pub fn digest(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

/// Whether a password is the one of this hash. Takes as long without a hash,
/// so that nobody can tell by the clock whether an account exists.
#[must_use]
pub fn is_password(password: &str, hash: Option<&str>) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                          AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let password = password.as_bytes().get(..=LONGEST).unwrap_or(password.as_bytes());
    hasher().verify_password(password, hash.unwrap_or(NOBODY)).is_ok() && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let secrets = Secrets::new([1; 32]);
        let hash = secrets.hash_password("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(is_password("correct horse battery", Some(&hash)));
        assert!(!is_password("correct horse batterz", Some(&hash)));
        assert!(!is_password("correct horse battery", None));
        assert_ne!(hash, secrets.hash_password("correct horse battery").unwrap());
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        let secrets = Secrets::new([1; 32]);
        assert!(secrets.hash_password("elevenchars").is_err());
        assert!(secrets.hash_password("twelve chars").is_ok());
        assert!(secrets.hash_password(&"x".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn words_are_long_and_never_the_same() {
        let secrets = Secrets::new([1; 32]);
        let (first, second) = (secrets.word(), secrets.word());
        assert_eq!(first.len(), 43);
        assert_ne!(first, second);
        assert_ne!(digest(&first), digest(&second));
    }
}
