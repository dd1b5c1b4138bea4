//! When a case would be due if something were done that has not been done. Nothing is changed.

use actix_web::web;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::deadline::DeadlineView;
use super::{Reply, load};
use crate::domain::case::ServedLetter;
use crate::domain::deadline::{Consulted, legal_day};
use crate::domain::said::Language;
use crate::domain::what_if::{
    self, Supposed, SupposedConsultation, SupposedExtension, SupposedFee, SupposedService,
    SupposedSupplement,
};
use crate::http::auth::{Auth, ReadCases};
use crate::http::extract::{Body, CasePath, Checked};
use crate::http::flaw::Flaw;
use crate::http::problem::FieldError;
use crate::http::reply::{Conditional, Json};
use crate::http::strict::{day, objects, some_day, some_object};
use crate::service::App;

/// How far ahead something can be supposed, in days.
const AHEAD: u64 = 366;

/// An extension that is not decided yet.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposedExtensionBody {
    /// Working days.
    #[validate(range(min = 1, max = 1000))]
    #[schema(minimum = 1, maximum = 1000)]
    pub days: u32,
    /// When it is decided; today when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub decided_date: Option<NaiveDate>,
    /// When the applicant is told; the day of the decision when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub notified_date: Option<NaiveDate>,
}

/// A consultation that has not been begun.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposedConsultationBody {
    /// Who is asked.
    pub who: Consulted,
    /// When the letter is sent; today when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub sent_date: Option<NaiveDate>,
    /// When it arrives; the day on which it is sent when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub letter_received_date: Option<NaiveDate>,
    /// When the opinion comes; never when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub opinion_date: Option<NaiveDate>,
}

/// A request to supplement that has not been made.
#[expect(clippy::struct_field_names, reason = "days end in _date in the whole contract")]
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposedSupplementBody {
    /// When the notice is served; today when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub notice_date: Option<NaiveDate>,
    /// The last day for the applicant; by the default period when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub deadline_date: Option<NaiveDate>,
    /// When he supplements at the counter; never when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub supplemented_date: Option<NaiveDate>,
}

/// A fee notice that has not been given.
#[expect(clippy::struct_field_names, reason = "days end in _date in the whole contract")]
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposedFeeBody {
    /// When it is given; today when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub notice_date: Option<NaiveDate>,
    /// When the applicant has it; the day on which it is given when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub received_date: Option<NaiveDate>,
    /// When he has paid in full; never when left out.
    #[serde(default, deserialize_with = "some_day")]
    pub paid_date: Option<NaiveDate>,
}

/// The service of a letter that has not been recorded.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposedServiceBody {
    /// Which letter. The answer need not be issued yet.
    pub letter: ServedLetter,
    /// The day that counts; it may have gone by.
    #[serde(deserialize_with = "day")]
    pub service_date: NaiveDate,
}

/// What is supposed to be done: at least one thing. Days lie between today and a year from now, but for
/// that of a service.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIfBody {
    /// Extensions.
    #[serde(default, deserialize_with = "objects")]
    #[validate(nested, length(max = 5))]
    #[schema(max_items = 5)]
    pub extensions: Vec<SupposedExtensionBody>,
    /// Consultations.
    #[serde(default, deserialize_with = "objects")]
    #[validate(nested, length(max = 20))]
    #[schema(max_items = 20)]
    pub consultations: Vec<SupposedConsultationBody>,
    /// A request to supplement.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub supplement: Option<SupposedSupplementBody>,
    /// A fee notice.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub fee_notice: Option<SupposedFeeBody>,
    /// The service of a letter.
    #[serde(default, deserialize_with = "some_object")]
    #[validate(nested)]
    pub service: Option<SupposedServiceBody>,
}

impl WhatIfBody {
    /// The days that lie ahead, each with its place.
    fn days_ahead(&self) -> Vec<(String, Option<NaiveDate>)> {
        let mut days = Vec::new();
        for (at, one) in self.extensions.iter().enumerate() {
            days.push((format!("extensions/{at}/decided_date"), one.decided_date));
            days.push((format!("extensions/{at}/notified_date"), one.notified_date));
        }
        for (at, one) in self.consultations.iter().enumerate() {
            days.push((format!("consultations/{at}/sent_date"), one.sent_date));
            let received = format!("consultations/{at}/letter_received_date");
            days.push((received, one.letter_received_date));
            days.push((format!("consultations/{at}/opinion_date"), one.opinion_date));
        }
        let mut of = |member: &str, day| days.push((member.to_owned(), day));
        if let Some(one) = &self.supplement {
            of("supplement/notice_date", one.notice_date);
            of("supplement/deadline_date", one.deadline_date);
            of("supplement/supplemented_date", one.supplemented_date);
        }
        if let Some(one) = &self.fee_notice {
            of("fee_notice/notice_date", one.notice_date);
            of("fee_notice/received_date", one.received_date);
            of("fee_notice/paid_date", one.paid_date);
        }
        days
    }

