//! A small bureau, its people, and short words for the inputs of the actions.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use gongkai::domain::actor::{Actor, By, Capability, Role};
use gongkai::domain::applicant_type::ApplicantType;
use gongkai::domain::attachment::{FileLimits, FileName, ObjectKey, Purpose, Sha256};
use gongkai::domain::case::{
    Applicant, Application, Arrival, Case, Explanation, LookupKeys, Manner, Particulars,
    ReviewKind, ReviewVerdict, SearchEntry, ServedLetter, SubtaskKind, Verdict,
};
use gongkai::domain::channel::{Carrier, Channel, Delivery};
use gongkai::domain::deadline::Moment;
use gongkai::domain::decision::Decisions;
use gongkai::domain::ids::{AttachmentId, CaseId, UnitId, UserId, Version};
use gongkai::domain::letter::{Collection, LetterId, LetterMatter, LetterOffice};
use gongkai::domain::lifecycle::{
    Changes, Context, EarlierCases, NewCase, NewFile, NextNumbers, ServiceFacts, Step,
    SubtaskWording, SupplementFacts, Wording, apply, awaited_reviews, receive,
};
use gongkai::domain::paragraph::Paragraphs;
use gongkai::domain::practice::Practice;
use gongkai::domain::regulation::Law;
use gongkai::domain::rejection::{Reason, Refusal};
use gongkai::domain::unit::{Directory, EndedSessions, Unit, UnitKind, UnitPlan, User};
use uuid::Uuid;

pub const BUREAU: UnitId = UnitId(Uuid::from_u128(1));
pub const QUERY_ROOM: UnitId = UnitId(Uuid::from_u128(2));
/// A center that may issue answers itself.
pub const CENTER_A: UnitId = UnitId(Uuid::from_u128(3));
/// A window below it, which may not.
pub const WINDOW: UnitId = UnitId(Uuid::from_u128(4));
/// A center that may not.
pub const CENTER_B: UnitId = UnitId(Uuid::from_u128(5));
pub const LEGAL: UnitId = UnitId(Uuid::from_u128(6));

pub const Q1: UserId = UserId(Uuid::from_u128(101));
pub const Q2: UserId = UserId(Uuid::from_u128(102));
pub const A1: UserId = UserId(Uuid::from_u128(103));
pub const A2: UserId = UserId(Uuid::from_u128(104));
pub const W1: UserId = UserId(Uuid::from_u128(105));
pub const B1: UserId = UserId(Uuid::from_u128(106));
pub const LEGAL1: UserId = UserId(Uuid::from_u128(107));
pub const SUPERVISOR: UserId = UserId(Uuid::from_u128(108));
pub const AUDITOR: UserId = UserId(Uuid::from_u128(109));
pub const ADMIN: UserId = UserId(Uuid::from_u128(110));
/// An auditor who sits in center A; he can never take a case.
pub const AUDITOR_A: UserId = UserId(Uuid::from_u128(111));
/// An officer of center A who has left.
pub const GONE: UserId = UserId(Uuid::from_u128(112));

/// The secrecy reviewer, a member of the legal office.
pub const SECRECY1: UserId = UserId(Uuid::from_u128(113));

/// Everybody who can act.
pub const CAST: [UserId; 11] =
    [Q1, Q2, A1, A2, W1, B1, LEGAL1, SECRECY1, SUPERVISOR, AUDITOR, ADMIN];

