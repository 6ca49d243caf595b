//! The second factor: codes from a person's phone (TOTP, RFC 6238: SHA-1, six digits, thirty seconds), and
//! ten recovery codes for the day the phone is gone.
//!
//! It is set up in two steps. A seed is made and shown; it counts once a code of it was typed in, which
//! proves that it arrived. From then on every sign-in asks for a code, and whatever sessions the person
//! had elsewhere are ended, since those never saw one. A code is good for its own thirty seconds and the
//! ones before and after, and once: the step of a used code is kept, and no code of it or an older one is
//! taken again. The seed is sealed; of recovery codes there are only hashes.
//!
//! The same code (or the password, of a person without a factor) is what a person *proves* themself with
//! in the middle of a session, before what an open laptop must not be enough for.

use domain::{Time, people::User};
use serde_json::json;
use sha2::{Digest, Sha256};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use uuid::Uuid;

use crate::{
    account::note_for_person,
    engine::Engine,
    error::{Error, Kind, Result},
    port::{SecondFactorRow, StoreExt},
    sessions::Oneself,
    sign_in::Client,
    vault::Place,
};

const SEED_BYTES: usize = 20;
const STEP_S: u64 = 30;
const DIGITS: u8 = 6;
const CODES: usize = 10;
/// 120 bits: too many to be guessed from the hashes, whoever has them.
const CODE_BYTES: usize = 15;
/// Without letters that look like another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// A seed that was shown and not confirmed is thrown away after this.
const ENROLMENT_MS: i64 = 30 * 60_000;

/// A factor in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    pub since: Time,
    pub unused_recovery_codes: i64,
}

/// A seed on its way to a phone.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// As an authenticator takes it when it is typed in.
    pub secret: String,
    /// The same as `otpauth:`, for a picture or a link.
    pub uri: String,
}

fn place(user: Uuid) -> Place<'static> {
    Place {
        merchant_id: user,
        table: "second_factors",
        row_id: user,
        column: "seed",
    }
}

fn totp(seed: &[u8]) -> Result<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(1)
        .with_step_duration(STEP_S)
        .with_secret(seed.to_vec())
        .build()
        .map_err(|why| Error::internal(format!("a seed is of no use: {why}")))
}

/// The step of which this is the code now, one before and one after included.
fn step_of(seed: &[u8], code: &str, now: Time) -> Result<Option<i64>> {
    let seconds = u64::try_from(now.as_ms() / 1000).unwrap_or(0);
    let step = totp(seed)?.check(code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// The digits of a code, however they were grouped; none if it is something else.
fn digits(typed: &str) -> Option<String> {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let is_code = plain.len() == usize::from(DIGITS) && plain.bytes().all(|b| b.is_ascii_digit());
    is_code.then_some(plain)
}

fn recovery_hash(user: Uuid, typed: &str) -> Vec<u8> {
    let plain: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    let mut hash = Sha256::new();
    hash.update(user.as_bytes());
    hash.update(plain.as_bytes());
    hash.finalize().to_vec()
}

/// Five bits a letter, in groups of four.
fn written(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut held) = (0_u32, 0);
    for byte in bytes {
        bits = (bits << 8 | u32::from(*byte)) & 0xffff;
        held += 8;
        while held >= 5 {
            held -= 5;
            let letter = (bits >> held) & 31;
            if text.len() % 5 == 4 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[letter as usize]));
        }
    }
    text
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(b).to_string()
            }
            b => format!("%{b:02X}"),
        })
        .collect()
}

fn wrong_code() -> Error {
    Error::invalid(
        "code",
        "This code is not right. It may be the one before: wait for the next and type that.",
    )
}

impl Engine {
    /// The person's factor, if one is in use.
    pub async fn second_factor(&self, user: Uuid) -> Result<Option<SecondFactor>> {
        let mut reads = self.store.reads().await?;
        let Some(since) = reads
            .second_factor(user)
            .await?
            .and_then(|row| row.confirmed_at)
        else {
            return Ok(None);
        };
        Ok(Some(SecondFactor {
            since,
            unused_recovery_codes: reads.unused_recovery_codes(user).await?,
        }))
    }

