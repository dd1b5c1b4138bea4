//! What an act of a route is as a command: who gives it, and with what input.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::DemoError;
use super::cast::Cast;
use super::data::{Act, Row, Topic};
use crate::domain::case::{Arrival, Manner, Particulars, SearchEntry, ServedLetter, Verdict};
use crate::domain::channel::{Channel, Delivery};
use crate::domain::deadline::{Fact, Moment, ReceiptRule, legal_day};
use crate::domain::ids::{CaseId, UserId};
use crate::domain::lifecycle::{Changes, ServiceFacts, Step, SupplementFacts};
use crate::domain::regulation::{Law, RuleSetId};

/// The working days that the query room gives a unit.
const INTERNAL_WORKING_DAYS: u32 = 10;

/// The extension asked for when the row names none.
const EXTENSION_WORKING_DAYS: u32 = 10;

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
    const fn today(&self) -> Moment {
        Moment::Instant(self.at)
    }

    fn day(&self) -> NaiveDate {
        legal_day(self.at)
    }

    /// The text that governs a case that arrived on this day.
    fn rule_set(&self) -> RuleSetId {
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
    fn wrong(&self) -> Result<&str, DemoError> {
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
            | Act::Withdraw => Ok(self.cast.desk(self.number)?.0),
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
            Act::Issue | Act::IssueServed => self.issuer(),
        }
    }

    /// The facts of arrival that are known when the application is recorded.
    pub(super) fn arrival_facts(&self, channel: Channel) -> Arrival {
        let mut facts = Arrival::default();
        match channel.receipt_rule() {
            ReceiptRule::InPerson => facts.submitted_at = Some(Moment::Date(self.day())),
            ReceiptRule::PostSigned => facts.signed_at = Some(Moment::Date(self.day())),
            ReceiptRule::PostOrdinary => facts.arrived_at = Some(Moment::Date(self.day())),
            ReceiptRule::Online | ReceiptRule::Email | ReceiptRule::Fax => {
                facts.received_at = Some(Moment::Instant(self.at - TimeDelta::minutes(12)));
            }
        }
        facts
    }

    /// The confirmation with the applicant, when the channel's rule needs one.
    fn confirmed(&self, channel: Channel, mut facts: Arrival) -> Arrival {
        let rules = self.law.rule_set(self.rule_set());
        if rules.receipt_fact.get(&channel.receipt_rule()) == Some(&Fact::Confirmed) {
            facts.confirmed_at = Some(self.today());
            facts.confirmed_by = Some("查询室值班人员".to_owned());
            facts.confirmation_manner = Some("电话".to_owned());
        }
        facts
    }

    /// The act as an action on a case; none for the receipt, which is no action on one.
    pub(super) fn step(&self, act: Act) -> Result<Option<Step>, DemoError> {
        Ok(Some(match act {
            Act::Receive => return Ok(None),
            Act::Register => {
                Step::Register { arrival: self.confirmed(self.row.channel, Arrival::default()) }
            }
            Act::Amend => self.amend(),
            Act::Void => Step::Void {
                reason: if self.earlier.is_some() {
                    "重复录入"
                } else {
                    "误将咨询录为申请"
                }
                .to_owned(),
                duplicate_of: self.earlier.as_ref().map(|earlier| earlier.id),
            },
            Act::Assign => self.assign(&self.topic.holder)?,
            Act::Misassign => self.assign(self.wrong()?)?,
            Act::Return => {
                Step::Return { reason: "所申请内容不属于本单位业务范围".to_owned() }
            }
            Act::Accept => Step::Accept,
            Act::AskSupplement => self.ask_supplement(None),
            Act::AskSupplementServed => self.ask_supplement(Some(self.service())),
            Act::Supplement => Step::Supplement { facts: self.supplement() },
            Act::Lapse => Step::Lapse {
                reason: "补正期限届满,申请人无正当理由未补正".to_owned()
            },
            Act::AskExtension => Step::RequestExtension {
                days: self.row.days.unwrap_or(EXTENSION_WORKING_DAYS),
                reason: "涉及多个年度档案,需要逐卷检索核对".to_owned(),
            },
            Act::GrantExtension => decided(Verdict::Granted, None, None),
            Act::GrantExtensionServed => decided(Verdict::Granted, None, Some(self.service())),
            Act::RefuseExtension => {
                decided(Verdict::Refused, Some("检索工作量不大,应按期答复"), None)
            }
            Act::Draft => self.draft(),
            Act::Issue => Step::Answer { service: None },
            Act::IssueServed => Step::Answer { service: Some(self.service()) },
            Act::ServeSupplementNotice => {
                self.serve(ServedLetter::SupplementNotice, self.service())
            }
            Act::ServeExtension => self.serve(ServedLetter::ExtensionNotice, self.service()),
            Act::Serve => self.serve(ServedLetter::Answer, self.service()),
            Act::ReturnAnswer => {
                let came_back =
                    ServiceFacts { returned_at: Some(self.today()), ..by(Manner::Returned) };
                self.serve(ServedLetter::Answer, came_back)
            }
            Act::ServeSubstitute => {
                let taken = ServiceFacts {
                    signed_at: Some(self.today()),
                    recipient: Some("同住成年家属".to_owned()),
                    ..by(Manner::Substitute)
                };
                self.serve(ServedLetter::Answer, taken)
            }
            Act::Withdraw => Step::Withdraw {
                reason: "申请人来电撤回,已另行取得所需信息".to_owned(),
            },
        }))
    }

    fn amend(&self) -> Step {
        let description = self.row.fill(&self.topic.description);
        let changes = Changes {
            description: Some(format!("{description}(经与申请人核对更正)")),
            ..Changes::default()
        };
        Step::Amend {
            reason: "录入有误,按申请表原文更正".to_owned(), changes: Box::new(changes)
        }
    }

    fn assign(&self, unit: &str) -> Result<Step, DemoError> {
        let calendar = &self.law.calendar;
        let (wanted, _) = calendar.nth_working_day_after(self.day(), INTERNAL_WORKING_DAYS)?;
        Ok(Step::Assign {
            unit_id: self.cast.unit(unit)?.id,
            officer_id: None,
            internal_due_date: Some(wanted),
            note: Some("请按期检索并提出答复意见".to_owned()),
        })
    }

    fn ask_supplement(&self, service: Option<ServiceFacts>) -> Step {
        Step::RequestSupplement {
            items: "所需信息的名称、文号或者其他特征性描述不明确".to_owned(),
            guidance: "请写明所需信息的形成年度、事项名称或者文号".to_owned(),
            deadline: None,
            service,
        }
    }

    /// The supplement comes by hand or by registered letter, in turn.
    fn supplement(&self) -> SupplementFacts {
        let by_hand = self.number.is_multiple_of(2);
        let channel = if by_hand { Channel::InPerson } else { Channel::RegisteredMail };
        SupplementFacts {
            channel,
            arrival: self.arrival_facts(channel),
            content: format!("补正说明:{}", self.row.fill(&self.topic.description)),
        }
    }

    /// The way in which the applicant wants to be served.
    fn service(&self) -> ServiceFacts {
        match self.row.delivery {
            Delivery::Post | Delivery::ExpressMail => ServiceFacts {
                posted_at: Some(Moment::Date(self.day())),
                mail_number: Some(format!("XA{:09}CN", self.number + 1)),
                ..by(Manner::Posted)
            },
            Delivery::Email | Delivery::Fax => {
                ServiceFacts { sent_at: Some(self.today()), ..by(Manner::Sent) }
            }
            Delivery::Collect | Delivery::OnSiteReading => {
                ServiceFacts { signed_at: Some(self.today()), ..by(Manner::HandedOver) }
            }
        }
    }

    fn serve(&self, letter: ServedLetter, service: ServiceFacts) -> Step {
        Step::Serve { letter, service }
    }

    fn draft(&self) -> Step {
        let topic = self.topic;
        let fill = |text: Option<&String>| text.map(|text| self.row.fill(text));
        let repeated = self.earlier.as_ref().and_then(|earlier| earlier.number.clone());
        let (decision, particulars) = match repeated {
            Some(number) => {
                let reasons = "申请人就同一内容重复提出申请,本机关已作出答复,不再重复处理。";
                let particulars = Particulars {
                    reasons: Some(reasons.to_owned()),
                    earlier_case_number: Some(number),
                    ..Particulars::default()
                };
                ("repeat".to_owned(), particulars)
            }
            None => {
                let articles = topic.article.as_ref();
                let particulars = Particulars {
                    reasons: fill(topic.reasons.as_ref()),
                    article: articles.and_then(|by_text| by_text.get(&self.rule_set()).cloned()),
                    harm: fill(topic.harm.as_ref()),
                    search_log: self.searches(),
                    provided: fill(topic.provided.as_ref()),
                    how_to_obtain: fill(topic.how_to_obtain.as_ref()),
                    right_organ: fill(topic.right_organ.as_ref()),
                    earlier_case_number: None,
                    consultation_result: fill(topic.consultation_result.as_ref()),
                    channel_pointer: fill(topic.channel_pointer.as_ref()),
                    publication_source: fill(topic.publication_source.as_ref()),
                    basis_law: fill(topic.basis_law.as_ref()),
                };
                (topic.decision.clone(), particulars)
            }
        };
        let (carrier, delivery) = (Some(self.row.carrier), Some(self.row.delivery));
        Step::DraftAnswer { decision, particulars: Box::new(particulars), carrier, delivery }
    }

    fn searches(&self) -> Vec<SearchEntry> {
        let search = self.topic.search.iter();
        search
            .map(|search| SearchEntry {
                searcher: "档案管理人员".to_owned(),
                system: search.system.clone(),
                keywords: self.row.fill(&search.keywords),
                searched_on: self.day(),
            })
            .collect()
    }
}

fn decided(verdict: Verdict, reason: Option<&str>, service: Option<ServiceFacts>) -> Step {
    Step::DecideExtension { verdict, reason: reason.map(str::to_owned), service }
}

/// Nothing but the manner.
const fn by(manner: Manner) -> ServiceFacts {
    ServiceFacts {
        manner,
        signed_at: None,
        posted_at: None,
        sent_at: None,
        returned_at: None,
        delivered_at: None,
        mail_number: None,
        recipient: None,
    }
}
