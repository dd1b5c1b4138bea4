//! Schemas of domain types for the contract. They stand here, for the domain knows no HTTP.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::actor::{Capability, Role};
use crate::domain::applicant_type::ApplicantType;
use crate::domain::case::{DeadlineOrigin, Manner, ServedLetter, Verdict};
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::deadline::Moment;
use crate::domain::decision::{Decision, Decisions};
use crate::domain::earlier::LookedIn;
use crate::domain::identity::IdKind;
use crate::domain::lifecycle::{Action, Status};
use crate::domain::measure::{GroupBy, Part};
use crate::domain::public_status::{DeliveryState, PublicStatus};
use crate::domain::regulation::RuleSetId;
use crate::domain::sealed::PersonalField;
use crate::domain::text_enum::TextEnum;
use crate::domain::unit::UnitKind;
use crate::http::cases::{
    Caution, Charset, Column, Counting, Paper, RowOutcome, TotalKind, Worklist,
};

fn text_enum<T: TextEnum>() -> RefOr<Schema> {
    let labels: Vec<String> =
        T::VALUES.iter().map(|v| format!("- `{}`: {} / {}", v.code(), v.zh(), v.en())).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(T::CODES.iter().copied()))
        .description(Some(labels.join("\n")))
        .into()
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
    )+};
}

text_enums!(
    Action,
    ApplicantType,
    Capability,
    Caution,
    Carrier,
    Channel,
    Charset,
    Column,
    Counting,
    DeadlineOrigin,
    DeliveryState,
    Delivery,
    GroupBy,
    IdKind,
    LookedIn,
    Manner,
    Paper,
    Part,
    PublicStatus,
    PersonalField,
    Role,
    RowOutcome,
    ServedLetter,
    Status,
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
                    row.basis(*text)?.required.iter().map(|field| field.as_str()).collect();
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
        .into()
}
