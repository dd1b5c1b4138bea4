//! One application at the moment of one act, and who does it.

use chrono::{DateTime, NaiveDate, Utc};

use super::DemoError;
use super::cast::Cast;
use super::data::{Act, Row, Topic};
use crate::domain::deadline::{Moment, legal_day};
use crate::domain::ids::{CaseId, UserId};
use crate::domain::regulation::{Law, RuleSetId};

/// The case of another row.
#[derive(Clone, Debug)]
pub(super) struct Earlier {
    /// Its id.
    pub(super) id: CaseId,
    /// Its case number.
    pub(super) number: Option<String>,
}

/// One row at the moment of one act.
pub(super) struct Scene<'a> {
    /// The people.
    pub(super) cast: &'a Cast,
    /// The law.
    pub(super) law: &'a Law,
    /// The application.
    pub(super) row: &'a Row,
    /// Its place in the list.
    pub(super) number: usize,
    /// What it is about.
    pub(super) topic: &'a Topic,
    /// When it arrived.
    pub(super) arrival: NaiveDate,
    /// Now.
    pub(super) at: DateTime<Utc>,
    /// The case that this one repeats.
    pub(super) earlier: Option<Earlier>,
    /// Does a unit hold the case?
    pub(super) held: bool,
}

impl Scene<'_> {
    /// Now, as a fact of arrival or service.
    pub(super) const fn moment(&self) -> Moment {
        Moment::Instant(self.at)
    }

    /// The legal day of the act.
    pub(super) fn day(&self) -> NaiveDate {
        legal_day(self.at)
    }

    /// The text that governs a case that arrived on this day.
    pub(super) fn rule_set(&self) -> RuleSetId {
        if self.arrival >= self.law.rules.text_2019.in_force.from {
            RuleSetId::Text2019
        } else {
            RuleSetId::Text2007
        }
    }

    /// Only the text of 2007 asks for what the information is needed (art. 13).
    pub(super) fn states_purpose(&self) -> bool {
        self.rule_set() == RuleSetId::Text2007
    }

    fn receiver(&self) -> Result<UserId, DemoError> {
        match &self.row.unit {
            Some(unit) => self.cast.clerk(unit),
            None => Ok(self.cast.desk(self.number)?.0),
        }
    }

    fn worker(&self, unit: &str) -> Result<UserId, DemoError> {
        if unit == "query_room" {
            return Ok(self.cast.desk(self.number)?.0);
        }
        self.cast.clerk(unit)
    }

    fn holder(&self) -> Result<UserId, DemoError> {
        if self.held { self.worker(&self.topic.holder) } else { self.receiver() }
    }

    /// The unit that `wrong` names.
    pub(super) fn wrong(&self) -> Result<&str, DemoError> {
        let missing = || DemoError::Data(format!("{}: no wrong unit", self.row.topic));
        self.row.wrong.as_deref().ok_or_else(missing)
    }

    /// Somebody who did not draft: a second person of the holding unit in half of the cases in
    /// which there is one, else the second person of the query room.
    fn issuer(&self) -> Result<UserId, DemoError> {
        let own = self.held && self.number.is_multiple_of(2) && self.topic.holder != "query_room";
        if own && let Some(user) = self.cast.second_issuer(&self.topic.holder)? {
            return Ok(user);
        }
        Ok(self.cast.desk(self.number)?.1)
    }

    /// Who does it.
    pub(super) fn performer(&self, act: Act) -> Result<UserId, DemoError> {
        match act {
            Act::Receive | Act::Register => self.receiver(),
            Act::Amend
            | Act::Void
            | Act::Assign
            | Act::Misassign
            | Act::Supplement
            | Act::Lapse
            | Act::Serve
            | Act::ReturnAnswer
            | Act::ServeSubstitute
            | Act::ServeExtension
            | Act::ServeSupplementNotice
            | Act::Withdraw
            | Act::Archive => Ok(self.cast.desk(self.number)?.0),
            Act::Return => self.worker(self.wrong()?),
            Act::AskSupplement | Act::AskSupplementServed if !self.held => {
                Ok(self.cast.desk(self.number)?.0)
            }
            Act::AskSupplement
            | Act::AskSupplementServed
            | Act::Accept
            | Act::AskExtension
            | Act::Draft => self.holder(),
            Act::GrantExtension | Act::GrantExtensionServed | Act::RefuseExtension => {
                self.cast.supervisor()
            }
            Act::ReviewSecrecy => self.cast.secrecy_reviewer(),
            Act::ReviewLegality => self.cast.legal_reviewer(),
            Act::Issue | Act::IssueServed => self.issuer(),
        }
    }
}
