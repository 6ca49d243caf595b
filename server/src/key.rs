//! The keys that seal secrets at rest: given as a setting, or kept in a file beside the database.
//!
//! The first key seals; those behind it still open what they sealed, until `meshline keys rotate` has
//! wrapped everything anew. A file is made once, for a database that holds nothing yet. When the file
//! is gone and the database holds secrets, a new key would open none of them; so that is an error, not a
//! new key.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use engine::{KeyId, Vault};
use rand::TryRngCore;
use sha2::{Digest, Sha256};

use crate::config::Settings;

/// Takes what `openssl rand -base64 32` prints, with or without the padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key is 32 bytes, written as 64 hexadecimal digits or as base64 (`openssl rand -hex 32` makes one); \
     several are separated by commas, the one that seals first"
)]
pub struct KeyFault;

impl SecretKey {
    fn parse(text: &str) -> Result<Self, KeyFault> {
        let bytes = if text.len() == 64 {
            hex::decode(text).map_err(|_| KeyFault)?
        } else {
            LENIENT.decode(text).map_err(|_| KeyFault)?
        };
        bytes.try_into().map(Self).map_err(|_| KeyFault)
    }

    /// From the operating system's own randomness: it outlives this process.
    pub fn make() -> io::Result<Self> {
        let mut bytes = [0_u8; 32];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(io::Error::other)?;
        Ok(Self(bytes))
    }

    pub fn id(&self) -> KeyId {
        KeyId::of(&self.0)
    }

    /// What setting up an empty installation asks for. It follows from the key, so every process on one database
    /// says the same, and it says nothing about the key.
    pub fn setup_code(&self) -> String {
        let digest = Sha256::new()
            .chain_update(b"meshline setup code")
            .chain_update(self.0)
            .finalize();
        hex::encode(&digest[..12])
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

/// What an installation knows: the key that seals, and those that sealed before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKeys {
    pub current: SecretKey,
    pub older: Vec<SecretKey>,
}

impl SecretKeys {
    /// Separated by commas or on lines of their own.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        let mut keys = text
            .split([',', '\n'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(SecretKey::parse);
        let current = keys.next().ok_or(KeyFault)??;
        let older = keys.collect::<Result<_, _>>()?;
        Ok(Self { current, older })
    }

    pub fn only(current: SecretKey) -> Self {
        Self {
            current,
            older: Vec::new(),
        }
    }

    /// These, with another key in front that seals from now on.
    pub fn behind(&self, new: SecretKey) -> Self {
        Self {
            current: new,
            older: self.all().copied().collect(),
        }
    }

    /// Those of `before` that are not among these are kept as older ones.
    pub fn and_older(&self, before: &Self) -> Self {
        let mut keys = self.clone();
        for key in before.all() {
            if !keys.all().any(|known| known == key) {
                keys.older.push(*key);
            }
        }
        keys
    }

    pub fn all(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.current).chain(&self.older)
    }

    pub fn vault(&self) -> Vault {
        Vault::with(&self.current.0, &self.older_bytes())
    }

    pub fn hand_to(&self, engine: &engine::Engine) {
        engine.use_keys(&self.current.0, &self.older_bytes());
    }

    fn older_bytes(&self) -> Vec<[u8; 32]> {
        self.older.iter().map(|key| key.0).collect()
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
    #[error(
        "the key file {path} is not there. Where others can connect, a key is never made up: \
         write the output of `openssl rand -hex 32` into it and keep it as safe as the database"
    )]
    Missing { path: PathBuf },
}

impl KeyError {
    fn file(path: &Path, why: impl fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }
}

/// Where the keys are kept when they are not a setting.
pub fn file_of(settings: &Settings) -> PathBuf {
    if let Some(file) = &settings.secret_key_file {
        return file.clone();
    }
    match settings.database.sqlite_file() {
        Some(file) => {
            let mut name = file.as_os_str().to_owned();
            name.push(".key");
            PathBuf::from(name)
        }
        None => PathBuf::from("meshline.key"),
    }
}

