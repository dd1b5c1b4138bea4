//! Valid inputs, from which a test changes what it is about.

use chrono::{DateTime, NaiveDate, Utc};
use gongkai::domain::applicant_type::ApplicantType;
use gongkai::domain::case::{Arrival, Manner, Particulars, ReviewKind, ReviewVerdict};
use gongkai::domain::channel::{Carrier, Channel, Delivery};
use gongkai::domain::deadline::Moment;
use gongkai::domain::identity::{Address, Email, IdDocument, IdKind, Phone, Postcode};
use gongkai::domain::ids::UnitId;
use gongkai::domain::lifecycle::{ServiceFacts, Step, SupplementFacts, Wording};
use gongkai::service::cases::{AfterReceipt, ApplicantInput, ApplicationInput};

/// An instant written as RFC 3339.
pub fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("an instant").to_utc()
}

/// A day written as `YYYY-MM-DD`.
pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// A natural person with a name, an identity card and a telephone number. Nobody real.
pub fn applicant() -> ApplicantInput {
    ApplicantInput {
        kind: ApplicantType::NaturalPerson,
        name: "王小明".to_owned(),
        document: Some(id_card("220102199003071235")),
        phone: Some(Phone::parse("13800000000").expect("a telephone number")),
        address: None,
        postcode: None,
        email: None,
        contact_name: None,
    }
}

/// The same with every kind of personal datum.
pub fn applicant_in_full() -> ApplicantInput {
    ApplicantInput {
        address: Some(Address::parse("长春市南关区人民大街9876号丙座").expect("an address")),
        postcode: Some(Postcode::parse("130022").expect("a postcode")),
        email: Some(Email::parse("wang.canary@example.com").expect("an e-mail address")),
        ..applicant()
    }
}

/// A resident identity card.
pub fn id_card(number: &str) -> IdDocument {
    IdDocument::parse(IdKind::ResidentIdCard, number, day("2025-01-01")).expect("a valid number")
}

/// An application handed in at the counter today.
pub fn application() -> ApplicationInput {
    ApplicationInput {
        applicant: applicant(),
        subject: "2024年度车辆管理收费标准".to_owned(),
        description: "申请公开2024年度车辆管理业务收费项目及标准。".to_owned(),
        purpose: None,
        carrier: Carrier::Paper,
        delivery: Delivery::Post,
        accepts_other_form: true,
        fee_waiver_requested: false,
        channel: Channel::InPerson,
        arrival: Arrival::default(),
        receiving_unit: None,
        external_ref: None,
        then: AfterReceipt::Wait,
    }
}

/// Registration without further facts.
pub fn register() -> Step {
    Step::Register { arrival: Arrival::default() }
}

/// Assignment to a unit, to nobody in particular.
pub const fn assign(unit_id: UnitId) -> Step {
    Step::Assign { unit_id, officer_id: None, internal_due_date: None, note: None }
}

/// A request to supplement, served at once by hand on the given day.
pub fn request_supplement(today: NaiveDate) -> Step {
    Step::RequestSupplement {
        items: "所需信息的内容描述不明确".to_owned(),
        guidance: "请写明文件名称或者文号".to_owned(),
        deadline: None,
        service: Some(handed_over(today)),
    }
}

/// The applicant's supplement, handed in on the given day.
pub fn supplement(today: NaiveDate, content: &str) -> Step {
    let arrival = Arrival { submitted_at: Some(Moment::Date(today)), ..Arrival::default() };
    Step::Supplement {
        facts: SupplementFacts { channel: Channel::InPerson, arrival, content: content.to_owned() },
    }
}

/// The draft of a full disclosure.
pub fn draft() -> Step {
    let wording = Wording {
        decision: "disclose".to_owned(),
        particulars: Particulars {
            provided: Some("收费标准一份".to_owned()),
            how_to_obtain: Some("随本答复邮寄".to_owned()),
            ..Particulars::default()
        },
        grounds: Vec::new(),
        carrier: Some(Carrier::Paper),
        delivery: Some(Delivery::Post),
        file_ids: Vec::new(),
        paragraph_ids: Vec::new(),
    };
    Step::DraftAnswer { wording: Box::new(wording) }
}

/// A review that the draft passes.
pub const fn passed(kind: ReviewKind) -> Step {
    Step::Review { kind, verdict: ReviewVerdict::Passed, opinion: None, basis: None }
}

/// The answer, handed over at once on the given day.
pub fn answer(today: NaiveDate) -> Step {
    Step::Answer { service: Some(handed_over(today)) }
}

/// Service by hand.
pub fn handed_over(today: NaiveDate) -> ServiceFacts {
    ServiceFacts { signed_at: Some(Moment::Date(today)), ..ServiceFacts::by(Manner::HandedOver) }
}
