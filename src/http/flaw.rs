//! What can be wrong with a part of the input, as a code with a sentence in both languages. Libraries
//! say it in English only; what they say is read here for what it means, and never passed on.

use crate::domain::said::Said;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// A fault of one member or parameter.
    pub enum Flaw in "flaw" {
        MissingField = "missing_field" : "缺少必填项" / "A required member is missing.",
        UnknownField = "unknown_field" : "没有该成员" / "There is no such member.",
        DuplicateField = "duplicate_field" : "同一成员出现多次" / "The member is given more than once.",
        WrongType = "wrong_type" : "类型错误" / "The value has the wrong type.",
        UnknownValue = "unknown_value" : "不在可选值之内" / "The value is none of those allowed.",
        InvalidValue = "invalid_value" : "值无效" / "The value is not valid.",
        Length = "length" : "长度不符合要求" / "The length is not permitted.",
        Range = "range" : "数值超出范围" / "The number is out of range.",
        Blank = "blank" : "不能为空白" / "The text must not be blank.",
        ControlCharacter = "control_character" : "含有控制字符" / "The text contains a control character.",
        BlankOrControlCharacter = "blank_or_control_character" : "不能为空白或含有控制字符" / "The text must not be blank or contain control characters.",
        NotRemovable = "not_removable" : "该项不能删除" / "This member cannot be removed.",
        UnitCode = "unit_code" : "须以小写字母开头,只含小写字母、数字、下划线和连字符,不超过40个字符" / "1 to 40 of a-z 0-9 _ -, beginning with a letter.",
        UserName = "user_name" : "须以小写字母或数字开头,只含小写字母、数字、点、下划线和连字符,不超过64个字符" / "1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit.",
        ContactMissing = "contact_missing" : "至少需要一种联系方式" / "At least one of phone, address and email is needed.",
        IdentityMissing = "identity_missing" : "须提供身份证明" / "Proof of identity is needed.",
        DeliveryContactMissing = "delivery_contact_missing" : "所选获取方式需要此项" / "This way of obtaining it needs this.",
        OneNumberNeeded = "exactly_one" : "申请编号与收件编号须填其一" / "Exactly one of the two numbers is needed.",
        QueryCodeMalformed = "query_code_malformed" : "查询码为16位字母和数字,如 XXXX-XXXX-XXXX-XXXX" / "A query code has 16 letters and digits, as XXXX-XXXX-XXXX-XXXX.",
        QueryCodeWrong = "query_code_wrong" : "查询码与该件不符" / "The code is not that of this case.",
        OneOfNeeded = "one_of_needed" : "须且只须给出一项" / "Exactly one of these is needed.",
        NothingSupposed = "nothing_supposed" : "须至少假设一项" / "At least one thing must be supposed.",
        NeedsCountedIn = "needs_counted_in" : "须与 counted_in 一同使用" / "It says something only together with counted_in.",
        MalformedQuery = "malformed_query" : "查询字符串格式错误" / "The query string is malformed.",
        Repeated = "repeated" : "重复出现" / "It is named more than once.",
        RepeatedParameter = "repeated_parameter" : "参数出现多次" / "The parameter is given more than once.",
        InvalidParameter = "invalid_parameter" : "参数无效" / "The parameter is unknown or has a bad value.",
    }
}

impl Flaw {
    /// The sentence.
    #[must_use]
    pub const fn said(self) -> Said {
        Said::of(self.label_zh(), self.label_en())
    }

    /// The sentence, with which values are allowed.
    #[must_use]
    pub fn allowing(self, values: &[&str]) -> Said {
        let (zh, en) = (values.join("、"), values.join(", "));
        self.said().with(&Said::new(format!("可选:{zh}"), format!("allowed: {en}")))
    }

    /// The sentence, with the bounds that hold.
    #[must_use]
    pub fn bounded(self, least: Option<&str>, most: Option<&str>) -> Said {
        let bounds = match (least, most) {
            (Some(least), Some(most)) => {
                Said::new(format!("须为 {least} 至 {most}"), format!("{least} to {most}"))
            }
            (Some(least), None) => {
                Said::new(format!("不得小于 {least}"), format!("at least {least}"))
            }
            (None, Some(most)) => Said::new(format!("不得大于 {most}"), format!("at most {most}")),
            (None, None) => return self.said(),
        };
        self.said().with(&bounds)
    }

    /// The sentence, with the type that is wanted: a name of JSON Schema, or of serde.
    #[must_use]
    pub fn wanting(self, kind: &str) -> Said {
        match kind_in_words(kind) {
            Some(kind) => self.said().with(&kind),
            None => self.said(),
        }
    }

