//! The check digit of GS1 keys: modulo 10, weights 3 and 1 from the right.

/// The last digit that belongs to these digits before it. `None`: they are not all digits.
pub fn check_digit(before: &str) -> Option<u8> {
    let mut sum = 0_u32;
    for (n, byte) in before.bytes().rev().enumerate() {
        let digit = u32::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        sum += if n % 2 == 0 { 3 * digit } else { digit };
    }
    u8::try_from((10 - sum % 10) % 10).ok()
}

/// What is wrong with it, and what would be right.
pub fn gtin_fault(text: &str) -> Option<(String, String)> {
    let accepts = "8, 12, 13 or 14 digits, the last of which is the GS1 check digit".to_owned();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.is_empty() {
        return Some((format!("“{text}” is not made of digits"), accepts));
    }
    if ![8, 12, 13, 14].contains(&text.len()) {
        return Some((format!("“{text}” has {} digits", text.len()), accepts));
    }
    let (before, last) = text.split_at(text.len() - 1);
    let right = check_digit(before)?;
    if last == right.to_string() {
        return None;
    }
    Some((
        format!("“{text}” ends in {last}, which is not its check digit"),
        format!("{before}{right}, if the digits before are right"),
    ))
}