    fn supposed(&self, today: NaiveDate) -> Supposed {
        let extension = |one: &SupposedExtensionBody| {
            let decided = one.decided_date.unwrap_or(today);
            let notified = one.notified_date.unwrap_or(decided);
            SupposedExtension { days: one.days, decided, notified }
        };
        let consultation = |one: &SupposedConsultationBody| {
            let sent = one.sent_date.unwrap_or(today);
            let letter_received = one.letter_received_date.unwrap_or(sent);
            SupposedConsultation { who: one.who, sent, letter_received, opinion: one.opinion_date }
        };
        Supposed {
            extensions: self.extensions.iter().map(extension).collect(),
            consultations: self.consultations.iter().map(consultation).collect(),
            supplement: self.supplement.as_ref().map(|one| SupposedSupplement {
                notice: one.notice_date.unwrap_or(today),
                deadline: one.deadline_date,
                supplemented: one.supplemented_date,
            }),
            fee_notice: self.fee_notice.as_ref().map(|one| {
                let notice = one.notice_date.unwrap_or(today);
                let received = one.received_date.unwrap_or(notice);
                SupposedFee { notice, received, paid: one.paid_date }
            }),
            service: self
                .service
                .as_ref()
                .map(|one| SupposedService { letter: one.letter, on: one.service_date }),
        }
    }
}

impl Checked for WhatIfBody {
    fn faults(&self, today: NaiveDate) -> Vec<FieldError> {
        if self.supposed(today) == Supposed::default() {
            return vec![FieldError::of("#", Flaw::NothingSupposed)];
        }
        let last = today.checked_add_days(Days::new(AHEAD)).unwrap_or(today);
        let (from, to) = (today.to_string(), last.to_string());
        let beyond = Flaw::InvalidValue.bounded(Some(&from), Some(&to));
        let mut days: Vec<(String, NaiveDate)> =
            self.days_ahead().into_iter().filter_map(|(at, day)| Some((at, day?))).collect();
        days.retain(|(_, day)| !(today..=last).contains(day));
        let late = self.service.as_ref().map(|one| one.service_date).filter(|day| *day > last);
        days.extend(late.map(|day| ("service/service_date".to_owned(), day)));
        days.into_iter()
            .map(|(at, _)| {
                FieldError::saying(format!("#/{at}"), Flaw::InvalidValue, beyond.clone())
            })
            .collect()
    }
}

/// From which day to which.
#[derive(Serialize, ToSchema)]
pub struct DifferenceView {
    /// The due date as it is; null while the clock is stopped or has ended.
    pub from_date: Option<NaiveDate>,
    /// As it would be.
    pub to_date: Option<NaiveDate>,
    /// Working days from the one to the other, negative when it would be earlier; null unless both are
    /// known.
    pub working_days: Option<i64>,
    /// Calendar days, likewise.
    pub calendar_days: Option<i64>,
}

/// How a case stands, and how it would stand.
#[derive(Serialize, ToSchema)]
pub struct WhatIfView {
    /// How the due date would move.
    pub difference: DifferenceView,
    /// As it is.
    pub now: DeadlineView,
    /// As it would be.
    pub then: DeadlineView,
}

/// `POST /api/v1/cases/{id}/deadline/what-if`
pub async fn what_if(
    auth: Auth<ReadCases>,
    app: web::Data<App>,
    id: CasePath,
    language: Language,
    body: Body<WhatIfBody>,
) -> Reply<Conditional<Json<WhatIfView>>> {
    let case = load(&app, &auth.actor, id.0).await?;
    let today = legal_day(app.clock.now());
    let outlook = what_if::what_if(&case, &body.value.supposed(today), &app.law(), today)?;
    let (from_date, to_date) = (outlook.now.summary.due_date, outlook.then.summary.due_date);
    let calendar_days = from_date.zip(to_date).map(|(from, to)| (to - from).num_days());
    let difference =
        DifferenceView { from_date, to_date, working_days: outlook.working_days, calendar_days };
    Ok(Conditional(Json(WhatIfView {
        difference,
        now: DeadlineView::of(outlook.now, today, language),
        then: DeadlineView::of(outlook.then, today, language),
    })))
}
