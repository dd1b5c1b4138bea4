//! The applicant's earlier cases, and whether an application looks like a repetition of one of them.
//!
//! A repetition is never refused: the law lets the agency ask for reasons (Regulation 2019,
//! art. 35) or answer that a request already answered is not handled again (art. 36(6)), and that
//! is a decision of people.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::ids::CaseId;
use super::lifecycle::Status;
use super::sealed::PersonalField;
use super::similarity::{Likeness, folded, likeness};
use super::text_enum::text_enum;

/// Earlier cases shown at most: the newest.
pub const SHOWN_AT_MOST: usize = 20;

text_enum! {
    /// Where earlier cases were looked for: what is outside of it does not exist for the caller.
    pub enum LookedIn in "looked_in" {
        All = "all" : "全部申请件" / "all cases",
        OwnUnits = "own_units" : "本单位及下属单位受理或承办的申请件" / "cases that the own unit or one below it received or holds",
    }
}

/// One earlier case of the applicant, as it was when it was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierCase {
    /// Its id.
    pub id: CaseId,
    /// The number on its receipt.
    pub receipt_number: String,
    /// Its number in the register.
    pub case_number: Option<String>,
    /// Where it stood.
    pub status: Status,
    /// The name under which it was asked for.
    pub applicant_name: String,
    /// For what.
    pub subject: String,
    /// When it was recorded.
    pub received_at: DateTime<Utc>,
    /// When it was answered.
    pub answer_date: Option<NaiveDate>,
    /// How it was answered.
    pub decision: Option<String>,
    /// By which of his data the applicant was recognised.
    pub recognised_by: Vec<PersonalField>,
    /// How alike the subjects are, in per cent.
    pub likeness: u8,
    /// Does the application look like a repetition of it?
    pub repeated: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Where it was looked for.
    pub looked_in: LookedIn,
    /// The newest cases, newest first.
    pub cases: Vec<EarlierCase>,
    /// Are there more than are shown?
    pub more: bool,
}

impl Earlier {
    /// The cases of which the application looks like a repetition.
    pub fn repeated(&self) -> impl Iterator<Item = &EarlierCase> {
        self.cases.iter().filter(|case| case.repeated)
    }
}

/// An application as far as the comparison needs it.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The applicant's name; none when it is not known yet.
    pub name: Option<&'a str>,
    /// For what; none when it is not known yet.
    pub subject: Option<&'a str>,
}

impl EarlierCase {
    /// The same, compared with an application. It looks like a repetition when the subjects are
    /// alike, the person is the same (by the identity document, or by name and a way to reach him:
    /// a telephone may be shared), and the earlier case is open or answered. Who withdrew or let
    /// an application lapse may well ask again.
    #[must_use]
    pub fn compared(mut self, with: Compared<'_>) -> Self {
        let alike = with.subject.map(|subject| likeness(&self.subject, subject));
        let same_name = || with.name.is_some_and(|n| folded(n) == folded(&self.applicant_name));
        let same_person = self.recognised_by.contains(&PersonalField::IdNumber) || same_name();
        let counts = self.status.is_open() || self.status == Status::Answered;
        self.likeness = alike.map_or(0, Likeness::percent);
        self.repeated = counts && same_person && alike.is_some_and(Likeness::is_repetition);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::PersonalField::{IdNumber, Phone};
    use super::*;

    fn earlier(status: Status, by: PersonalField) -> EarlierCase {
        EarlierCase {
            id: CaseId(uuid::Uuid::from_u128(1)),
            receipt_number: "R".to_owned(),
            case_number: None,
            status,
            applicant_name: "王小明".to_owned(),
            subject: "2024年度车辆管理收费标准".to_owned(),
            received_at: DateTime::UNIX_EPOCH,
            answer_date: None,
            decision: None,
            recognised_by: vec![by],
            likeness: 0,
            repeated: false,
        }
    }

    #[test]
    fn person_subject_and_status_make_a_repetition() {
        let subject = Some("关于2024年度车辆管理的收费标准");
        let same = Compared { name: Some("王小明"), subject };
        let other = Compared { name: Some("李四"), subject };
        let silent = Compared { name: Some("王小明"), subject: None };
        let elsewhere =
            Compared { name: Some("王小明"), subject: Some("出入境办证数量") };
        for (status, by, with, repeated) in [
            (Status::Answered, IdNumber, same, true),
            (Status::Received, IdNumber, same, true),
            (Status::AwaitingSupplement, Phone, same, true),
            (Status::Answered, IdNumber, other, true),
            (Status::Answered, Phone, other, false),
            (Status::Withdrawn, IdNumber, same, false),
            (Status::Lapsed, IdNumber, same, false),
            (Status::Answered, IdNumber, silent, false),
            (Status::Answered, IdNumber, elsewhere, false),
        ] {
            let found = earlier(status, by).compared(with);
            assert_eq!(found.repeated, repeated, "{status} {by} {with:?}");
        }
    }
}
