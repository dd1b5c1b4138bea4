//! Schemas of domain types for the contract. They stand here, for the domain knows no HTTP.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::actor::{Capability, Role};
use crate::domain::applicant_type::ApplicantType;
use crate::domain::attachment::{FileType, Purpose};
use crate::domain::calendar::CalendarState;
use crate::domain::case::{
    ClockFlag, DeadlineOrigin, Manner, PostalOperator, Reminder, ReviewKind, ReviewVerdict,
    ServedLetter, SubtaskKind, SubtaskState, Verdict,
};
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::clocks::ClockKind;
use crate::domain::deadline::{Consulted, Moment};
use crate::domain::decision::{
    Condition, Decision, DecisionKind, Decisions, DraftField, LegalityReview,
};
use crate::domain::earlier::LookedIn;
use crate::domain::identity::IdKind;
use crate::domain::letter::{Audience, IssuedBy, SealFailure, SealState, SeparateLetter};
use crate::domain::lifecycle::{Action, Consequence, Status};
use crate::domain::measure::{GroupBy, Part};
use crate::domain::public_status::{DeliveryState, PublicStatus};
use crate::domain::regulation::RuleSetId;
use crate::domain::retention::RetentionClass;
use crate::domain::sealed::PersonalField;
use crate::domain::text_enum::TextEnum;
use crate::domain::unit::UnitKind;
use crate::http::cases::{
    BlockKind, Caution, Charset, Column, Counting, LetterState, Paper, RowOutcome, Seal, TotalKind,
    Worklist,
};
use crate::http::dictionaries::DictionaryView;
use crate::http::paragraphs::ParagraphState;

fn text_enum<T: TextEnum>() -> RefOr<Schema> {
    let labels: Vec<String> =
        T::VALUES.iter().map(|v| format!("- `{}`: {} / {}", v.code(), v.zh(), v.en())).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(T::CODES.iter().copied()))
        .description(Some(labels.join("\n")))
        .extensions(Some(dictionary_of(T::SET)))
        .into()
}

/// Names the dictionary with the labels of a set: its `code` in `GET /api/v1/dictionaries`.
fn dictionary_of(set: &str) -> Extensions {
    Extensions::from_iter([("x-dictionary", set)])
}

macro_rules! text_enums {
    ($($name:ident),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text_enum::<Self>()
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+

        /// The dictionary of every enumeration of the contract, in the order of their names.
        pub(super) fn dictionaries() -> Vec<DictionaryView> {
            vec![$(DictionaryView::of::<$name>()),+]
        }
    };
}

text_enums!(
    Action,
    ApplicantType,
    Audience,
    BlockKind,
    CalendarState,
    Capability,
    Caution,
    Consequence,
    Carrier,
    Channel,
    Charset,
    ClockFlag,
    ClockKind,
    Column,
    Condition,
    Consulted,
    Counting,
    DeadlineOrigin,
    DecisionKind,
    DeliveryState,
    Delivery,
    DraftField,
    FileType,
    GroupBy,
    IdKind,
    LegalityReview,
    IssuedBy,
    LetterState,
    LookedIn,
    Manner,
    Paper,
    ParagraphState,
    Part,
    PostalOperator,
    PublicStatus,
    PersonalField,
    Purpose,
    ReviewKind,
    ReviewVerdict,
    Reminder,
    RetentionClass,
    Role,
    RowOutcome,
    Seal,
    SealFailure,
    SealState,
    SeparateLetter,
    ServedLetter,
    Status,
    SubtaskKind,
    SubtaskState,
    TotalKind,
    UnitKind,
    Verdict,
    Worklist,
);

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^\d{4}-\d{2}-\d{2}([Tt].+)?$"))
            .description(Some(
                "A day in Asia/Shanghai (`2026-03-02`) or an instant (RFC 3339 with offset).",
            ))
            .into()
    }
}

impl ToSchema for Moment {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Moment")
    }
}

/// The decision codes with which a case can be answered, from data/decisions.json, with what each
/// demands under which text.
pub(super) fn decision_code() -> RefOr<Schema> {
    let rows: Vec<&Decision> =
        Decisions::builtin().rows().iter().filter(|row| !row.is_lapse()).collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let needs = RuleSetId::ALL.iter().filter_map(|text| {
                let required: Vec<&str> =
                    row.basis(*text)?.required.iter().map(|demand| demand.field.as_str()).collect();
                Some(format!("{}: {}", text.as_str(), required.join(", ")))
            });
            let needs: Vec<String> = needs.collect();
            format!("- `{}`: {} / {} ({})", row.code, row.zh, row.en, needs.join("; "))
        })
        .collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(rows.iter().map(|row| row.code.as_str())))
        .description(Some(format!(
            "The decision, with the members that it demands under each text of the Regulation:\n{}",
            lines.join("\n")
        )))
        .extensions(Some(dictionary_of("decision")))
        .into()
}

/// The schema of a type that stands for itself (JSON Schema 2020-12): what it refers to is put in
/// its place, so that a client builds a form from it without another request.
pub(super) fn self_contained<T: ToSchema>() -> Value {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let parts: BTreeMap<String, Value> = parts
        .into_iter()
        .filter_map(|(name, part)| Some((name, serde_json::to_value(part).ok()?)))
        .collect();
    let mut schema = serde_json::to_value(T::schema()).unwrap_or_default();
    resolve(&mut schema, &parts, 0);
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    }
    schema
}

/// Deeper than any body; a schema that refers to itself would never end.
const DEEPEST: usize = 32;

/// Puts what a schema refers to in the place of the reference. What stands beside the reference,
/// such as a description, holds against what it says itself.
fn resolve(schema: &mut Value, parts: &BTreeMap<String, Value>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match schema {
        Value::Object(members) => {
            let name = match members.remove("$ref") {
                Some(Value::String(path)) => path.rsplit('/').next().map(ToOwned::to_owned),
                _ => None,
            };
            if let Some(Value::Object(part)) = name.and_then(|name| parts.get(&name)) {
                for (name, value) in part {
                    members.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
            members.values_mut().for_each(|member| resolve(member, parts, depth + 1));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, parts, depth + 1)),
        _ => {}
    }
}
