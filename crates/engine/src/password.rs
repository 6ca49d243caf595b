//! How hard a password is to guess, and the hash that is kept of it.
//!
//! The measure knows thirty thousand common passwords, names, dates, keyboard patterns and their
//! disguises; what a guesser would try first for *this* person (their name, their address, our own name)
//! counts as common too. What leaked often is refused whatever the measure says.

use argon2::{Argon2, password_hash::PasswordHasher};
use domain::password::{MIN_GUESSES_LOG10, TooWeak, check_length};
use zxcvbn::feedback::{Feedback, Suggestion, Warning};

use crate::{
    common_passwords::is_common,
    engine::Engine,
    error::{Error, Result},
    hashing::Who,
};

const LEAKED: &str = "It is on the lists of leaked passwords: start from something else.";
/// Parts of a name or an address that are shorter say nothing about anybody.
const SHORTEST_PART: usize = 3;

/// Whether this can be somebody's password. `about` is what is known of them: name, address, company.
pub fn check(password: &str, about: &[&str]) -> Result<(), TooWeak> {
    check_length(password)?;
    let known = parts(about);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let measured = zxcvbn::zxcvbn(password, &known);
    if measured.guesses_log10() < MIN_GUESSES_LOG10 {
        return Err(TooWeak::Guessable(measured.feedback().and_then(hint)));
    }
    if is_common(password) {
        return Err(TooWeak::Guessable(Some(LEAKED)));
    }
    Ok(())
}

fn parts(about: &[&str]) -> Vec<String> {
    let mut parts = vec!["meshline".to_owned()];
    for text in about {
        parts.push(text.to_lowercase());
        parts.extend(
            text.split(|letter: char| !letter.is_alphanumeric())
                .filter(|part| part.chars().count() >= SHORTEST_PART)
                .map(str::to_lowercase),
        );
    }
    parts
}

fn hint(feedback: &Feedback) -> Option<&'static str> {
    feedback.warning().map(of_warning).or_else(|| {
        feedback
            .suggestions()
            .iter()
            .map(|suggestion| of_suggestion(*suggestion))
            .next()
    })
}

fn of_warning(warning: Warning) -> &'static str {
    use Warning as W;
    match warning {
        W::StraightRowsOfKeysAreEasyToGuess | W::ShortKeyboardPatternsAreEasyToGuess => {
            "Keys that lie side by side are tried first: use words instead."
        }
        W::RepeatsLikeAaaAreEasyToGuess | W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            "Repeating something adds little: add other words instead."
        }
        W::ThisIsATop10Password
        | W::ThisIsATop100Password
        | W::ThisIsACommonPassword
        | W::ThisIsSimilarToACommonlyUsedPassword => {
            "It is, or resembles, one of the most common passwords: start from something else."
        }
        W::SequencesLikeAbcAreEasyToGuess => {
            "Sequences such as abc or 6543 are tried first: use words instead."
        }
        W::RecentYearsAreEasyToGuess | W::DatesAreOftenEasyToGuess => {
            "Years and dates are tried first: use words instead."
        }
        W::AWordByItselfIsEasyToGuess => "It is a single word: add two or three others.",
        W::NamesAndSurnamesByThemselvesAreEasyToGuess | W::CommonNamesAndSurnamesAreEasyToGuess => {
            "Names are tried first: add words that have nothing to do with you."
        }
    }
}

fn of_suggestion(suggestion: Suggestion) -> &'static str {
    use Suggestion as S;
    match suggestion {
        S::UseAFewWordsAvoidCommonPhrases | S::NoNeedForSymbolsDigitsOrUppercaseLetters => {
            "Use a few words that don't belong together; no special characters are needed."
        }
        S::CapitalizationDoesntHelpVeryMuch
        | S::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => {
            "Capital letters help little: add another word instead."
        }
        S::ReversedWordsArentMuchHarderToGuess | S::PredictableSubstitutionsDontHelpVeryMuch => {
            "Turning words around or writing @ for a helps little: add another word instead."
        }
        S::UseALongerKeyboardPatternWithMoreTurns
        | S::AddAnotherWordOrTwo
        | S::AvoidRepeatedWordsAndCharacters
        | S::AvoidSequences
        | S::AvoidRecentYears
        | S::AvoidYearsThatAreAssociatedWithYou
        | S::AvoidDatesAndYearsThatAreAssociatedWithYou => {
            "Add a word or two that nobody would expect here."
        }
    }
}

impl Engine {
    /// The hash of a password that somebody chose, if it is a good one; else what is wrong with the
    /// form's field `field`. `about` is what is known of the person.
    pub async fn new_password_hash(
        &self,
        field: &str,
        password: &str,
        about: &[impl AsRef<str> + Sync],
    ) -> Result<String> {
        let text = password.to_owned();
        let about: Vec<String> = about.iter().map(|part| part.as_ref().to_owned()).collect();
        // measuring takes as long as hashing does, so it waits in the same queue
        let measured = self
            .hashers
            .slot(Who::Known)
            .await?
            .run(move || {
                let about: Vec<&str> = about.iter().map(String::as_str).collect();
                check(&text, &about)
            })
            .await?;
        if let Err(weak) = measured {
            return Err(Error::invalid(field, weak.to_string()));
        }
        self.hash_password(password).await
    }

    /// As it is kept, whatever it is.
    pub(crate) async fn hash_password(&self, password: &str) -> Result<String> {
        let mut salt = [0_u8; 16];
        self.ids.fill(&mut salt);
        let password = password.to_owned();
        self.hashers
            .slot(Who::Known)
            .await?
            .run(move || {
                Argon2::default()
                    .hash_password_with_salt(password.as_bytes(), &salt)
                    .map(|hash| hash.to_string())
                    .map_err(|why| Error::internal(format!("hashing a password failed: {why}")))
            })
            .await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> bool {
        check(password, &["Mara Lindqvist", "mara@northbound.example"]).is_err()
    }

    #[test]
    fn what_a_guesser_tries_first_is_refused() {
        for bad in [
            "short",
            "123456789012",
            "passwordpassword",
            "qwertyuiop[]",
            "iloveyou1234",
            "Password1234!",
            "aaaaaaaaaaaaaaaa",
            "maralindqvist",
            "northbound2026",
            "meshlinemeshline",
            "Mara.Lindqvist1",
        ] {
            assert!(refused(bad), "{bad}");
        }
    }

    #[test]
    fn words_nobody_expects_are_taken_without_rules_about_characters() {
        for good in [
            "correct tray lantern oboe",
            "viermal gefaltete brotzeit",
            "9fK2-xq8T-mm41-Zr0p",
            "зелёный чайник поёт",
        ] {
            assert_eq!(
                check(good, &["Mara Lindqvist", "mara@northbound.example"]),
                Ok(()),
                "{good}"
            );
        }
    }

    #[test]
    fn what_leaked_is_refused_although_the_measure_likes_it() {
        let leaked = "#imnotahacker69";
        let measured = zxcvbn::zxcvbn(leaked, &[]);
        let liked = measured.guesses_log10() >= MIN_GUESSES_LOG10;
        assert!(liked, "choose another one: this says nothing");
        let why = check(leaked, &[]).unwrap_err().to_string();
        assert!(why.contains("leaked"), "{why}");
    }

    #[test]
    fn the_refusal_says_what_would_help() {
        let why = check("passwordpassword", &[]).unwrap_err().to_string();
        assert!(why.contains("Repeating") || why.contains("common"), "{why}");
    }
}
