//! Secrets at rest: XChaCha20-Poly1305, bound to where they stand (merchant, table, row, column), so
//! that a ciphertext moved elsewhere does not open.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    port::Ids,
};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Where a secret stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub merchant_id: Uuid,
    pub table: &'a str,
    pub row_id: Uuid,
    pub column: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        format!(
            "{}|{}|{}|{}",
            self.merchant_id, self.table, self.row_id, self.column
        )
        .into_bytes()
    }
}

pub struct Vault {
    cipher: XChaCha20Poly1305,
}

impl Vault {
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(key.into()),
        }
    }

    pub fn seal(&self, ids: &dyn Ids, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0_u8; NONCE_BYTES];
        ids.fill(&mut nonce);
        let payload = Payload {
            msg: secret,
            aad: &place.bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::internal("sealing a secret failed"))?;
        Ok([&[VERSION], nonce.as_slice(), sealed.as_slice()].concat())
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        let wrong = || {
            Error::internal(format!(
                "the secret of {} {} does not open: was MESHLINE_SECRET_KEY changed?",
                place.table, place.row_id
            ))
        };
        let (version, rest) = sealed.split_first().ok_or_else(wrong)?;
        if *version != VERSION || rest.len() < NONCE_BYTES {
            return Err(wrong());
        }
        let (nonce, body) = rest.split_at(NONCE_BYTES);
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| wrong())?;
        self.cipher
            .decrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: body,
                    aad: &place.bytes(),
                },
            )
            .map_err(|_| wrong())
    }
}
