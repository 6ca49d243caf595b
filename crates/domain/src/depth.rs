//! How deeply a JSON text may be nested.
//!
//! A text of nothing but brackets is small to send and expensive to follow: whatever reads it by recursion
//! needs a stack frame for each. So the depth is judged before anything reads the text, in one
//! pass over its bytes. Whether it is JSON at all is for the reader to say.

/// Orders have some ten levels.
pub const MAX_DEPTH: usize = 64;

/// Whether lists and objects are nested deeper than [`MAX_DEPTH`].
pub fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_what_is_open_at_once_and_not_in_a_text() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(!is_too_deep(nested(MAX_DEPTH).as_bytes()));
        assert!(is_too_deep(nested(MAX_DEPTH + 1).as_bytes()));
        assert!(is_too_deep("{\"a\":".repeat(100_000).as_bytes()));
        assert!(!is_too_deep("[],".repeat(1_000).as_bytes()));
        let text = format!("{{\"a\":\"{}\\\"{}\"}}", "[".repeat(100), "{".repeat(100));
        assert!(!is_too_deep(text.as_bytes()));
        let after = format!("[\"\\\\\",{}", "[".repeat(100));
        assert!(is_too_deep(after.as_bytes()));
    }
}
