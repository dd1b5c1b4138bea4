//! Canonical JSON text, so that the same content always has the same hash. Source: RFC 8785.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// Deepest nesting accepted, the limit of the JSON reader.
const MAX_DEPTH: usize = 128;

/// Why a value has no canonical text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// An integer that a JSON number (an IEEE 754 double) cannot hold exactly.
    #[error("an integer is too large to be exact in JSON; write it as a string")]
    InexactInteger,
    /// Infinity or not a number.
    #[error("a number is not finite")]
    NotFinite,
    /// Nested more than 128 levels.
    #[error("the value is nested too deeply")]
    TooDeep,
}

/// The canonical text of a value: members sorted by the UTF-16 code units of their names, no
/// white space, the shortest escapes, numbers as ECMAScript writes them.
///
/// # Errors
/// A number that JSON cannot hold exactly, or nesting beyond 128 levels.
pub fn to_canonical(value: &Value) -> Result<String, CanonicalError> {
    let mut text = String::new();
    write_value(value, 0, &mut text)?;
    Ok(text)
}

fn write_value(value: &Value, depth: usize, to: &mut String) -> Result<(), CanonicalError> {
    if depth > MAX_DEPTH {
        return Err(CanonicalError::TooDeep);
    }
    match value {
        Value::Null => to.push_str("null"),
        Value::Bool(true) => to.push_str("true"),
        Value::Bool(false) => to.push_str("false"),
        Value::Number(number) => to.push_str(&number_text(number)?),
        Value::String(text) => write_string(text, to),
        Value::Array(items) => {
            to.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    to.push(',');
                }
                write_value(item, depth + 1, to)?;
            }
            to.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            to.push('{');
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    to.push(',');
                }
                write_string(name, to);
                to.push(':');
                write_value(member, depth + 1, to)?;
            }
            to.push('}');
        }
    }
    Ok(())
}

/// Section 3.2.2.2.
fn write_string(text: &str, to: &mut String) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\u{8}' => to.push_str("\\b"),
            '\t' => to.push_str("\\t"),
            '\n' => to.push_str("\\n"),
            '\u{c}' => to.push_str("\\f"),
            '\r' => to.push_str("\\r"),
            '\0'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(to, "\\u{:04x}", u32::from(c));
            }
            _ => to.push(c),
        }
    }
    to.push('"');
}

fn number_text(number: &Number) -> Result<String, CanonicalError> {
    let integer = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (integer, number.as_f64()) {
        (Some(integer), _) if integer.unsigned_abs() <= 1 << 53 => Ok(integer.to_string()),
        (Some(integer), Some(double)) if is_exactly(double, integer) => double_text(double),
        (Some(_), _) => Err(CanonicalError::InexactInteger),
        (None, Some(double)) => double_text(double),
        (None, None) => Err(CanonicalError::NotFinite),
    }
}

/// Whether a double holds exactly this integer; both are within the 64-bit range, so the cast
/// back loses nothing.
fn is_exactly(double: f64, integer: i128) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "a 64-bit magnitude fits an i128")]
    let back = double as i128;
    back == integer
}

/// A double as `Number.prototype.toString` of ECMAScript writes it (section 3.2.2.3).
fn double_text(double: f64) -> Result<String, CanonicalError> {
    if !double.is_finite() {
        return Err(CanonicalError::NotFinite);
    }
    if double == 0.0 {
        return Ok("0".to_owned());
    }
    let scientific = shortest(double.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if double < 0.0 { "-" } else { "" };
    Ok(format!("{sign}{}", place_point(&digits, exponent)))
}

/// The fewest digits that read back, as `d.ddde±x`; of those with that many digits the closest,
/// and of two equally close the even one. `{:e}` alone finds the number of digits but may take
/// the odd one.
fn shortest(double: f64) -> String {
    let some = format!("{double:e}");
    let digits = some.split('e').next().unwrap_or_default().len();
    // One digit stands before the point, and the point is no digit.
    let even = format!("{double:.0$e}", digits.saturating_sub(2));
    if even.parse() == Ok(double) { even } else { some }
}

/// Writes `digits[0].digits[1..] × 10^exponent`.
fn place_point(digits: &str, exponent: i32) -> String {
    let count = digits.len();
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let point = usize::try_from(exponent + 1).unwrap_or(0);
    match exponent {
        0..=20 => match digits.split_at_checked(point) {
            Some((whole, "")) => whole.to_owned(),
            Some((whole, fraction)) => format!("{whole}.{fraction}"),
            None => format!("{digits}{}", "0".repeat(point.saturating_sub(count))),
        },
        -6..=-1 => format!("0.{}{digits}", zeros(-exponent - 1)),
        _ => {
            let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
            let point = if rest.is_empty() { "" } else { "." };
            format!("{first}{point}{rest}e{exponent:+}")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn canonical(text: &str) -> String {
        to_canonical(&serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn the_sample_of_section_3_2_2() {
        // The doubles are literals: serde_json reads some decimals one unit off.
        let sample = json!({
            "numbers": [333_333_333.333_333_3, 1e30, 4.50, 2e-3, 0.000_000_000_000_000_000_000_000_001],
            "string": "\u{20ac}$\u{f}\u{a}A'\u{42}\u{22}\u{5c}\\\"/",
            "literals": [null, true, false]
        });
        assert_eq!(
            to_canonical(&sample).unwrap(),
            concat!(
                r#"{"literals":[null,true,false],"#,
                r#""numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
                r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
            )
        );
    }

    #[test]
    fn the_sorting_sample_of_section_3_2_3() {
        let sample = r#"{
            "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
            "\u00f6": "Latin Small Letter O With Diaeresis"
        }"#;
        let text = canonical(sample);
        let order = ["Carriage Return", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
        let places: Vec<_> = order.iter().map(|name| text.find(name).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn the_numbers_of_appendix_b() {
        for (bits, text) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(double_text(f64::from_bits(bits)).as_deref(), Ok(text), "{bits:#x}");
        }
        for bits in [0x7fff_ffff_ffff_ffff_u64, 0x7ff0_0000_0000_0000] {
            assert_eq!(double_text(f64::from_bits(bits)), Err(CanonicalError::NotFinite));
        }
    }

    #[test]
    fn integers_must_be_exact() {
        assert_eq!(canonical("[0,-1,9007199254740992]"), "[0,-1,9007199254740992]");
        assert_eq!(canonical("9223372036854774784"), "9223372036854775000");
        for inexact in [json!(9_007_199_254_740_993_u64), json!(i64::MAX), json!(u64::MAX)] {
            assert_eq!(to_canonical(&inexact), Err(CanonicalError::InexactInteger), "{inexact}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nest = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert!(to_canonical(&nest(128)).is_ok());
        assert_eq!(to_canonical(&nest(129)), Err(CanonicalError::TooDeep));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 53)..=1 << 53).prop_map(Value::from),
            any::<i32>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_double_reads_back_exactly(bits: u64) {
            let double = f64::from_bits(bits);
            if let Ok(text) = double_text(double) {
                let back: f64 = text.parse().unwrap();
                prop_assert!(back.total_cmp(&double).is_eq() || double == 0.0);
            }
        }

        #[test]
        fn canonical_text_is_its_own_canonical_text(value in any_json()) {
            let once = to_canonical(&value).unwrap();
            let again: Value = serde_json::from_str(&once).unwrap();
            prop_assert_eq!(to_canonical(&again).unwrap(), once);
        }
    }
}
