//! The key that seals secrets at rest: given as a setting, or kept in a file beside the database.
//!
//! A file is made once, for a database that holds nothing yet. When the file is gone and the database
//! holds secrets, a new key would open none of them; so that is an error, not a new key.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use rand::TryRngCore;

use crate::config::Settings;

/// Takes what `openssl rand -base64 32` prints, with or without the padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must be 32 bytes, written as 64 hexadecimal digits or as base64 (`openssl rand -hex 32` makes one)"
)]
pub struct KeyFault;

impl SecretKey {
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        let text = text.trim();
        let bytes = if text.len() == 64 {
            hex::decode(text).map_err(|_| KeyFault)?
        } else {
            LENIENT.decode(text).map_err(|_| KeyFault)?
        };
        bytes.try_into().map(Self).map_err(|_| KeyFault)
    }

    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key file {path} cannot be used: {why}")]
    File { path: PathBuf, why: String },
    #[error(
        "the key file {path} is missing, but the database holds secrets that were sealed with it: \
         put the file back, or set MESHLINE_SECRET_KEY to the key that was in use"
    )]
    Lost { path: PathBuf },
}

/// Where the key is kept when it is not a setting.
pub fn file_of(settings: &Settings) -> PathBuf {
    match settings.database.sqlite_file() {
        Some(file) => {
            let mut name = file.as_os_str().to_owned();
            name.push(".key");
            PathBuf::from(name)
        }
        None => PathBuf::from("meshline.key"),
    }
}

/// The key of this installation, if it has one already.
pub fn find(settings: &Settings) -> Result<Option<SecretKey>, KeyError> {
    if let Some(key) = &settings.secret_key {
        return Ok(Some(key.clone()));
    }
    let path = file_of(settings);
    match fs::read_to_string(&path) {
        Ok(text) => match SecretKey::parse(&text) {
            Ok(key) => Ok(Some(key)),
            Err(fault) => Err(KeyError::File {
                path,
                why: fault.to_string(),
            }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyError::File {
            path,
            why: error.to_string(),
        }),
    }
}

/// The key of this installation, made now if the database is still empty.
pub fn find_or_make(settings: &Settings, database_is_empty: bool) -> Result<SecretKey, KeyError> {
    if let Some(key) = find(settings)? {
        return Ok(key);
    }
    let path = file_of(settings);
    if !database_is_empty {
        return Err(KeyError::Lost { path });
    }
    let bad = |why: String| KeyError::File {
        path: path.clone(),
        why,
    };
    let mut bytes = [0_u8; 32];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| bad(error.to_string()))?;
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(format!("{}\n", hex::encode(bytes)).as_bytes())?;
        // secrets sealed with it outlive this process; so must it
        file.sync_all()
    };
    write().map_err(|error| bad(error.to_string()))?;
    tracing::info!(path = %path.display(), "made a key that seals the secrets in the database; back it up together with it");
    Ok(SecretKey(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_the_same_key() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let key = SecretKey::parse(hex).unwrap();
        for text in [
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        ] {
            assert!(SecretKey::parse(text).unwrap() == key);
        }
        assert!(SecretKey::parse(&hex.to_uppercase()).unwrap() == key);
        for bad in [
            "",
            "00",
            &hex[1..],
            &format!("{hex}00"),
            "not base64 at all!",
        ] {
            assert_eq!(SecretKey::parse(bad), Err(KeyFault), "{bad}");
        }
        assert_eq!(format!("{key:?}"), "SecretKey(***)");
    }
}
