//! The bodies of the actions, and the steps that they become.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::bodies::{ArrivalBody, prose};
use crate::domain::case::{Arrival, Manner, PostalOperator, ServedLetter, Verdict};
use crate::domain::channel::Channel;
use crate::domain::deadline::Moment;
use crate::domain::ids::{AttachmentId, CaseId, UnitId, UserId};
use crate::domain::letter::LetterId;
use crate::domain::lifecycle::{ServiceFacts, Step, SupplementFacts};
use crate::http::extract::Checked;
use crate::http::strict::{object, some_day, some_object};

/// Bodies whose faults their form tells completely.
macro_rules! plain {
    ($($name:ident),+ $(,)?) => {$(
        impl Checked for $name {}
    )+};
}

plain!(
    RegisterBody,
    VoidBody,
    AssignBody,
    AcceptBody,
    ReasonBody,
    RequestSupplementBody,
    SupplementBody,
    RequestExtensionBody,
    DecideExtensionBody,
    AnswerBody,
    ServeBody,
    VoidLetterBody,
    DetachBody,
);

/// Declaring a letter void.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidLetterBody {
    /// The id of the letter. It has reached nobody yet.
    pub letter_id: Uuid,
    /// Why.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

impl From<VoidLetterBody> for Step {
    fn from(body: VoidLetterBody) -> Self {
        Self::VoidLetter { letter_id: LetterId(body.letter_id), reason: body.reason }
    }
}

/// Registering.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterBody {
    /// The facts of arrival that were still missing.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub arrival: Option<ArrivalBody>,
}

/// Voiding.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidBody {
    /// Why.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
    /// The id of the case that this one duplicates.
    pub duplicate_of: Option<Uuid>,
}

/// Assigning.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignBody {
    /// The unit that shall handle the case.
    pub unit_id: Uuid,
    /// An officer of that unit.
    pub officer_id: Option<Uuid>,
    /// By when the query room wants it.
    #[serde(default, deserialize_with = "some_day")]
    pub internal_due_date: Option<NaiveDate>,
    /// A remark on the 转办单.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

/// Accepting: nothing more to say.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptBody {}

/// An action that needs a reason and nothing else.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// Why.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// Asking for a supplement.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSupplementBody {
    /// What is unclear.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 2000)]
    pub items: String,
    /// How to put it right.
    #[validate(length(min = 1, max = 2000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 2000)]
    pub guidance: String,
    /// The last day for the applicant; the default period from service when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub deadline_date: Option<NaiveDate>,
    /// The service of the notice, when it happened at once.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub service: Option<ServiceBody>,
}

/// Recording the applicant's supplement.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplementBody {
    /// By which channel it came.
    pub channel: Channel,
    /// The facts of its arrival.
    #[serde(deserialize_with = "object")]
    #[validate(nested)]
    pub arrival: ArrivalBody,
    /// What it says.
    #[validate(length(min = 1, max = 4000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 4000)]
    pub content: String,
}

/// Asking for an extension.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestExtensionBody {
    /// Working days.
    #[validate(range(min = 1, max = 60))]
    #[schema(minimum = 1, maximum = 60)]
    pub days: u32,
    /// Why.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// Deciding an extension.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideExtensionBody {
    /// Granted or refused.
    pub verdict: Verdict,
    /// Why; needed for a refusal.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: Option<String>,
    /// The service of the notice, when it happened at once.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub service: Option<ServiceBody>,
}

/// Issuing the current draft.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// The service of the answer, when it happened at once.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub service: Option<ServiceBody>,
}

/// Recording an attempt of service.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServeBody {
    /// Of which letter.
    pub letter: ServedLetter,
    /// Its id; needed for `other`, and where a case has two letters of a kind that hold. Left out, it
    /// is the letter that holds, and of several notices of extension the one whose turn it is.
    pub letter_id: Option<Uuid>,
    /// The facts.
    #[serde(deserialize_with = "object")]
    #[validate(nested)]
    pub service: ServiceBody,
}

/// Taking a file down.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetachBody {
    /// The id of the file.
    pub attachment_id: Uuid,
    /// Why.
    #[validate(length(min = 1, max = 1000), custom(function = prose))]
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: String,
}

