//! The demo's data files, as read.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::DemoError;
use crate::domain::actor::{Capability, Role};
use crate::domain::applicant_type::ApplicantType;
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::regulation::RuleSetId;

/// Who and what the demo is about.
#[derive(Deserialize)]
pub(super) struct Stage {
    /// The people of the bureau.
    pub(super) users: Vec<UserRow>,
    /// The applicants; what identifies and reaches one is made from his place in the list.
    pub(super) applicants: Vec<ApplicantRow>,
    /// What is applied for, with the answer that fits.
    pub(super) topics: BTreeMap<String, Topic>,
}

/// A user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserRow {
    pub(super) username: String,
    pub(super) display_name: String,
    pub(super) role: Role,
    pub(super) unit: String,
    pub(super) capabilities: Vec<Capability>,
}

/// An applicant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplicantRow {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: ApplicantType,
}

/// Something to apply for. `{d}` in its texts is the row's district, `{y}` its year.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    /// The unit that handles it.
    pub(super) holder: String,
    pub(super) subject: String,
    pub(super) description: String,
    pub(super) purpose: String,
    pub(super) decision: String,
    pub(super) reasons: Option<String>,
    /// The article relied on, by the text that governs the case.
    pub(super) article: Option<BTreeMap<RuleSetId, String>>,
    pub(super) harm: Option<String>,
    pub(super) search: Option<Search>,
    pub(super) provided: Option<String>,
    pub(super) how_to_obtain: Option<String>,
    pub(super) right_organ: Option<String>,
    pub(super) consultation_result: Option<String>,
    pub(super) channel_pointer: Option<String>,
    pub(super) publication_source: Option<String>,
    pub(super) basis_law: Option<String>,
    pub(super) conclusion: Option<String>,
    /// The parts that are withheld.
    #[serde(default)]
    pub(super) grounds: Vec<TopicGround>,
}

/// A part that is withheld, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicGround {
    pub(super) decision: String,
    pub(super) about: String,
    pub(super) reasons: Option<String>,
    pub(super) article: Option<BTreeMap<RuleSetId, String>>,
    pub(super) consultation_result: Option<String>,
}

/// Where and by which words was searched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    pub(super) system: String,
    pub(super) keywords: String,
}

/// Applications, and the routes that they take.
#[derive(Deserialize)]
pub(super) struct Plot {
    /// By name: on which working day after arrival which act is done, in order.
    pub(super) routes: BTreeMap<String, Vec<(u32, Act)>>,
    pub(super) applications: Vec<Row>,
}

/// One application. Exactly one of `on`, `ago` and `due_in` says when it arrived.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// The day of arrival.
    pub(super) on: Option<NaiveDate>,
    /// The working days between its arrival and today.
    pub(super) ago: Option<u32>,
    /// In how many working days from today its answer is due; negative when it is overdue.
    pub(super) due_in: Option<i32>,
    /// A name by which another row refers to this one.
    pub(super) label: Option<String>,
    /// The row that this one repeats.
    pub(super) repeats: Option<String>,
    pub(super) channel: Channel,
    /// The receiving unit, when it is not the query room.
    pub(super) unit: Option<String>,
    pub(super) applicant: String,
    pub(super) topic: String,
    /// A district.
    pub(super) d: Option<String>,
    /// A year.
    pub(super) y: Option<String>,
    pub(super) carrier: Carrier,
    pub(super) delivery: Delivery,
    pub(super) route: String,
    /// The unit that gets the case first, by mistake.
    pub(super) wrong: Option<String>,
    /// The working days of the extension.
    pub(super) days: Option<u32>,
}

/// What is done on a case. The receipt itself is not part of a route: every row begins with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Act {
    #[serde(skip)]
    Receive,
    Register,
    Amend,
    Void,
    Assign,
    /// Assign to the unit that `wrong` names.
    Misassign,
    Return,
    Accept,
    AskSupplement,
    AskSupplementServed,
    ServeSupplementNotice,
    Supplement,
    Lapse,
    AskExtension,
    GrantExtension,
    GrantExtensionServed,
    RefuseExtension,
    ServeExtension,
    Draft,
    /// These two follow a draft that will be issued, and are not written in routes.
    #[serde(skip)]
    ReviewSecrecy,
    #[serde(skip)]
    ReviewLegality,
    Issue,
    IssueServed,
    Serve,
    /// The posted answer comes back.
    ReturnAnswer,
    /// Somebody takes the answer for the applicant.
    ServeSubstitute,
    Withdraw,
    Archive,
}

impl Row {
    /// A text of the topic with the row's district and year in it.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{d}", self.d.as_deref().unwrap_or_default())
            .replace("{y}", self.y.as_deref().unwrap_or_default())
    }
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, DemoError> {
    serde_json::from_str(text).map_err(|error| DemoError::Data(format!("{name}: {error}")))
}

/// The cast and the topics.
pub(super) fn stage() -> Result<Stage, DemoError> {
    read("demo_cast.json", include_str!("../../../data/demo_cast.json"))
}

/// The year of the report.
pub(super) fn year() -> Result<Plot, DemoError> {
    read("demo_year.json", include_str!("../../../data/demo_year.json"))
}

/// The work around today.
pub(super) fn open() -> Result<Plot, DemoError> {
    read("demo_open.json", include_str!("../../../data/demo_open.json"))
}