    /// Whether an operator, at whose merchants the person works, asks everybody for a second factor.
    pub async fn second_factor_required(&self, user: Uuid) -> Result<bool> {
        let mut reads = self.store.reads().await?;
        let own = reads.operator_memberships_of(user).await?;
        let mut operators: Vec<Uuid> = own.iter().map(|member| member.operator_id).collect();
        let places = reads.places_of(user).await?;
        operators.extend(places.iter().map(|(merchant, _)| merchant.operator_id));
        operators.sort_unstable();
        operators.dedup();
        for id in operators {
            let operator = reads.operator(id).await?;
            if operator.is_some_and(|operator| operator.require_second_factor) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an operator asks for a factor that the person has not set up.
    pub(crate) async fn owes_second_factor(&self, user: Uuid) -> Result<bool> {
        Ok(self.second_factor_required(user).await? && self.second_factor(user).await?.is_none())
    }

    /// Makes a seed for a person without a factor; the one before, if it was never confirmed, is gone.
    /// It has to be shown next, by [`Engine::enrolment`].
    pub async fn begin_second_factor(&self, oneself: &Oneself) -> Result<()> {
        self.require_fresh(oneself)?;
        let user = &oneself.user;
        let mut seed = [0_u8; SEED_BYTES];
        self.ids.fill(&mut seed);
        let row = SecondFactorRow {
            user_id: user.id,
            sealed_seed: self.vault.seal(&*self.ids, place(user.id), &seed)?,
            created_at: self.now(),
            confirmed_at: None,
            last_step: 0,
        };
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if is_confirmed(tx.second_factor(row.user_id).await?.as_ref()) {
                        return Err(has_one());
                    }
                    tx.save_second_factor(&row).await
                })
            })
            .await
    }

    /// The seed that is being set up; none when there is none, or it was not confirmed in time.
    pub async fn enrolment(&self, user: &User) -> Result<Option<Enrolment>> {
        let row = self.store.reads().await?.second_factor(user.id).await?;
        let Some(row) = row.filter(|row| self.is_being_set_up(row)) else {
            return Ok(None);
        };
        let seed = self.vault.open(place(user.id), &row.sealed_seed)?;
        let secret = Secret::from(seed).to_base32();
        let uri = format!(
            "otpauth://totp/Meshline:{}?secret={secret}&issuer=Meshline&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
            percent(&user.email),
        );
        Ok(Some(Enrolment { secret, uri }))
    }

    fn is_being_set_up(&self, row: &SecondFactorRow) -> bool {
        row.confirmed_at.is_none() && self.now().since_ms(row.created_at) < ENROLMENT_MS
    }

    /// The first code: the factor counts from now on, every other session of the person ends. Returns the
    /// recovery codes, to be shown now and never again. Guesses need no pace: whoever guesses here was
    /// shown the seed.
    pub async fn confirm_second_factor(
        &self,
        oneself: &Oneself,
        code: &str,
    ) -> Result<Vec<String>> {
        let user = &oneself.user;
        let row = self.store.reads().await?.second_factor(user.id).await?;
        if is_confirmed(row.as_ref()) {
            return Err(has_one());
        }
        let row = row.filter(|row| self.is_being_set_up(row)).ok_or_else(|| {
            Error::conflict("This was begun too long ago. Begin again: there is a new secret then.")
        })?;
        let seed = self.vault.open(place(user.id), &row.sealed_seed)?;
        let now = self.now();
        let code = digits(code).ok_or_else(wrong_code)?;
        let step = step_of(&seed, &code, now)?.ok_or_else(wrong_code)?;
        let (codes, hashes) = self.new_recovery_codes(user.id);
        let note = self.own_act(user.id, "person.second_factor_added", json!({}));
        let kept = oneself.session.clone();
        let confirmed = SecondFactorRow {
            confirmed_at: Some(now),
            last_step: step,
            ..row
        };
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let user = confirmed.user_id;
                    let stands = tx.second_factor(user).await?;
                    // another tab may have begun again, or confirmed first
                    if stands.as_ref().is_none_or(|row| {
                        row.confirmed_at.is_some() || row.sealed_seed != confirmed.sealed_seed
                    }) {
                        return Err(Error::conflict(
                            "This was begun again elsewhere. Load the page and use the secret it shows.",
                        ));
                    }
                    tx.save_second_factor(&confirmed).await?;
                    tx.replace_recovery_codes(user, &hashes).await?;
                    tx.delete_other_sessions(user, &kept).await?;
                    note_for_person(tx, note).await
                })
            })
            .await?;
        Ok(codes)
    }

    /// New recovery codes; the old ones are good no more.
    pub async fn renew_recovery_codes(&self, oneself: &Oneself) -> Result<Vec<String>> {
        self.require_fresh(oneself)?;
        let user = oneself.user.id;
        let (codes, hashes) = self.new_recovery_codes(user);
        let note = self.own_act(user, "person.recovery_codes_renewed", json!({}));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if !is_confirmed(tx.second_factor(user).await?.as_ref()) {
                        return Err(has_none());
                    }
                    tx.replace_recovery_codes(user, &hashes).await?;
                    note_for_person(tx, note).await
                })
            })
            .await?;
        Ok(codes)
    }

    pub async fn turn_off_second_factor(&self, oneself: &Oneself) -> Result<()> {
        self.require_fresh(oneself)?;
        let user = oneself.user.id;
        if self.second_factor_required(user).await? {
            return Err(Error::forbidden(
                "Your operator asks everybody for a second factor, so it cannot be turned off. Ask them, or set \
                 it up anew on another device with your recovery codes at hand.",
            ));
        }
        let note = self.own_act(user, "person.second_factor_removed", json!({}));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if !is_confirmed(tx.second_factor(user).await?.as_ref()) {
                        return Err(has_none());
                    }
                    tx.delete_second_factor(user).await?;
                    note_for_person(tx, note).await
                })
            })
            .await
    }

    /// Checks a code of the phone, or a recovery code, and makes it used.
    pub async fn check_second_factor(
        &self,
        user: &User,
        typed: &str,
        client: &Client,
    ) -> Result<()> {
        let right = self
            .guarded(user.id, client, self.use_code(user.id, typed))
            .await?;
        right.then_some(()).ok_or_else(wrong_code)
    }

    async fn use_code(&self, user: Uuid, typed: &str) -> Result<bool> {
        let row = self.store.reads().await?.second_factor(user).await?;
        let Some(row) = row.filter(|row| row.confirmed_at.is_some()) else {
            return Ok(false);
        };
        let now = self.now();
        if let Some(code) = digits(typed) {
            let seed = self.vault.open(place(user), &row.sealed_seed)?;
            let Some(step) = step_of(&seed, &code, now)? else {
                return Ok(false);
            };
            return self
                .store
                .write(move |tx| Box::pin(async move { tx.use_step(user, step).await }))
                .await;
        }
        let hash = recovery_hash(user, typed);
        let note = self.own_act(user, "person.recovery_code_used", json!({}));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let used = tx.use_recovery_code(user, &hash, now).await?;
                    if used {
                        note_for_person(tx, note).await?;
                    }
                    Ok(used)
                })
            })
            .await
    }

    /// The proof in the middle of a session: a code, or the password of a person without a factor.
    pub async fn prove(&self, user: &User, typed: &str, client: &Client) -> Result<()> {
        if self.second_factor(user.id).await?.is_some() {
            return self.check_second_factor(user, typed, client).await;
        }
        let right = self
            .guarded(user.id, client, self.is_password_of(user, typed))
            .await?;
        right.then_some(()).ok_or_else(|| {
            Error::invalid("code", "That is not your password. Nothing was changed.")
        })
    }

    fn new_recovery_codes(&self, user: Uuid) -> (Vec<String>, Vec<Vec<u8>>) {
        (0..CODES)
            .map(|_| {
                let mut random = [0_u8; CODE_BYTES];
                self.ids.fill(&mut random);
                let code = written(&random);
                let hash = recovery_hash(user, &code);
                (code, hash)
            })
            .unzip()
    }
}

