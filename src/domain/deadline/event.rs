//! What happens to the clock: the events of one matter and the service of its answer (R11, R17).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ClockError, Moment, Receipt};
use crate::domain::text_enum::text_enum;

text_enum! {
    /// Who is asked for an opinion (征求意见).
    pub enum Consulted in "consulted" {
        /// Whose secrets or privacy are concerned (2007 art. 23, 2019 art. 32).
        ThirdParty = "third_party" : "第三方" / "third party",
        /// 2007 art. 7; 2019 arts. 33, 34.
        Agency = "agency" : "其他机关" / "another agency",
    }
}

/// One event that the clock reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClockEvent {
    /// Supplement notice (补正告知; 2007 art. 21(4), 2019 art. 30).
    SupplementNotice {
        /// Date of the notice.
        date: Moment,
        /// Last day to supplement, as stated in the notice. Needed for the first notice only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Moment>,
        /// The supplement, if one came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supplemented: Option<Receipt>,
    },
    /// Consultation (征求意见; 2007 arts. 7, 23, 2019 arts. 32-34).
    Consultation {
        /// Who is asked.
        who: Consulted,
        /// Date the letter was sent.
        sent: Moment,
        /// Date the letter was received. Needed when the consultation stops the clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        letter_received: Option<Moment>,
        /// Date the opinion came back; none while silent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opinion_received: Option<Moment>,
    },
    /// Extension (延期答复; 2007 art. 24, 2019 art. 33).
    Extension {
        /// Working days added.
        days: u32,
        /// Date of the decision.
        decided: Moment,
        /// Date the applicant was told.
        notified: Moment,
    },
    /// Notice of the information handling fee (信息处理费缴纳通知; notice 2020-109).
    FeeNotice {
        /// Date of the notice.
        date: Moment,
        /// Date the applicant received it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        received: Option<Moment>,
        /// Date of full payment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paid: Option<Moment>,
    },
}

impl ClockEvent {
    /// The date by which events are ordered (R11).
    #[must_use]
    pub fn date(&self) -> NaiveDate {
        match self {
            Self::SupplementNotice { date, .. } | Self::FeeNotice { date, .. } => date.legal_day(),
            Self::Consultation { sent, .. } => sent.legal_day(),
            Self::Extension { notified, .. } => notified.legal_day(),
        }
    }
}

/// How an answer is served (送达方式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceRoute {
    /// By post.
    Post,
    /// Handed over.
    Hand,
    /// Sent online.
    Online,
}

/// The service of an answer: the route and the dates known (R17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerService {
    /// The route.
    pub via: ServiceRoute,
    /// Date posted (交邮之日).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted: Option<Moment>,
    /// Date signed for (签收).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Moment>,
    /// Date sent online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Moment>,
}

impl AnswerService {
    /// The date of the answer (R9): by post when posted, by hand when signed (notice 2016-235);
    /// online when sent, which is ours.
    ///
    /// # Errors
    /// [`ClockError::MissingFact`] when the date of the route is not known.
    pub fn answer_date(&self) -> Result<NaiveDate, ClockError> {
        let (moment, fact) = match self.via {
            ServiceRoute::Post => (self.posted, "posted"),
            ServiceRoute::Hand => (self.signed, "signed"),
            ServiceRoute::Online => (self.sent, "sent"),
        };
        moment.map(Moment::legal_day).ok_or(ClockError::MissingFact { fact })
    }
}

/// Everything about one application that the clock reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// How the application came in.
    pub receipt: Receipt,
    /// Its events, in any order.
    #[serde(default)]
    pub events: Vec<ClockEvent>,
    /// The service of the answer, if answered.
    #[serde(default)]
    pub answer: Option<AnswerService>,
}
