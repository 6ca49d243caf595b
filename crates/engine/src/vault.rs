//! Secrets at rest, in envelopes.
//!
//! Every secret has a key of its own, made when it is sealed; that key is wrapped by the
//! installation's key and stands beside the ciphertext. Changing the installation's key therefore
//! wraps anew a few bytes per secret and leaves the secrets themselves alone, and no two secrets are
//! ever sealed with the same key. Both layers are XChaCha20-Poly1305 and bound to where the secret
//! stands (merchant, table, row, column), so that a ciphertext moved elsewhere does not open.
//!
//! The installation may know several keys: the first one seals, the others still open what was sealed
//! before it came. An envelope names the key that wrapped it by a fingerprint, so that what is still
//! under an old key can be found without opening it.

use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    port::Ids,
};

/// Sealed with the installation's key itself, as the first release did. Opened, never written.
const DIRECT: u8 = 1;
/// An envelope: version, key id, nonce and wrapped key, nonce and ciphertext.
const ENVELOPE: u8 = 2;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const WRAPPED_BYTES: usize = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/// How an envelope under some key begins.
pub const PREFIX_BYTES: usize = 1 + KeyId::BYTES;

/// A fingerprint of a key of the installation. It tells keys apart and nothing about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KeyId::BYTES]);

impl KeyId {
    const BYTES: usize = 8;

