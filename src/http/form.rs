//! What is wrong with the form of a body, all of it at once.
//!
//! serde stops at the first fault. When it has found one, the body is compared with the schema that
//! the contract shows for it, so that the caller learns of every missing, unknown or mistyped member
//! in one answer.

use serde_json::Value;
use utoipa::ToSchema;

use super::problem::FieldError;

/// Every fault in the form of a body. Empty when the schema finds none: then what serde said stands.
#[must_use]
pub fn faults<T: ToSchema>(body: &Value) -> Vec<FieldError> {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let parts: Vec<(String, Value)> = parts
        .into_iter()
        .filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)))
        .collect();
    let mut found = Vec::new();
    if let Ok(schema) = serde_json::to_value(T::schema()) {
        Walk { parts: &parts, found: &mut found }.compare(&schema, body, "#");
    }
    found
}

struct Walk<'a> {
    parts: &'a [(String, Value)],
    found: &'a mut Vec<FieldError>,
}

impl Walk<'_> {
    fn fault(&mut self, at: &str, code: &str, detail: String) {
        self.found.push(FieldError { pointer: at.to_owned(), code: code.to_owned(), detail });
    }

    fn compare(&mut self, schema: &Value, value: &Value, at: &str) {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            let part = self.parts.iter().find(|(known, _)| known == name);
            if let Some((_, part)) = part {
                self.compare(part, value, at);
            }
            return;
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            // An optional part: null, or the part itself.
            let part = choices.iter().find(|choice| choice["type"] != "null");
            if let Some(part) = part.filter(|_| !value.is_null()) {
                self.compare(part, value, at);
            }
            return;
        }
        if !fits(&schema["type"], value) {
            let wanted = schema["type"].to_string().replace('"', "");
            self.fault(at, "wrong_type", format!("类型错误 / expected {wanted}"));
            return;
        }
        match value {
            Value::Object(_) if schema["properties"].is_object() => self.members(schema, value, at),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.compare(&schema["items"], item, &format!("{at}/{index}"));
                }
            }
            Value::String(text) => {
                self.bounds(schema, ("minLength", "maxLength"), text.chars().count() as u64, at);
                if let Some(allowed) = schema["enum"].as_array().filter(|all| !all.contains(value))
                {
                    let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
                    let detail = format!("不在可选值之内 / expected one of {}", allowed.join(", "));
                    self.fault(at, "unknown_value", detail);
                }
            }
            Value::Number(number) => {
                let number = number.as_u64().unwrap_or(0);
                self.bounds(schema, ("minimum", "maximum"), number, at);
            }
            _ => {}
        }
    }

    /// Is the measure within the bounds that the schema names, if it names any?
    fn bounds(&mut self, schema: &Value, (least, most): (&str, &str), measure: u64, at: &str) {
        let least = schema[least].as_u64().unwrap_or(0);
        let most = schema[most].as_u64().unwrap_or(u64::MAX);
        if !(least..=most).contains(&measure) {
            let code = if value_is_number(schema) { "range" } else { "length" };
            self.fault(at, code, format!("{least}–{most}"));
        }
    }

    fn members(&mut self, schema: &Value, value: &Value, at: &str) {
        let place = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value[name].is_null() {
                self.fault(&place(name), "missing_field", "缺少必填项 / missing".to_owned());
            }
        }
        for (name, member) in value.as_object().into_iter().flatten() {
            match schema["properties"].get(name) {
                Some(_) if member.is_null() => {}
                Some(part) => self.compare(part, member, &place(name)),
                None => {
                    self.fault(
                        &place(name),
                        "unknown_field",
                        "未知成员 / unknown member".to_owned(),
                    );
                }
            }
        }
    }
}

/// Is the schema one of numbers?
fn value_is_number(schema: &Value) -> bool {
    schema["type"].to_string().contains("integer")
}

/// Is the value of the type that the schema names, or of one of them?
fn fits(wanted: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => true,
    };
    match wanted {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}
