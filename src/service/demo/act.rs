//! What an act of a route is as a command: the input with which it is given.

use chrono::TimeDelta;

use super::DemoError;
use super::data::Act;
use super::scene::Scene;
use crate::domain::case::{
    Arrival, Manner, PostalOperator, ReviewKind, ReviewVerdict, ServedLetter, Verdict,
};
use crate::domain::channel::{Channel, Delivery};
use crate::domain::deadline::{Fact, Moment, ReceiptRule};
use crate::domain::lifecycle::{Changes, ServiceFacts, Step, SupplementFacts};
use crate::service::cases::{AfterReceipt, ApplicantInput, ApplicationInput};

/// The working days that the query room gives a unit.
const INTERNAL_WORKING_DAYS: u32 = 10;

/// The extension asked for when the row names none.
const EXTENSION_WORKING_DAYS: u32 = 10;

impl Scene<'_> {
    /// The facts of arrival that are known when the application is recorded.
    fn arrival_facts(&self, channel: Channel) -> Arrival {
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

    /// The application, as this applicant makes it.
    pub(super) fn application(
        &self,
        applicant: ApplicantInput,
    ) -> Result<ApplicationInput, DemoError> {
        let (row, topic) = (self.row, self.topic);
        let unit = row.unit.as_ref().map(|code| self.cast.unit(code)).transpose()?;
        Ok(ApplicationInput {
            applicant,
            subject: row.fill(&topic.subject),
            description: row.fill(&topic.description),
            purpose: self.states_purpose().then(|| row.fill(&topic.purpose)),
            carrier: row.carrier,
            delivery: row.delivery,
            accepts_other_form: !self.number.is_multiple_of(3),
            fee_waiver_requested: false,
            channel: row.channel,
            arrival: self.arrival_facts(row.channel),
            receiving_unit: unit.map(|unit| unit.id),
            external_ref: None,
            then: AfterReceipt::Wait,
        })
    }

    /// The confirmation with the applicant, when the channel's rule needs one.
    fn confirmed(&self, channel: Channel, mut facts: Arrival) -> Arrival {
        let rules = self.law.rule_set(self.rule_set());
        if rules.receipt_fact.get(&channel.receipt_rule()) == Some(&Fact::Confirmed) {
            facts.confirmed_at = Some(self.moment());
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
            Act::AskSupplement => ask_supplement(None),
            Act::AskSupplementServed => ask_supplement(Some(self.service())),
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
            Act::ReviewSecrecy => passed(ReviewKind::Secrecy, "经审查,不涉及国家秘密"),
            Act::ReviewLegality => passed(ReviewKind::Legality, "事实清楚,适用依据正确"),
            Act::Issue => Step::Answer { service: None },
            Act::IssueServed => Step::Answer { service: Some(self.service()) },
            Act::ServeSupplementNotice => serve(ServedLetter::SupplementNotice, self.service()),
            Act::ServeExtension => serve(ServedLetter::ExtensionNotice, self.service()),
            Act::Serve => serve(ServedLetter::Answer, self.service()),
            Act::ReturnAnswer => {
                let came_back = ServiceFacts {
                    returned_at: Some(self.moment()),
                    ..ServiceFacts::by(Manner::Returned)
                };
                serve(ServedLetter::Answer, came_back)
            }
            Act::ServeSubstitute => {
                let taken = ServiceFacts {
                    signed_at: Some(self.moment()),
                    recipient: Some("李某".to_owned()),
                    relation: Some("同住成年家属".to_owned()),
                    ..ServiceFacts::by(Manner::Substitute)
                };
                serve(ServedLetter::Answer, taken)
            }
            Act::Archive => Step::Archive { pages: Vec::new() },
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
                postal_operator: Some(PostalOperator::Registered),
                ..ServiceFacts::by(Manner::Posted)
            },
            Delivery::Email | Delivery::Fax => {
                ServiceFacts { sent_at: Some(self.moment()), ..ServiceFacts::by(Manner::Sent) }
            }
            Delivery::Collect | Delivery::OnSiteReading => ServiceFacts {
                signed_at: Some(self.moment()),
                ..ServiceFacts::by(Manner::HandedOver)
            },
        }
    }
}

fn ask_supplement(service: Option<ServiceFacts>) -> Step {
    Step::RequestSupplement {
        items: "所需信息的名称、文号或者其他特征性描述不明确".to_owned(),
        guidance: "请写明所需信息的形成年度、事项名称或者文号".to_owned(),
        deadline: None,
        service,
    }
}

const fn serve(letter: ServedLetter, service: ServiceFacts) -> Step {
    Step::Serve { letter, service }
}

fn decided(verdict: Verdict, reason: Option<&str>, service: Option<ServiceFacts>) -> Step {
    Step::DecideExtension { verdict, reason: reason.map(str::to_owned), service }
}

fn passed(kind: ReviewKind, opinion: &str) -> Step {
    let opinion = Some(opinion.to_owned());
    Step::Review { kind, verdict: ReviewVerdict::Passed, opinion, basis: None }
}
