//! A phone, as RFC 6238 and RFC 4226 describe it: written by hand, so that it agrees with ours only when
//! both follow the standards.

use domain::Time;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

pub struct Authenticator {
    seed: Vec<u8>,
}

impl Authenticator {
    /// Reads what the picture says.
    pub fn scan(uri: &str) -> Self {
        assert!(uri.starts_with("otpauth://totp/Meshline:"), "{uri}");
        let field = |name: &str| {
            let (_, query) = uri.split_once('?').unwrap();
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .unwrap_or_else(|| panic!("no {name} in {uri}"))
                .1
        };
        assert_eq!(
            [
                field("algorithm"),
                field("digits"),
                field("period"),
                field("issuer")
            ],
            ["SHA1", "6", "30", "Meshline"]
        );
        Self {
            seed: base32(field("secret")),
        }
    }

    pub fn code(&self, at: Time) -> String {
        let counter = u64::try_from(at.as_ms() / 1000 / 30).unwrap();
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.seed).unwrap();
        mac.update(&counter.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let from = usize::from(hash[19] & 15);
        let number = u32::from_be_bytes(hash[from..from + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

fn base32(text: &str) -> Vec<u8> {
    let mut bits = 0_u64;
    let mut held = 0;
    let mut bytes = Vec::new();
    for letter in text.bytes().filter(|byte| *byte != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            other => panic!("{other} is no base32"),
        };
        bits = (bits << 5 | u64::from(value)) & 0xffff_ffff;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}

/// RFC 6238, appendix B, to know that the phone itself is right.
#[test]
fn the_phone_is_a_good_one() {
    let seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let uri = format!(
        "otpauth://totp/Meshline:x?secret={seed}&issuer=Meshline&algorithm=SHA1&digits=6&period=30"
    );
    let phone = Authenticator::scan(&uri);
    assert_eq!(phone.code(Time::from_ms(59_000)), "287082");
    assert_eq!(phone.code(Time::from_ms(1_234_567_890_000)), "005924");
}