fn unit(id: UnitId, kind: UnitKind, parent: Option<UnitId>) -> Unit {
    let may_issue = matches!(id, QUERY_ROOM | CENTER_A);
    let code = id.0.as_u128().to_string();
    Unit {
        id,
        plan: UnitPlan { name: code.clone(), code, kind, parent, may_issue },
        closed_at: None,
        version: Version::FIRST,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn user(id: UserId, role: Role, unit: UnitId) -> User {
    let name = id.0.as_u128().to_string();
    let disabled_at = (id == GONE).then_some(DateTime::UNIX_EPOCH);
    User {
        id,
        username: name.clone(),
        display_name: name,
        role,
        unit,
        capabilities: if id == SECRECY1 { vec![Capability::SecrecyReviewer] } else { Vec::new() },
        disabled_at,
        token_epoch: 1,
        version: Version::FIRST,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

/// The bureau and the numbers that come next.
pub struct World {
    pub directory: Directory,
    pub numbers: NextNumbers,
    pub practice: Practice,
    pub earlier: EarlierCases,
    pub paragraphs: Paragraphs,
    pub office: LetterOffice,
}

impl World {
    pub fn new() -> Self {
        let units = vec![
            unit(BUREAU, UnitKind::Bureau, None),
            unit(QUERY_ROOM, UnitKind::QueryRoom, Some(BUREAU)),
            unit(CENTER_A, UnitKind::ServiceCenter, Some(BUREAU)),
            unit(WINDOW, UnitKind::Window, Some(CENTER_A)),
            unit(CENTER_B, UnitKind::ServiceCenter, Some(BUREAU)),
            unit(LEGAL, UnitKind::LegalOffice, Some(BUREAU)),
        ];
        let users = vec![
            user(Q1, Role::QueryRoom, QUERY_ROOM),
            user(Q2, Role::QueryRoom, QUERY_ROOM),
            user(A1, Role::ServiceCenter, CENTER_A),
            user(A2, Role::ServiceCenter, CENTER_A),
            user(W1, Role::ServiceCenter, WINDOW),
            user(B1, Role::ServiceCenter, CENTER_B),
            user(LEGAL1, Role::LegalOffice, LEGAL),
            user(SECRECY1, Role::LegalOffice, LEGAL),
            user(SUPERVISOR, Role::Supervisor, BUREAU),
            user(AUDITOR, Role::Auditor, BUREAU),
            user(ADMIN, Role::Admin, BUREAU),
            user(AUDITOR_A, Role::Auditor, CENTER_A),
            user(GONE, Role::ServiceCenter, CENTER_A),
        ];
        let numbers = NextNumbers {
            year: 2024,
            receipt: 1,
            case: 17,
            case_pattern: "长公公开〔{year}〕{n}号".to_owned(),
            letters: std::collections::BTreeMap::new(),
        };
        let directory = Directory::new(1, units, users, EndedSessions::new());
        let practice = Practice::default();
        let office = LetterOffice::plain();
        Self {
            directory,
            numbers,
            practice,
            earlier: EarlierCases::new(),
            paragraphs: Paragraphs::new(),
            office,
        }
    }

    pub fn actor(&self, who: UserId) -> Actor {
        self.directory.actor(who).expect("an active user")
    }

    pub fn ctx<'a>(&'a self, actor: &'a Actor, at: DateTime<Utc>) -> Context<'a> {
        self.ctx_by(By::Staff(actor), at)
    }

    pub fn ctx_by<'a>(&'a self, by: By<'a>, at: DateTime<Utc>) -> Context<'a> {
        Context {
            by,
            at,
            law: Law::builtin(),
            decisions: Decisions::builtin(),
            practice: self.practice,
            earlier: &self.earlier,
            paragraphs: &self.paragraphs,
            directory: &self.directory,
            office: &self.office,
            numbers: &self.numbers,
        }
    }
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

#[expect(clippy::unnecessary_wraps, reason = "the facts it fills are optional")]
pub fn on(text: &str) -> Option<Moment> {
    Some(Moment::Date(day(text)))
}

/// Ten in the morning in Changchun.
pub fn morning(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(2)
}

fn application() -> Application {
    Application {
        applicant: Applicant {
            kind: ApplicantType::NaturalPerson,
            name: "张某".to_owned(),
            id_kind: None,
            id_number: None,
            phone: None,
            address: None,
            postcode: None,
            email: None,
            contact_name: None,
        },
        lookup: LookupKeys::default(),
        subject: "2023年处罚依据".to_owned(),
        description: "全文".to_owned(),
        purpose: None,
        carrier: Carrier::Paper,
        delivery: Delivery::Post,
        accepts_other_form: true,
        fee_waiver_requested: false,
    }
}

pub fn new_case(channel: Channel, arrival: Arrival, unit: UnitId) -> NewCase {
    NewCase {
        id: CaseId(Uuid::from_u128(900)),
        query_code_digest: "00".to_owned(),
        application: application(),
        channel,
        arrival,
        receiving_unit: Some(unit),
        external_ref: None,
    }
}

/// A case at hand, on which people act day after day.
pub struct File {
    pub world: World,
    pub case: Case,
}

impl File {
    /// Handed in at the query room and registered on the same day.
    pub fn registered(date: &str) -> Self {
        let mut file = Self::received(date, Channel::InPerson, Arrival::default());
        file.must(Q1, date, &register(Arrival::default()));
        file
    }

    /// The same, with center A.
    pub fn assigned(date: &str) -> Self {
        let mut file = Self::registered(date);
        file.must(Q1, date, &assign(CENTER_A));
        file
    }

    /// Received by the query room.
    pub fn received(date: &str, channel: Channel, arrival: Arrival) -> Self {
        Self::received_at(QUERY_ROOM, date, channel, arrival)
    }

    pub fn received_at(unit: UnitId, date: &str, channel: Channel, arrival: Arrival) -> Self {
        let world = World::new();
        let actor = world.actor(Q1);
        let new = new_case(channel, arrival, unit);
        let case = receive(&new, &world.ctx(&actor, morning(day(date)))).expect("received");
        Self { world, case }
    }

    pub fn try_(&self, who: UserId, date: &str, step: &Step) -> Result<Case, Refusal> {
        let actor = self.world.actor(who);
        let ctx = self.world.ctx(&actor, morning(day(date)));
        apply(&self.case, step, &ctx).map(|applied| applied.case)
    }

    /// The action succeeds.
    #[track_caller]
    pub fn must(&mut self, who: UserId, date: &str, step: &Step) {
        match self.try_(who, date, step) {
            Ok(case) => self.case = case,
            Err(refusal) => panic!("{:?} was refused: {refusal:?}", step.action()),
        }
    }

    /// The action is refused, first of all for this reason.
    #[track_caller]
    pub fn refuses(&self, who: UserId, date: &str, step: &Step, reason: Reason) {
        match self.try_(who, date, step) {
            Ok(_) => panic!("{:?} was not refused", step.action()),
            Err(refusal) => assert_eq!(refusal.first().reason, reason, "{refusal:?}"),
        }
    }

    /// The current draft passes every review that it needs.
    #[track_caller]
    pub fn pass(&mut self, date: &str) {
        for kind in awaited_reviews(&self.case) {
            let who = if kind == ReviewKind::Secrecy { SECRECY1 } else { LEGAL1 };
            self.must(who, date, &review(kind, ReviewVerdict::Passed));
        }
    }

    pub fn due(&self) -> Option<NaiveDate> {
        self.case.record.clock.as_ref().and_then(|clock| clock.due_date)
    }

    pub fn on_time(&self) -> Option<bool> {
        self.case.record.clock.as_ref().and_then(|clock| clock.on_time)
    }
}

pub fn register(arrival: Arrival) -> Step {
    Step::Register { arrival }
}

pub fn confirmed(date: &str) -> Arrival {
    Arrival { confirmed_at: on(date), ..Arrival::default() }
}

pub fn submitted(date: &str) -> Arrival {
    Arrival { submitted_at: on(date), ..Arrival::default() }
}

pub fn amend(changes: Changes) -> Step {
    Step::Amend { reason: "笔误".to_owned(), changes: Box::new(changes) }
}

pub fn amend_arrival(arrival: Arrival) -> Step {
    amend(Changes { arrival: Some(arrival), ..Changes::default() })
}

pub fn void() -> Step {
    Step::Void { reason: "重复录入".to_owned(), duplicate_of: None }
}

pub fn assign(unit: UnitId) -> Step {
    Step::Assign { unit_id: unit, officer_id: None, internal_due_date: None, note: None }
}

pub fn assign_to(unit: UnitId, officer: UserId) -> Step {
    Step::Assign { unit_id: unit, officer_id: Some(officer), internal_due_date: None, note: None }
}

pub fn give_back() -> Step {
    Step::Return { reason: "非本单位职责".to_owned() }
}

pub fn ask(deadline: Option<&str>, service: Option<ServiceFacts>) -> Step {
    Step::RequestSupplement {
        items: "所需文件".to_owned(),
        guidance: "写明文号".to_owned(),
        deadline: deadline.map(day),
        service,
    }
}

pub fn supplement(channel: Channel, arrival: Arrival) -> Step {
    let content = "文号为某某".to_owned();
    Step::Supplement { facts: SupplementFacts { channel, arrival, content } }
}

pub fn supplement_in_person(date: &str) -> Step {
    supplement(Channel::InPerson, submitted(date))
}

pub fn lapse() -> Step {
    Step::Lapse { reason: "逾期未补正".to_owned() }
}

pub fn ask_days(days: u32) -> Step {
    Step::RequestExtension { days, reason: "检索量大".to_owned() }
}

pub fn decide(verdict: Verdict, service: Option<ServiceFacts>) -> Step {
    Step::DecideExtension { verdict, reason: Some("情况属实".to_owned()), service }
}

pub fn draft(decision: &str) -> Step {
    let text = || Some("如附件".to_owned());
    let particulars = Particulars {
        reasons: text(),
        article: text(),
        harm: text(),
        search_log: vec![SearchEntry {
            searcher: "李某".to_owned(),
            system: "档案室".to_owned(),
            keywords: "处罚".to_owned(),
            searched_on: day("2008-06-02"),
            result: None,
        }],
        provided: text(),
        how_to_obtain: text(),
        right_organ: text(),
        earlier_case_number: text(),
        consultation_result: text(),
        channel_pointer: text(),
        publication_source: text(),
        basis_law: text(),
        earlier_answered_on: Some(day("2008-05-04")),
        explanation: Some(Explanation { number: text(), asked_on: day("2008-05-04") }),
        conclusion: text(),
    };
    draft_with(decision, particulars)
}

pub fn draft_with(decision: &str, particulars: Particulars) -> Step {
    let wording = Wording { decision: decision.to_owned(), particulars, ..Wording::default() };
    Step::DraftAnswer { wording: Box::new(wording) }
}

pub fn review(kind: ReviewKind, verdict: ReviewVerdict) -> Step {
    Step::Review { kind, verdict, opinion: Some("已阅".to_owned()), basis: None }
}

pub fn ask_unit(unit: UnitId, kind: SubtaskKind) -> Step {
    ask_unit_by(unit, kind, None)
}

pub fn ask_unit_by(unit: UnitId, kind: SubtaskKind, due: Option<&str>) -> Step {
    let question = "请查有无该文件".to_owned();
    Step::AskSubtask { wording: SubtaskWording { unit, kind, question, due_date: due.map(day) } }
}

/// The id of the file that is attached by the seed.
pub fn file_id(seed: u8) -> AttachmentId {
    AttachmentId(Uuid::from_u128(u128::from(seed) + 0xF11E))
}

pub fn attach(seed: u8, purpose: Purpose) -> Step {
    let (name, file_type) = FileName::parse("材料.pdf").expect("a name");
    let file = NewFile {
        attachment_id: file_id(seed),
        purpose,
        name,
        file_type,
        size: 1000,
        sha256: Sha256([seed; 32]),
        object: ObjectKey::from_random([seed; 16]),
        note: None,
        limits: FileLimits { case: 3000, ..FileLimits::default() },
    };
    Step::Attach { file: Box::new(file) }
}

pub fn detach(seed: u8) -> Step {
    Step::Detach { attachment_id: file_id(seed), reason: "误传".to_owned() }
}

pub fn answer(service: Option<ServiceFacts>) -> Step {
    Step::Answer { service }
}

pub fn serve(letter: ServedLetter, service: ServiceFacts) -> Step {
    Step::Serve { letter, letter_id: None, service }
}

/// An attempt to serve the letter of the case at that place.
pub fn serve_at(letter: ServedLetter, place: usize, service: ServiceFacts) -> Step {
    Step::Serve { letter, letter_id: Some(letter_id(place)), service }
}

/// The notice that what is provided can be collected.
pub fn collect(from: &str, to: &str) -> Step {
    let place = "查询室".to_owned();
    let collection = Collection { collect_from: day(from), collect_to: day(to), place };
    Step::IssueLetter { matter: LetterMatter::CollectionNotice(collection) }
}

/// The id of the letter of the case at that place.
pub fn letter_id(place: usize) -> LetterId {
    LetterId::of(CaseId(Uuid::from_u128(900)), place)
}

/// The letter of the case at that place is declared void.
pub fn void_letter(place: usize) -> Step {
    Step::VoidLetter { letter_id: letter_id(place), reason: "印制有误".to_owned() }
}

pub fn withdraw() -> Step {
    Step::Withdraw { reason: "申请人电话撤回".to_owned() }
}

/// One attempt of service with the date that its manner needs.
pub fn by(manner: Manner, date: NaiveDate) -> ServiceFacts {
    let when = Some(Moment::Date(date));
    let only = |wanted: &[Manner]| if wanted.contains(&manner) { when } else { None };
    let taken = manner == Manner::Substitute;
    let left = manner == Manner::Left;
    ServiceFacts {
        signed_at: only(&[Manner::HandedOver, Manner::Substitute]),
        posted_at: only(&[Manner::Posted]),
        sent_at: only(&[Manner::Sent]),
        returned_at: only(&[Manner::Returned]),
        left_at: only(&[Manner::Left]),
        downloaded_at: only(&[Manner::Downloaded]),
        recipient: taken.then(|| "李某".to_owned()),
        relation: taken.then(|| "同住家属".to_owned()),
        witness: left.then(|| "社区工作人员".to_owned()),
        reason: left.then(|| "拒绝签收".to_owned()),
        ..ServiceFacts::by(manner)
    }
}

pub fn handed(date: &str) -> ServiceFacts {
    by(Manner::HandedOver, day(date))
}

pub fn posted(date: &str) -> ServiceFacts {
    by(Manner::Posted, day(date))
}

pub fn returned(date: &str) -> ServiceFacts {
    by(Manner::Returned, day(date))
}