    pub fn of(key: &[u8; KEY_BYTES]) -> Self {
        let digest = Sha256::new()
            .chain_update(b"meshline installation key")
            .chain_update(key)
            .finalize();
        let mut id = [0_u8; Self::BYTES];
        id.copy_from_slice(&digest[..Self::BYTES]);
        Self(id)
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

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

/// One key, ready for use.
struct Held {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

impl Held {
    fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self {
            id: KeyId::of(key),
            cipher: XChaCha20Poly1305::new(key.into()),
        }
    }
}

/// The keys of the installation. The first one seals.
struct Ring {
    current: Held,
    older: Vec<Held>,
}

impl Ring {
    fn of(current: &[u8; KEY_BYTES], older: &[[u8; KEY_BYTES]]) -> Self {
        Self {
            current: Held::new(current),
            older: older.iter().map(Held::new).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Held> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

pub struct Vault {
    ring: RwLock<Arc<Ring>>,
}

/// The parts of an envelope.
struct Envelope<'s> {
    key_id: KeyId,
    wrapped: &'s [u8],
    sealed: &'s [u8],
}

impl<'s> Envelope<'s> {
    fn of(bytes: &'s [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[ENVELOPE])?;
        let (id, rest) = rest.split_at_checked(KeyId::BYTES)?;
        let (wrapped, sealed) = rest.split_at_checked(WRAPPED_BYTES)?;
        Some(Self {
            key_id: KeyId(id.try_into().ok()?),
            wrapped,
            sealed,
        })
    }
}

fn encrypt(
    cipher: &XChaCha20Poly1305,
    ids: &dyn Ids,
    place: &[u8],
    text: &[u8],
) -> Result<Vec<u8>> {
    let mut nonce = [0_u8; NONCE_BYTES];
    ids.fill(&mut nonce);
    let payload = Payload {
        msg: text,
        aad: place,
    };
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Error::internal("sealing a secret failed"))?;
    Ok([nonce.as_slice(), sealed.as_slice()].concat())
}

fn decrypt(cipher: &XChaCha20Poly1305, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_BYTES)?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
    let payload = Payload {
        msg: body,
        aad: place,
    };
    cipher.decrypt(&XNonce::from(nonce), payload).ok()
}

impl Vault {
    /// A vault with one key.
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self::with(key, &[])
    }

    /// `current` seals; `older` keys open what they sealed.
    pub fn with(current: &[u8; KEY_BYTES], older: &[[u8; KEY_BYTES]]) -> Self {
        Self {
            ring: RwLock::new(Arc::new(Ring::of(current, older))),
        }
    }

    /// Other keys from now on; what is under way ends with those it began with.
    pub fn use_keys(&self, current: &[u8; KEY_BYTES], older: &[[u8; KEY_BYTES]]) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(Ring::of(current, older));
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How everything begins that is sealed under the current key.
    pub fn current_prefix(&self) -> [u8; PREFIX_BYTES] {
        prefix(self.ring().current.id)
    }

    pub fn seal(&self, ids: &dyn Ids, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>> {
        let mut key = [0_u8; KEY_BYTES];
        ids.fill(&mut key);
        let place = place.bytes();
        let ring = self.ring();
        let wrapped = encrypt(&ring.current.cipher, ids, &place, &key)?;
        let sealed = encrypt(&XChaCha20Poly1305::new(&key.into()), ids, &place, secret)?;
        Ok([
            prefix(ring.current.id).as_slice(),
            wrapped.as_slice(),
            sealed.as_slice(),
        ]
        .concat())
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        let (at, ring) = (place.bytes(), self.ring());
        let opened = match Envelope::of(sealed) {
            Some(envelope) => unwrap_key(&ring, &at, &envelope).and_then(|key| {
                decrypt(&XChaCha20Poly1305::new(&key.into()), &at, envelope.sealed)
            }),
            None => open_direct(&ring, &at, sealed),
        };
        opened.ok_or_else(|| does_not_open(place))
    }

    /// The same secret under the current key; `None` when it is already. Of an envelope only the key
    /// inside is wrapped anew: the secret is not opened.
    pub fn rewrap(
        &self,
        ids: &dyn Ids,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        let (at, ring) = (place.bytes(), self.ring());
        let Some(envelope) = Envelope::of(sealed) else {
            let secret = open_direct(&ring, &at, sealed).ok_or_else(|| does_not_open(place))?;
            return self.seal(ids, place, &secret).map(Some);
        };
        if envelope.key_id == ring.current.id {
            return Ok(None);
        }
        let key = unwrap_key(&ring, &at, &envelope).ok_or_else(|| does_not_open(place))?;
        let wrapped = encrypt(&ring.current.cipher, ids, &at, &key)?;
        Ok(Some(
            [
                prefix(ring.current.id).as_slice(),
                wrapped.as_slice(),
                envelope.sealed,
            ]
            .concat(),
        ))
    }
}

fn prefix(id: KeyId) -> [u8; PREFIX_BYTES] {
    let mut prefix = [ENVELOPE; PREFIX_BYTES];
    prefix[1..].copy_from_slice(&id.0);
    prefix
}

fn unwrap_key(ring: &Ring, place: &[u8], envelope: &Envelope<'_>) -> Option<[u8; KEY_BYTES]> {
    ring.all()
        .filter(|held| held.id == envelope.key_id)
        .find_map(|held| decrypt(&held.cipher, place, envelope.wrapped))?
        .try_into()
        .ok()
}

fn open_direct(ring: &Ring, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let body = sealed.strip_prefix(&[DIRECT])?;
    ring.all()
        .find_map(|held| decrypt(&held.cipher, place, body))
}

fn does_not_open(place: Place<'_>) -> Error {
    Error::internal(format!(
        "the secret of {} {} does not open: was MESHLINE_SECRET_KEY changed?",
        place.table, place.row_id
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use domain::Time;

    use super::*;

    /// Different bytes each time, the same each run.
    #[derive(Default)]
    struct Counting(AtomicU8);

    impl Ids for Counting {
        fn uuid(&self, _: Time) -> Uuid {
            Uuid::nil()
        }

        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn place(column: &str) -> Place<'_> {
        Place {
            merchant_id: Uuid::from_u128(1),
            table: "sources",
            row_id: Uuid::from_u128(2),
            column,
        }
    }

    const OLD: [u8; 32] = [1; 32];
    const NEW: [u8; 32] = [2; 32];

    #[test]
    fn what_is_sealed_opens_only_where_it_stood() {
        let (vault, ids) = (Vault::new(&OLD), Counting::default());
        let sealed = vault.seal(&ids, place("secret"), b"hush").unwrap();
        assert_eq!(vault.open(place("secret"), &sealed).unwrap(), b"hush");
        assert!(!sealed.windows(4).any(|window| window == b"hush"));
        for elsewhere in [
            place("previous"),
            Place {
                merchant_id: Uuid::from_u128(9),
                ..place("secret")
            },
            Place {
                row_id: Uuid::from_u128(9),
                ..place("secret")
            },
            Place {
                table: "destinations",
                ..place("secret")
            },
        ] {
            assert!(vault.open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
    }

    #[test]
    fn no_bit_of_it_can_be_changed() {
        let (vault, ids) = (Vault::new(&OLD), Counting::default());
        let sealed = vault.seal(&ids, place("secret"), b"hush").unwrap();
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(vault.open(place("secret"), &other).is_err(), "byte {at}");
            assert!(vault.open(place("secret"), &sealed[..at]).is_err());
        }
    }

    #[test]
    fn two_seals_of_one_secret_have_nothing_in_common_behind_the_key_id() {
        let (vault, ids) = (Vault::new(&OLD), Counting::default());
        let one = vault.seal(&ids, place("secret"), b"hush").unwrap();
        let two = vault.seal(&ids, place("secret"), b"hush").unwrap();
        assert_eq!(one[..PREFIX_BYTES], two[..PREFIX_BYTES]);
        assert_ne!(one[PREFIX_BYTES..], two[PREFIX_BYTES..]);
    }

    #[test]
    fn a_new_key_opens_nothing_until_it_is_wrapped_anew_and_the_old_one_nothing_after() {
        let ids = Counting::default();
        let sealed = Vault::new(&OLD)
            .seal(&ids, place("secret"), b"hush")
            .unwrap();
        assert!(Vault::new(&NEW).open(place("secret"), &sealed).is_err());

        let both = Vault::with(&NEW, &[OLD]);
        assert_eq!(both.open(place("secret"), &sealed).unwrap(), b"hush");
        let renewed = both
            .rewrap(&ids, place("secret"), &sealed)
            .unwrap()
            .unwrap();
        assert!(renewed.starts_with(&both.current_prefix()));
        assert_eq!(both.rewrap(&ids, place("secret"), &renewed).unwrap(), None);
        assert_eq!(
            Vault::new(&NEW).open(place("secret"), &renewed).unwrap(),
            b"hush"
        );
        assert!(Vault::new(&OLD).open(place("secret"), &renewed).is_err());
        assert!(
            both.rewrap(&ids, place("previous"), &sealed).is_err(),
            "nor is it wrapped anew for another place"
        );
    }

    #[test]
    fn keys_change_while_it_is_in_use() {
        let (vault, ids) = (Vault::new(&OLD), Counting::default());
        let sealed = vault.seal(&ids, place("secret"), b"hush").unwrap();
        vault.use_keys(&NEW, &[OLD]);
        assert_eq!(vault.open(place("secret"), &sealed).unwrap(), b"hush");
        vault.use_keys(&NEW, &[]);
        assert!(vault.open(place("secret"), &sealed).is_err());
    }

    #[test]
    fn what_the_first_release_sealed_still_opens() {
        let ids = Counting::default();
        let body = encrypt(
            &XChaCha20Poly1305::new(&OLD.into()),
            &ids,
            &place("secret").bytes(),
            b"hush",
        )
        .unwrap();
        let sealed = [&[DIRECT], body.as_slice()].concat();
        let vault = Vault::with(&NEW, &[OLD]);
        assert_eq!(vault.open(place("secret"), &sealed).unwrap(), b"hush");
        let renewed = vault
            .rewrap(&ids, place("secret"), &sealed)
            .unwrap()
            .unwrap();
        assert_eq!(
            Vault::new(&NEW).open(place("secret"), &renewed).unwrap(),
            b"hush"
        );
    }
}