/// The keys of this installation, if it has any already.
pub fn find(settings: &Settings) -> Result<Option<SecretKeys>, KeyError> {
    match &settings.secret_key {
        Some(keys) => Ok(Some(keys.clone())),
        None => read(&file_of(settings)),
    }
}

pub fn read(path: &Path) -> Result<Option<SecretKeys>, KeyError> {
    match fs::read_to_string(path) {
        Ok(text) => match SecretKeys::parse(&text) {
            Ok(keys) => Ok(Some(keys)),
            Err(fault) => Err(KeyError::file(path, fault)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyError::file(path, error)),
    }
}

/// The keys of this installation; one is made now if the database is still empty.
pub fn find_or_make(settings: &Settings, database_is_empty: bool) -> Result<SecretKeys, KeyError> {
    if let Some(keys) = find(settings)? {
        return Ok(keys);
    }
    let path = file_of(settings);
    if !database_is_empty {
        return Err(KeyError::Lost { path });
    }
    if !settings.is_private() {
        return Err(KeyError::Missing { path });
    }
    let keys = SecretKeys::only(SecretKey::make().map_err(|why| KeyError::file(&path, why))?);
    write_new(&path, &keys).map_err(|why| KeyError::file(&path, why))?;
    tracing::info!(path = %path.display(), "made a key that seals the secrets in the database; back it up together with it");
    Ok(keys)
}

/// Puts these keys in place of what the file holds; whoever reads it sees the old ones or the new ones.
pub fn replace(path: &Path, keys: &SecretKeys) -> Result<(), KeyError> {
    let beside = path.with_extension("key-new");
    let exchange = || -> io::Result<()> {
        // left behind by a rotation that was cut off before it counted
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        write_new(&beside, keys)?;
        fs::rename(&beside, path)?;
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    exchange().map_err(|why| KeyError::file(path, why))
}

/// Secrets sealed with them outlive this process; so must they.
fn write_new(path: &Path, keys: &SecretKeys) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    for key in keys.all() {
        file.write_all(format!("{}\n", hex::encode(key.0)).as_bytes())?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn both_spellings_are_the_same_key() {
        let key = SecretKey::parse(HEX).unwrap();
        for text in [BASE64, &format!("{}\n", &BASE64[..43]), &HEX.to_uppercase()] {
            assert!(
                SecretKeys::parse(text).unwrap() == SecretKeys::only(key),
                "{text}"
            );
        }
        for bad in [
            "",
            ",",
            "00",
            &HEX[1..],
            &format!("{HEX}00"),
            &format!("{HEX},{}", &HEX[2..]),
            "not base64 at all!",
        ] {
            assert_eq!(SecretKeys::parse(bad), Err(KeyFault), "{bad}");
        }
        assert_eq!(format!("{key:?}"), "SecretKey(***)");
    }

    #[test]
    fn the_first_of_several_seals() {
        let other = "ff".repeat(32);
        for text in [
            format!("{other},{HEX}"),
            format!("{other} , {BASE64}"),
            format!("{other}\n{HEX}\n"),
        ] {
            let keys = SecretKeys::parse(&text).unwrap();
            assert!(keys.current == SecretKey::parse(&other).unwrap());
            assert!(keys.older == [SecretKey::parse(HEX).unwrap()]);
        }
    }

    #[test]
    fn a_file_is_exchanged_whole_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("meshline-keys-{}", std::process::id()));
        let first = SecretKeys::parse(HEX).unwrap();
        write_new(&path, &first).unwrap();
        let both = first.behind(SecretKey::make().unwrap());
        replace(&path, &both).unwrap();
        assert!(read(&path).unwrap().unwrap() == both);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_file(&path).unwrap();
        assert!(read(&path).unwrap().is_none());
    }

    #[test]
    fn keys_that_left_the_file_are_remembered_until_they_open_nothing() {
        let old = SecretKeys::parse(HEX).unwrap();
        let new = SecretKeys::only(SecretKey::make().unwrap());
        let both = new.and_older(&old);
        assert!(both.current == new.current && both.older == [old.current]);
        assert!(both.and_older(&old) == both);
    }
}
