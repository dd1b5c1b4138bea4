//! What is wrong with the form of a body, all of it at once.
//!
//! serde stops at the first fault. When it has found one, the body is compared with the schema that
//! the contract shows for it, so that the caller learns of every missing, unknown or mistyped member
//! in one answer.

use serde_json::Value;
use utoipa::ToSchema;

use super::flaw::Flaw;
use super::problem::FieldError;
use crate::domain::said::Said;

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
    fn fault(&mut self, at: &str, flaw: Flaw, detail: Said) {
        self.found.push(FieldError::saying(at, flaw, detail));
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
            self.fault(at, Flaw::WrongType, Flaw::WrongType.wanting(wanted(&schema["type"])));
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
                    self.fault(at, Flaw::UnknownValue, Flaw::UnknownValue.allowing(&allowed));
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
        let (least, most) = (schema[least].as_u64(), schema[most].as_u64());
        if !(least.unwrap_or(0)..=most.unwrap_or(u64::MAX)).contains(&measure) {
            let flaw = if value_is_number(schema) { Flaw::Range } else { Flaw::Length };
            let (least, most) = (least.map(|n| n.to_string()), most.map(|n| n.to_string()));
            self.fault(at, flaw, flaw.bounded(least.as_deref(), most.as_deref()));
        }
    }

    fn members(&mut self, schema: &Value, value: &Value, at: &str) {
        let place = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value[name].is_null() {
                self.fault(&place(name), Flaw::MissingField, Flaw::MissingField.said());
            }
        }
        for (name, member) in value.as_object().into_iter().flatten() {
            match schema["properties"].get(name) {
                Some(_) if member.is_null() => {}
                Some(part) => self.compare(part, member, &place(name)),
                None => {
                    self.fault(&place(name), Flaw::UnknownField, Flaw::UnknownField.said());
                }
            }
        }
    }
}

/// Is the schema one of numbers?
fn value_is_number(schema: &Value) -> bool {
    schema["type"].to_string().contains("integer")
}

/// The type that the schema names, or the first of them: the other is null.
fn wanted(kind: &Value) -> &str {
    let first = kind.as_array().and_then(|kinds| kinds.iter().find(|kind| **kind != "null"));
    first.unwrap_or(kind).as_str().unwrap_or_default()
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
