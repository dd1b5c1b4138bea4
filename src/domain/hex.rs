//! Bytes as lower-case hexadecimal digits.

use std::fmt::Write as _;

/// Two digits for each byte.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of a text of that many; none for any other text.
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|v| u8::try_from(v).ok());
        *byte = value(high)? << 4 | value(low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let bytes = [0, 1, 15, 16, 127, 128, 255];
        assert_eq!(decode(&encode(&bytes)), Some(bytes));
        assert_eq!(decode("0A"), Some([10]));
        for wrong in ["", "0", "000", "0g", "+1", "é"] {
            assert_eq!(decode::<1>(wrong), None, "{wrong}");
        }
    }
}
