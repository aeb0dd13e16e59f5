//! The secret by which an owner proves that a lease is its own.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::by_str::serde_by_str;

/// The secret itself: 128 random bits, shown once, in the answer that granted the lease.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 16]);

impl Token {
    /// Wraps random bits that were minted at the edge.
    pub const fn new(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    /// What the log keeps of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

/// Hides the secret: debug output ends in logs.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        unhex(text).map(Self)
    }
}

/// SHA-256 of a token: the log can be read by everybody, and must not hand out the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl FromStr for TokenHash {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        unhex(text).map(Self)
    }
}

serde_by_str!(TokenHash);

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("that is no token: it is the 32 hexadecimal digits that the lease was granted with")]
pub struct TokenError;

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn unhex<const N: usize>(text: &str) -> Result<[u8; N], TokenError> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 2 * N).ok_or(TokenError)?;
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_round_trip_and_do_not_show_in_debug_output() {
        let token = Token::new(*b"0123456789abcdef");
        assert_eq!(token.to_string().parse::<Token>().unwrap(), token);
        assert_eq!(token.hash().to_string().parse::<TokenHash>().unwrap(), token.hash());
        assert!(!format!("{token:?}").contains("30"));
        for text in ["", "abc", "zz", &"0".repeat(31), &"é".repeat(32)] {
            assert_eq!(text.parse::<Token>(), Err(TokenError));
        }
    }
}
