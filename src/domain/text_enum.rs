//! Enumerations that have one stable text form: in JSON, in the database, on the command line.
//!
//! The `text_enum!` macro writes such an enumeration from a list of
//! `Variant = "code" : "中文" / "English"`, so that a code and its labels stand in one line of
//! the source and nowhere else.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// A closed set of values, each with a `snake_case` code and a Chinese and an English label.
///
/// Implemented only by [`text_enum!`]; code that treats all sets alike (dictionaries, SQL
/// columns, schemas) is written against this trait.
pub trait TextEnum: Copy + Eq + fmt::Debug + Sized + 'static {
    /// The `snake_case` name of the set itself, for messages and dictionary keys.
    const SET: &'static str;
    /// Every value, in the order of declaration.
    const VALUES: &'static [Self];
    /// The code of every value, in the order of declaration.
    const CODES: &'static [&'static str];

    /// The stable code of this value.
    fn code(self) -> &'static str;
    /// The Chinese label.
    fn zh(self) -> &'static str;
    /// The English label.
    fn en(self) -> &'static str;
    /// The value of a code, exactly as written: no trimming, no folding of case.
    ///
    /// # Errors
    /// [`UnknownCode`] when no value has this code.
    fn from_code(code: &str) -> Result<Self, UnknownCode>;
}

/// A text that is the code of no value of a set. Does not repeat the text: it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown {set}, expected one of {}", .allowed.join(", "))]
pub struct UnknownCode {
    /// The name of the set, as [`TextEnum::SET`].
    pub set: &'static str,
    /// The codes that would have been accepted.
    pub allowed: &'static [&'static str],
}

/// Reads a value of `T` from a string; the error names the allowed codes.
///
/// # Errors
/// Those of the deserializer, and an unknown code as a custom error.
pub fn deserialize<'de, T: TextEnum, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    struct Codes<T>(PhantomData<T>);

    impl<T: TextEnum> Visitor<'_> for Codes<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {}", T::CODES.join(", "))
        }

        fn visit_str<E: Error>(self, code: &str) -> Result<T, E> {
            T::from_code(code).map_err(E::custom)
        }
    }

    from.deserialize_str(Codes(PhantomData))
}

/// Declares an enumeration with text codes and labels.
///
/// ```text
/// text_enum! {
///     /// How an application reached the office (受理方式).
///     pub enum Channel in "channel" {
///         InPerson = "in_person" : "当面书面" / "in person, in writing",
///         /// More about this one.
///         Oral = "oral" : "口头代填" / "oral, filled in by the office",
///     }
/// }
/// ```
///
/// The type gets `ALL`, `CODES`, `as_str`, `parse`, `label_zh`, `label_en`, [`TextEnum`],
/// `Display` (the code), `FromStr`, `Serialize`, `Deserialize` and the usual derives; the labels
/// become the first line of each variant's documentation.
macro_rules! text_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident in $set:literal {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident = $code:literal : $zh:literal / $en:literal
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $(
                #[doc = concat!($zh, " / ", $en)]
                #[doc = ""]
                $(#[$variant_meta])*
                $variant,
            )+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The code of every value, in the order of declaration.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// The stable code: what JSON, the database and the command line use.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The value of a code, exactly as written.
            ///
            /// # Errors
            /// Names the set and the allowed codes when no value has this code.
            pub fn parse(code: &str) -> Result<Self, $crate::domain::text_enum::UnknownCode> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    _ => Err($crate::domain::text_enum::UnknownCode {
                        set: $set,
                        allowed: Self::CODES,
                    }),
                }
            }

            /// The Chinese label.
            #[must_use]
            pub const fn label_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh),+ }
            }

            /// The English label.
            #[must_use]
            pub const fn label_en(self) -> &'static str {
                match self { $(Self::$variant => $en),+ }
            }
        }

        impl $crate::domain::text_enum::TextEnum for $name {
            const SET: &'static str = $set;
            const VALUES: &'static [Self] = Self::ALL;
            const CODES: &'static [&'static str] = Self::CODES;

            fn code(self) -> &'static str {
                self.as_str()
            }
            fn zh(self) -> &'static str {
                self.label_zh()
            }
            fn en(self) -> &'static str {
                self.label_en()
            }
            fn from_code(code: &str) -> Result<Self, $crate::domain::text_enum::UnknownCode> {
                Self::parse(code)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::domain::text_enum::UnknownCode;

            fn from_str(code: &str) -> Result<Self, Self::Err> {
                Self::parse(code)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::domain::text_enum::deserialize(from)
            }
        }
    };
}

pub(crate) use text_enum;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    text_enum! {
        /// A colour of a traffic light.
        pub enum Light in "light" {
            Red = "red" : "红灯" / "red",
            /// Between the two.
            Amber = "amber_light" : "黄灯" / "amber",
        }
    }

    #[test]
    fn every_code_reads_back_and_nothing_else_does() {
        for light in Light::ALL {
            assert_eq!(Light::parse(light.as_str()), Ok(*light));
            assert_eq!(light.to_string().parse::<Light>(), Ok(*light));
        }
        for wrong in ["", "Red", " red", "red\n", "amber"] {
            assert!(Light::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn json_uses_the_code_and_an_error_names_the_allowed_ones_without_the_input() {
        assert_eq!(serde_json::to_string(&Light::Amber).unwrap(), r#""amber_light""#);
        assert_eq!(serde_json::from_str::<Light>(r#""red""#).unwrap(), Light::Red);
        let unknown = serde_json::from_str::<Light>(r#""secret""#).unwrap_err().to_string();
        assert!(unknown.contains("unknown light, expected one of red, amber_light"), "{unknown}");
        assert!(!unknown.contains("secret"));
        let number = serde_json::from_str::<Light>("3").unwrap_err().to_string();
        assert!(number.contains("expected one of red, amber_light"), "{number}");
    }

    #[test]
    fn a_value_may_be_the_key_of_a_map() {
        let counts = BTreeMap::from([(Light::Red, 2), (Light::Amber, 1)]);
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(json, r#"{"red":2,"amber_light":1}"#);
        assert_eq!(serde_json::from_str::<BTreeMap<Light, i32>>(&json).unwrap(), counts);
    }

    #[test]
    fn labels_are_reachable_through_the_trait() {
        fn rows<T: TextEnum>() -> Vec<(&'static str, &'static str, &'static str)> {
            T::VALUES.iter().map(|v| (v.code(), v.zh(), v.en())).collect()
        }
        assert_eq!(rows::<Light>()[1], ("amber_light", "黄灯", "amber"));
        assert_eq!(<Light as TextEnum>::SET, "light");
    }
}
