//! When an application counts as received (收到申请之日): 2019 art. 31; before, notice 2015-207.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ClockError, Moment};
use crate::domain::regulation::{Law, RuleSet, RuleSetId};

/// The channel as far as it decides the receipt date (2019 art. 31).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptRule {
    /// Handed in (当面提交).
    InPerson,
    /// Registered letter or EMS that the agency signs for.
    PostSigned,
    /// Ordinary letter (平常信函).
    PostOrdinary,
    /// Web form (互联网渠道).
    Online,
    /// E-mail.
    Email,
    /// Fax of the disclosure office.
    Fax,
}

impl ReceiptRule {
    /// Every rule, in the order of the regulation.
    pub const ALL: [Self; 6] = [
        Self::InPerson,
        Self::PostSigned,
        Self::PostOrdinary,
        Self::Online,
        Self::Email,
        Self::Fax,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InPerson => "in_person",
            Self::PostSigned => "post_signed",
            Self::PostOrdinary => "post_ordinary",
            Self::Online => "online",
            Self::Email => "email",
            Self::Fax => "fax",
        }
    }

    /// The fact that dates the applicant's own act (R15, ours): what the applicant could do in
    /// time, whatever the agency confirms later.
    #[must_use]
    pub const fn act_fact(self) -> Fact {
        match self {
            Self::InPerson => Fact::Submitted,
            Self::PostSigned => Fact::Signed,
            Self::PostOrdinary => Fact::Arrived,
            Self::Online | Self::Email | Self::Fax => Fact::Received,
        }
    }
}

/// A dated fact about how an application came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fact {
    /// Handed over at the counter.
    #[serde(rename = "submitted_at")]
    Submitted,
    /// Signed for by the agency (签收).
    #[serde(rename = "signed_at")]
    Signed,
    /// An ordinary letter reached the agency.
    #[serde(rename = "arrived_at")]
    Arrived,
    /// Reached the agency's system or machine.
    #[serde(rename = "received_at")]
    Received,
    /// Confirmed by both sides (双方确认).
    #[serde(rename = "confirmed_at")]
    Confirmed,
}

impl Fact {
    /// The stable name, as in [`Receipt`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted_at",
            Self::Signed => "signed_at",
            Self::Arrived => "arrived_at",
            Self::Received => "received_at",
            Self::Confirmed => "confirmed_at",
        }
    }
}

/// How an application or a supplement came in: the channel and the facts known so far (R17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The channel.
    pub channel: ReceiptRule,
    /// Handed over (in person).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Moment>,
    /// Signed for (registered post).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Moment>,
    /// Arrived (ordinary letter).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<Moment>,
    /// Reached the system (online, e-mail, fax).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Moment>,
    /// Confirmed by both sides (ordinary letter, online, e-mail, fax).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Moment>,
}

impl Receipt {
    /// A receipt of which nothing is known but the channel.
    #[must_use]
    pub const fn new(channel: ReceiptRule) -> Self {
        Self {
            channel,
            submitted_at: None,
            signed_at: None,
            arrived_at: None,
            received_at: None,
            confirmed_at: None,
        }
    }

    /// The legal date of a fact, if known.
    #[must_use]
    pub fn fact(&self, fact: Fact) -> Option<NaiveDate> {
        let moment = match fact {
            Fact::Submitted => self.submitted_at,
            Fact::Signed => self.signed_at,
            Fact::Arrived => self.arrived_at,
            Fact::Received => self.received_at,
            Fact::Confirmed => self.confirmed_at,
        };
        moment.map(Moment::legal_day)
    }

    fn need(&self, fact: Fact) -> Result<NaiveDate, ClockError> {
        self.fact(fact).ok_or(ClockError::MissingFact { fact: fact.as_str() })
    }
}

/// Which fact is the receipt date under a text (R3).
///
/// For 2019 this is art. 31. For every 2007 case it is notice 2015-207, which we apply back to
/// 2008 as well (ours): the 2007 text says nothing, and the notice wrote down the practice.
fn receipt_fact(channel: ReceiptRule, rules: &RuleSet) -> Fact {
    // A loaded rule set names a fact for every channel; confirmation is the strictest reading.
    let named = rules.receipt_fact.get(&channel).copied();
    named.unwrap_or(Fact::Confirmed)
}

/// The receipt date under a given text (R3); for a supplement, under the text of its case (R15).
///
/// # Errors
/// [`ClockError::MissingFact`] when the fact that the rule needs is not there.
pub fn receipt_date_under(receipt: &Receipt, rules: &RuleSet) -> Result<NaiveDate, ClockError> {
    receipt.need(receipt_fact(receipt.channel, rules))
}

/// The text that governs and the receipt date (R2, R18).
///
/// The 2019 text has no transition clause; that the receipt date chooses the text is ours (R2).
/// As the two texts date some channels differently, the date by the 2007 rule decides first
/// (R18): an e-mail that reached the system on 2019-05-14 is a 2007 case, whenever confirmed.
///
/// # Errors
/// [`ClockError::MissingFact`]; [`ClockError::BeforeFirstText`] before 2008-05-01.
pub fn receipt_date(receipt: &Receipt, law: &Law) -> Result<(RuleSetId, NaiveDate), ClockError> {
    let (old, new) = (&law.rules.text_2007, &law.rules.text_2019);
    let by_old = receipt_date_under(receipt, old)?;
    if by_old < old.in_force.from {
        return Err(ClockError::BeforeFirstText);
    }
    if by_old < new.in_force.from {
        return Ok((old.id, by_old));
    }
    Ok((new.id, receipt_date_under(receipt, new)?))
}

/// The facts that are still missing before [`receipt_date`] has an answer; empty when it has.
///
/// While the text is not known yet, the facts of the 2019 text are asked for as well.
#[must_use]
pub fn missing_facts(receipt: &Receipt, law: &Law) -> Vec<Fact> {
    let (old, new) = (&law.rules.text_2007, &law.rules.text_2019);
    let old_fact = receipt_fact(receipt.channel, old);
    let new_fact = receipt_fact(receipt.channel, new);
    let mut missing = Vec::new();
    match receipt.fact(old_fact) {
        Some(date) if date < new.in_force.from => return missing,
        Some(_) => {}
        None => missing.push(old_fact),
    }
    if new_fact != old_fact && receipt.fact(new_fact).is_none() {
        missing.push(new_fact);
    }
    missing
}

/// The facts that the date of receipt needs under a text, the one that fixes it last. A case of the
/// 2019 text needs the fact of the earlier one as well, which tells that it is none of that (R18).
#[must_use]
pub fn needed_facts(channel: ReceiptRule, text: RuleSetId, law: &Law) -> Vec<Fact> {
    let old = receipt_fact(channel, &law.rules.text_2007);
    let new = receipt_fact(channel, &law.rules.text_2019);
    match text {
        RuleSetId::Text2019 if new != old => vec![old, new],
        RuleSetId::Text2019 | RuleSetId::Text2007 => vec![old],
    }
}

/// The date of the applicant's own act (R15), which decides whether a supplement is in time.
///
/// # Errors
/// [`ClockError::MissingFact`] when it is not known.
pub fn act_date(receipt: &Receipt) -> Result<NaiveDate, ClockError> {
    receipt.need(receipt.channel.act_fact())
}