    /// What serde found, by the text of its error. The text itself is not passed on: it is in English
    /// alone and may hold a value, which came from outside and may be personal.
    #[must_use]
    pub fn of_serde(text: &str) -> (Self, Said) {
        let text = text.split(" at line ").next().unwrap_or_default();
        let expected = text.split_once(", expected ").map_or("", |(_, rest)| rest);
        let starts = |sign: &str| text.starts_with(sign);
        if starts("unknown field") {
            return (Self::UnknownField, Self::UnknownField.among(expected));
        }
        if starts("missing field") {
            return (Self::MissingField, Self::MissingField.said());
        }
        if starts("duplicate field") {
            return (Self::DuplicateField, Self::DuplicateField.said());
        }
        if starts("unknown ") {
            return (Self::UnknownValue, Self::UnknownValue.among(expected));
        }
        if starts("invalid type") {
            let said = if expected.starts_with("one of ") {
                Self::WrongType.among(expected)
            } else {
                Self::WrongType.wanting(expected)
            };
            return (Self::WrongType, said);
        }
        // Texts of our own readings, of uuid and of the numbers in a query.
        let meant = [
            ("no date", "a day"),
            ("no instant", "an instant"),
            ("neither a date", "a day or an instant"),
            ("UUID", "uuid"),
            ("invalid digit", "integer"),
            ("cannot parse integer", "integer"),
            ("number too", "integer"),
            ("invalid value: integer", "integer"),
            ("provided string was not", "boolean"),
        ];
        let kind = meant.iter().find(|(sign, _)| starts(sign)).map_or("", |(_, kind)| kind);
        (Self::InvalidValue, Self::InvalidValue.wanting(kind))
    }

    /// The sentence, with the values that serde lists: ``one of `a`, `b` ``.
    fn among(self, expected: &str) -> Said {
        let list = expected.strip_prefix("one of ").unwrap_or(expected).replace('`', "");
        let values: Vec<&str> = list.split(", ").filter(|one| !one.contains(' ')).collect();
        if values.iter().all(|value| value.is_empty()) {
            self.said()
        } else {
            self.allowing(&values)
        }
    }
}

/// A type in words.
fn kind_in_words(kind: &str) -> Option<Said> {
    let (zh, en) = match kind {
        "string" | "a string" | "a borrowed string" => ("须为字符串", "a string is expected"),
        "object" | "an object" | "a map" => ("须为对象", "an object is expected"),
        "array" | "a sequence" => ("须为数组", "an array is expected"),
        "boolean" | "a boolean" => ("须为 true 或 false", "true or false is expected"),
        "integer" | "u32" | "u64" | "i32" | "i64" => ("须为整数", "an integer is expected"),
        "number" | "f64" => ("须为数字", "a number is expected"),
        "a day" => ("须为 YYYY-MM-DD 形式的日期", "a date as YYYY-MM-DD is expected"),
        "an instant" => {
            ("须为带时区的 RFC 3339 时刻", "an instant of RFC 3339 with its offset is expected")
        }
        "a day or an instant" | "a date (YYYY-MM-DD) or an instant (RFC 3339)" => (
            "须为日期(YYYY-MM-DD)或带时区的 RFC 3339 时刻",
            "a date (YYYY-MM-DD) or an instant (RFC 3339) is expected",
        ),
        "uuid" | "a formatted UUID string" => ("须为 UUID", "a UUID is expected"),
        _ => return None,
    };
    Some(Said::of(zh, en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::said::Language;

    fn of(text: &str) -> (&'static str, String, String) {
        let (flaw, said) = Flaw::of_serde(text);
        let english = said.text(Language::English).to_owned();
        (flaw.as_str(), said.into_text(Language::Chinese), english)
    }

    #[test]
    fn what_serde_says_is_said_in_both_languages() {
        for (text, code, zh, en) in [
            (
                "invalid type: integer `7`, expected a string at line 1 column 3",
                "wrong_type",
                "类型错误(须为字符串)",
                "The value has the wrong type (a string is expected).",
            ),
            (
                "unknown channel, expected one of post, fax at line 1 column 9",
                "unknown_value",
                "不在可选值之内(可选:post、fax)",
                "The value is none of those allowed (allowed: post, fax).",
            ),
            (
                "unknown field `x`, expected one of `limit`, `after`",
                "unknown_field",
                "没有该成员(可选:limit、after)",
                "There is no such member (allowed: limit, after).",
            ),
            (
                "unknown field `x`, there are no fields",
                "unknown_field",
                "没有该成员",
                "There is no such member.",
            ),
            (
                "no date of the form YYYY-MM-DD",
                "invalid_value",
                "值无效(须为 YYYY-MM-DD 形式的日期)",
                "The value is not valid (a date as YYYY-MM-DD is expected).",
            ),
            (
                "a text that nobody knows: 张三",
                "invalid_value",
                "值无效",
                "The value is not valid.",
            ),
        ] {
            assert_eq!(of(text), (code, zh.to_owned(), en.to_owned()), "{text}");
        }
    }

    #[test]
    fn bounds_are_filled_in() {
        let said = |least, most| Flaw::Length.bounded(least, most).into_text(Language::Chinese);
        assert_eq!(said(Some("1"), Some("100")), "长度不符合要求(须为 1 至 100)");
        assert_eq!(said(Some("1"), None), "长度不符合要求(不得小于 1)");
        assert_eq!(said(None, Some("9")), "长度不符合要求(不得大于 9)");
        assert_eq!(said(None, None), "长度不符合要求");
    }
}