/// How a letter was served. The manner decides which day counts: signed when handed over or taken by
/// a substitute, posted when posted, sent when sent electronically, left when it was refused before a
/// witness, returned when it came back.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceBody {
    /// The manner.
    pub manner: Manner,
    /// When it was signed for.
    pub signed_at: Option<Moment>,
    /// When it was posted.
    pub posted_at: Option<Moment>,
    /// When it was sent electronically.
    pub sent_at: Option<Moment>,
    /// When it came back.
    pub returned_at: Option<Moment>,
    /// When a posted letter was delivered; for the file, it does not decide.
    pub delivered_at: Option<Moment>,
    /// When it was left with the applicant, who would not take it.
    pub left_at: Option<Moment>,
    /// The number of the registered letter or EMS.
    #[validate(length(min = 1, max = 50), custom(function = prose))]
    #[schema(min_length = 1, max_length = 50)]
    pub mail_number: Option<String>,
    /// Who took it, when not the applicant himself.
    #[validate(length(min = 1, max = 50), custom(function = prose))]
    #[schema(min_length = 1, max_length = 50)]
    pub recipient: Option<String>,
    /// What he is to the applicant.
    #[validate(length(min = 1, max = 50), custom(function = prose))]
    #[schema(min_length = 1, max_length = 50)]
    pub relation: Option<String>,
    /// Who saw that it was refused.
    #[validate(length(min = 1, max = 50), custom(function = prose))]
    #[schema(min_length = 1, max_length = 50)]
    pub witness: Option<String>,
    /// Why it was refused or came back.
    #[validate(length(min = 1, max = 500), custom(function = prose))]
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
    /// Where it was served.
    #[validate(length(min = 1, max = 200), custom(function = prose))]
    #[schema(min_length = 1, max_length = 200)]
    pub place: Option<String>,
    /// Who served it (送达人).
    #[validate(length(min = 1, max = 50), custom(function = prose))]
    #[schema(min_length = 1, max_length = 50)]
    pub served_by: Option<String>,
    /// Who carried a posted letter. A formal answer goes by the postal enterprise.
    pub postal_operator: Option<PostalOperator>,
}

impl From<ServiceBody> for ServiceFacts {
    fn from(body: ServiceBody) -> Self {
        Self {
            manner: body.manner,
            signed_at: body.signed_at,
            posted_at: body.posted_at,
            sent_at: body.sent_at,
            returned_at: body.returned_at,
            delivered_at: body.delivered_at,
            mail_number: body.mail_number,
            recipient: body.recipient,
            left_at: body.left_at,
            downloaded_at: None,
            relation: body.relation,
            witness: body.witness,
            reason: body.reason,
            place: body.place,
            served_by: body.served_by,
            postal_operator: body.postal_operator,
        }
    }
}

impl From<RegisterBody> for Step {
    fn from(body: RegisterBody) -> Self {
        Self::Register { arrival: body.arrival.map(Arrival::from).unwrap_or_default() }
    }
}

impl From<VoidBody> for Step {
    fn from(body: VoidBody) -> Self {
        Self::Void { reason: body.reason, duplicate_of: body.duplicate_of.map(CaseId) }
    }
}

impl From<AssignBody> for Step {
    fn from(body: AssignBody) -> Self {
        Self::Assign {
            unit_id: UnitId(body.unit_id),
            officer_id: body.officer_id.map(UserId),
            internal_due_date: body.internal_due_date,
            note: body.note,
        }
    }
}

impl From<AcceptBody> for Step {
    fn from(AcceptBody {}: AcceptBody) -> Self {
        Self::Accept
    }
}

impl From<RequestSupplementBody> for Step {
    fn from(body: RequestSupplementBody) -> Self {
        Self::RequestSupplement {
            items: body.items,
            guidance: body.guidance,
            deadline: body.deadline_date,
            service: body.service.map(ServiceFacts::from),
        }
    }
}

impl From<SupplementBody> for Step {
    fn from(body: SupplementBody) -> Self {
        let facts = SupplementFacts {
            channel: body.channel,
            arrival: body.arrival.into(),
            content: body.content,
        };
        Self::Supplement { facts }
    }
}

impl From<RequestExtensionBody> for Step {
    fn from(body: RequestExtensionBody) -> Self {
        Self::RequestExtension { days: body.days, reason: body.reason }
    }
}

impl From<DecideExtensionBody> for Step {
    fn from(body: DecideExtensionBody) -> Self {
        Self::DecideExtension {
            verdict: body.verdict,
            reason: body.reason,
            service: body.service.map(ServiceFacts::from),
        }
    }
}

impl From<AnswerBody> for Step {
    fn from(body: AnswerBody) -> Self {
        Self::Answer { service: body.service.map(ServiceFacts::from) }
    }
}

impl From<DetachBody> for Step {
    fn from(body: DetachBody) -> Self {
        Self::Detach { attachment_id: AttachmentId(body.attachment_id), reason: body.reason }
    }
}

impl From<ServeBody> for Step {
    fn from(body: ServeBody) -> Self {
        Self::Serve {
            letter: body.letter,
            letter_id: body.letter_id.map(LetterId),
            service: body.service.into(),
        }
    }
}
