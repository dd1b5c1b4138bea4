//! What the public is shown.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::case::ServedLetter;
use crate::domain::public_status::{DeliveryState, Milestones, PublicStatus, PublicView};
use crate::http::cases::ProvidedFileView;
use crate::service::public::{OnlineAnswer, Receipt};

/// The receipt of an online application.
#[derive(Serialize, ToSchema)]
pub struct PublicReceiptView {
    /// The number on the receipt.
    #[schema(example = "SJ2026-000058")]
    pub receipt_number: String,
    /// The code that goes with it, shown this once. A repetition with the same `Idempotency-Key` and
    /// the same body shows it again for 48 hours.
    #[schema(example = "58NW-HFGP-KDGK-7VET")]
    pub query_code: String,
    /// Where the application stands: it waits for the query room to confirm it.
    pub status: PublicStatus,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

impl From<Receipt> for PublicReceiptView {
    fn from(receipt: Receipt) -> Self {
        Self {
            receipt_number: receipt.number,
            query_code: receipt.query_code,
            status: PublicStatus::Received,
            received_at: receipt.received_at,
        }
    }
}

/// Where a case stands. Holds no name, no number of a person and no free text.
#[derive(Serialize, ToSchema)]
pub struct PublicStatusView {
    /// The number on the receipt.
    pub receipt_number: String,
    /// The number of the case; null before registration.
    pub case_number: Option<String>,
    /// Where it stands.
    pub status: PublicStatus,
    /// What happened on which day.
    pub milestones: MilestonesView,
    /// The last day for the answer; null before registration, while the clock stands still, and
    /// after an end without an answer.
    pub due_date: Option<NaiveDate>,
    /// The last day for the supplement that is awaited; null when none is, or its period has not
    /// begun.
    pub supplement_due_date: Option<NaiveDate>,
    /// What has become of the answer; null before there is one.
    pub delivery: Option<DeliveryView>,
    /// Is there an answer to be had at the public door?
    pub answer_online: bool,
}

/// The answer to an application.
#[derive(Serialize, ToSchema)]
pub struct PublicAnswerView {
    /// The number of the case.
    pub case_number: Option<String>,
    /// The title of the letter.
    #[schema(example = "政府信息公开告知书")]
    pub title: String,
    /// Its number.
    #[schema(example = "长公公开答〔2026〕17号")]
    pub letter_number: Option<String>,
    /// SHA-256 of its canonical content, hexadecimal.
    pub content_hash: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// The day from which the periods for remedies run: that on which it was first had here, or on
    /// which it was served otherwise.
    pub served_date: Option<NaiveDate>,
    /// The files that are provided with it.
    pub files: Vec<ProvidedFileView>,
}

impl From<OnlineAnswer> for PublicAnswerView {
    fn from(answer: OnlineAnswer) -> Self {
        let OnlineAnswer { case, letter, sheet } = answer;
        let draft = case.record.stage.answer().map(|answer| &answer.draft);
        let files = draft.into_iter().flat_map(|draft| &draft.files).map(ProvidedFileView::from);
        let files = files.collect();
        let served = case.effective_service(ServedLetter::Answer).map(|service| service.counts_on);
        Self {
            case_number: case.record.registration.map(|entry| entry.case_number),
            title: sheet.title,
            letter_number: letter.number.map(|number| number.text),
            content_hash: letter.content_hash.to_string(),
            issued_at: letter.issued_at,
            served_date: served,
            files,
        }
    }
}

/// The days on which something happened; null for what has not.
#[expect(clippy::struct_field_names, reason = "every legal date of the API ends so")]
#[derive(Serialize, ToSchema)]
pub struct MilestonesView {
    /// The application came in.
    pub received_date: Option<NaiveDate>,
    /// It was entered in the register.
    pub registered_date: Option<NaiveDate>,
    /// It counts as received (Regulation 2019, art. 31).
    pub receipt_date: Option<NaiveDate>,
    /// A supplement was asked for.
    pub supplement_requested_date: Option<NaiveDate>,
    /// The supplement counts as received; the period runs anew.
    pub supplemented_date: Option<NaiveDate>,
    /// The applicant was told of an extension.
    pub extended_date: Option<NaiveDate>,
    /// The answer was issued.
    pub answered_date: Option<NaiveDate>,
    /// The case ended without an answer.
    pub closed_date: Option<NaiveDate>,
}

/// What has become of the answer.
#[derive(Serialize, ToSchema)]
pub struct DeliveryView {
    /// Where it is.
    pub state: DeliveryState,
    /// Since which day.
    pub date: Option<NaiveDate>,
}

impl From<Milestones> for MilestonesView {
    fn from(days: Milestones) -> Self {
        Self {
            received_date: days.received,
            registered_date: days.registered,
            receipt_date: days.receipt,
            supplement_requested_date: days.supplement_requested,
            supplemented_date: days.supplemented,
            extended_date: days.extended,
            answered_date: days.answered,
            closed_date: days.closed,
        }
    }
}

impl From<PublicView> for PublicStatusView {
    fn from(view: PublicView) -> Self {
        Self {
            receipt_number: view.receipt_number,
            case_number: view.case_number,
            status: view.status,
            milestones: view.milestones.into(),
            due_date: view.due,
            supplement_due_date: view.supplement_due,
            delivery: view.delivery.map(|(state, date)| DeliveryView { state, date }),
            answer_online: view.answer_online,
        }
    }
}