fn is_confirmed(row: Option<&SecondFactorRow>) -> bool {
    row.is_some_and(|row| row.confirmed_at.is_some())
}

fn has_one() -> Error {
    Error::conflict("There is a second factor already. Turn it off first to set up another.")
}

fn has_none() -> Error {
    Error::new(Kind::Conflict, "There is no second factor to change.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1; of its eight digits the last six.
    #[test]
    fn codes_are_those_of_the_standard() {
        let seed = b"12345678901234567890";
        for (seconds, code) in [
            (59_i64, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = Time::from_ms(seconds * 1000);
            assert_eq!(step_of(seed, code, now).unwrap(), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_longer() {
        let seed = b"12345678901234567890";
        let good = |seconds: i64| {
            step_of(seed, "081804", Time::from_ms(seconds * 1000))
                .unwrap()
                .is_some()
        };
        // the code's own thirty seconds begin at 1 111 111 080
        assert!(good(1_111_111_050) && good(1_111_111_139));
        assert!(!good(1_111_111_049) && !good(1_111_111_140));
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(digits(" 081 804 ").as_deref(), Some("081804"));
        for other in ["81804", "0818040", "08180a", "", "abcd-efgh-jkmn-pqrs"] {
            assert_eq!(digits(other), None, "{other}");
        }
        let user = Uuid::nil();
        let hash = recovery_hash(user, "0a1b-c2d3-0000-1111");
        assert_eq!(hash, recovery_hash(user, " OAIB C2D3 oooo LLII "));
        assert_ne!(hash, recovery_hash(Uuid::max(), "0a1b-c2d3-0000-1111"));
        assert_eq!(written(&[0xff; 10]), "zzzz-zzzz-zzzz-zzzz");
        assert_eq!(
            written(&[0, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf]),
            "0123-4567-89ab-cdef"
        );
    }

    #[test]
    fn an_address_in_the_uri_cannot_end_it() {
        assert_eq!(
            percent("a+b@x.example&secret=1"),
            "a%2Bb%40x.example%26secret%3D1"
        );
    }
}
