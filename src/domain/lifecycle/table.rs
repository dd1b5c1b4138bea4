//! The lifecycle table.

use crate::domain::actor::Role;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// Where a case stands (办理状态).
    pub enum Status in "status" {
        Received = "received" : "已收件" / "received",
        Registered = "registered" : "已登记" / "registered",
        Assigned = "assigned" : "办理中" / "assigned",
        AwaitingSupplement = "awaiting_supplement" : "待补正" / "awaiting supplement",
        Supplemented = "supplemented" : "已补正" / "supplemented",
        Answered = "answered" : "已答复" / "answered",
        Lapsed = "lapsed" : "视为放弃" / "lapsed",
        Withdrawn = "withdrawn" : "已撤回" / "withdrawn",
        Voided = "voided" : "已作废" / "voided",
    }
}

impl Status {
    /// Is the case still to be dealt with?
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Received
            | Self::Registered
            | Self::Assigned
            | Self::AwaitingSupplement
            | Self::Supplemented => true,
            Self::Answered | Self::Lapsed | Self::Withdrawn | Self::Voided => false,
        }
    }
}

text_enum! {
    /// What can be done on a case.
    pub enum Action in "action" {
        Receive = "receive" : "收件" / "receive",
        Register = "register" : "登记" / "register",
        Amend = "amend" : "更正" / "amend",
        Void = "void" : "作废" / "void",
        Assign = "assign" : "分派" / "assign",
        Accept = "accept" : "接收" / "accept",
        Return = "return" : "退回" / "return",
        RequestSupplement = "request_supplement" : "要求补正" / "request a supplement",
        Supplement = "supplement" : "补正" / "supplement",
        Lapse = "lapse" : "视为放弃" / "lapse",
        RequestExtension = "request_extension" : "申请延期" / "request an extension",
        DecideExtension = "decide_extension" : "决定延期" / "decide an extension",
        DraftAnswer = "draft_answer" : "拟写答复" / "draft the answer",
        Review = "review" : "审查" / "review the draft",
        AskSubtask = "ask_subtask" : "请求协办" / "ask another unit",
        ReplySubtask = "reply_subtask" : "回复协办" / "reply to what was asked",
        ReturnSubtask = "return_subtask" : "退回协办" / "give back what was asked",
        WaiveSubtask = "waive_subtask" : "不再等待协办" / "wait no longer for a unit",
        Answer = "answer" : "签发答复" / "answer",
        Serve = "serve" : "登记送达" / "serve",
        VoidLetter = "void_letter" : "作废文书" / "void a letter",
        Withdraw = "withdraw" : "撤回" / "withdraw",
        Attach = "attach" : "上传附件" / "attach a file",
        Detach = "detach" : "取下附件" / "take a file down",
        Archive = "archive" : "归档" / "archive",
    }
}

text_enum! {
    /// In what capacity somebody may act on a case.
    pub enum Party in "party" {
        /// A user of the query room.
        QueryRoom = "query_room" : "查询室" / "the query room",
        /// A user of a center that received the case, itself or through a window below it.
        Receiver = "receiver" : "受理单位" / "the receiving unit",
        /// A user of the unit that holds the case, or of a unit above it.
        Holder = "holder" : "承办单位" / "the holding unit",
        /// The same, when that unit may send answers out in its own name.
        IssuingHolder = "issuing_holder" : "有权答复的承办单位" / "the holding unit that may issue",
        /// A user of a center or the query room that records an application.
        Counter = "counter" : "收件窗口" / "a counter",
        Supervisor = "supervisor" : "监督" / "a supervisor",
        /// A user of a unit that was asked for a search or an opinion, or of a unit above it.
        AskedUnit = "asked_unit" : "协办单位" / "the unit that was asked",
        /// A user of the legal office.
        LegalReviewer = "legal_reviewer" : "法制审核人" / "a reviewer of the legal office",
        /// A user with the capability, whatever his role; he must see the case.
        SecrecyReviewer = "secrecy_reviewer" : "保密审查人" / "a secrecy reviewer",
        /// The applicant himself, online, by the number and the query code of his case.
        Applicant = "applicant" : "申请人" / "the applicant",
    }
}

impl Party {
    /// The roles whose users can act in this capacity; none for the applicant, who has no account.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::QueryRoom => &[Role::QueryRoom],
            Self::Receiver => &[Role::ServiceCenter],
            Self::Holder | Self::IssuingHolder | Self::Counter | Self::AskedUnit => {
                &[Role::QueryRoom, Role::ServiceCenter]
            }
            Self::Supervisor => &[Role::Supervisor],
            Self::LegalReviewer => &[Role::LegalOffice],
            Self::SecrecyReviewer => {
                &[Role::QueryRoom, Role::ServiceCenter, Role::LegalOffice, Role::Supervisor]
            }
            Self::Applicant => &[],
        }
    }
}

/// Where an action leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A new case in this status.
    New(Status),
    /// This status.
    To(Status),
    /// One of these statuses; which, follows from the case.
    OneOf(&'static [Status]),
    /// The status stays.
    Same,
}

/// One row of the table: these parties may take this action in these statuses.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The action.
    pub action: Action,
    /// In which statuses; empty when there is no case yet.
    pub from: &'static [Status],
    /// Where it leads.
    pub to: Target,
    /// Who may.
    pub by: &'static [Party],
    /// On what it rests.
    pub article: &'static str,
}

use Action as A;
use Party as P;
use Status as S;

const OPEN: &[Status] =
    &[S::Received, S::Registered, S::Assigned, S::AwaitingSupplement, S::Supplemented];

const REGISTERED: &[Status] = &[S::Registered, S::Assigned, S::AwaitingSupplement, S::Supplemented];

/// Where a subtask can be open: also when the case ended while it was awaited.
const WITH_SUBTASKS: &[Status] =
    &[S::Registered, S::Assigned, S::AwaitingSupplement, S::Supplemented, S::Lapsed, S::Withdrawn];

/// While a case is open, and once it is answered: the proof of its service comes last.
const WITH_FILES: &[Status] =
    &[S::Received, S::Registered, S::Assigned, S::AwaitingSupplement, S::Supplemented, S::Answered];

const fn rule(
    action: Action,
    from: &'static [Status],
    to: Target,
    by: &'static [Party],
    article: &'static str,
) -> Rule {
    Rule { action, from, to, by, article }
}

/// Every legal action. What is not here is refused.
pub const RULES: &[Rule] = &[
    rule(
        A::Receive,
        &[],
        Target::New(S::Received),
        &[P::Counter, P::Applicant],
        "2019 art. 29; 2007 art. 20",
    ),
    rule(
        A::Register,
        &[S::Received],
        Target::To(S::Registered),
        &[P::QueryRoom, P::Receiver],
        "2019 art. 31, 45",
    ),
    rule(A::Amend, OPEN, Target::Same, &[P::QueryRoom, P::Receiver, P::Holder], "2019 art. 45"),
    rule(
        A::Void,
        &[S::Received, S::Registered, S::Assigned],
        Target::To(S::Voided),
        &[P::QueryRoom],
        "internal",
    ),
    rule(
        A::Assign,
        &[S::Registered, S::Assigned],
        Target::To(S::Assigned),
        &[P::QueryRoom],
        "2019 art. 4, 45",
    ),
    rule(A::Assign, &[S::Supplemented], Target::Same, &[P::QueryRoom], "2019 art. 4, 45"),
    rule(A::Accept, &[S::Assigned, S::Supplemented], Target::Same, &[P::Holder], "internal"),
    rule(A::Return, &[S::Assigned], Target::To(S::Registered), &[P::Holder], "internal"),
    rule(A::Return, &[S::Supplemented], Target::Same, &[P::Holder], "internal"),
    rule(
        A::RequestSupplement,
        &[S::Registered, S::Assigned],
        Target::To(S::AwaitingSupplement),
        &[P::QueryRoom, P::Holder],
        "2019 art. 30; 2007 art. 21(4)",
    ),
    rule(
        A::Supplement,
        &[S::AwaitingSupplement],
        Target::To(S::Supplemented),
        &[P::QueryRoom, P::Holder, P::Applicant],
        "2019 art. 30",
    ),
    rule(
        A::Lapse,
        &[S::AwaitingSupplement],
        Target::To(S::Lapsed),
        &[P::QueryRoom],
        "2019 art. 30",
    ),
    rule(
        A::RequestExtension,
        &[S::Assigned, S::Supplemented],
        Target::Same,
        &[P::Holder],
        "2019 art. 33; 2007 art. 24",
    ),
    rule(
        A::DecideExtension,
        &[S::Assigned, S::Supplemented],
        Target::Same,
        &[P::Supervisor],
        "2019 art. 33; 2007 art. 24",
    ),
    rule(
        A::DraftAnswer,
        &[S::Registered],
        Target::Same,
        &[P::QueryRoom, P::Receiver],
        "2019 art. 33, 36; 2007 art. 21, 24",
    ),
    rule(
        A::DraftAnswer,
        &[S::Assigned, S::Supplemented],
        Target::Same,
        &[P::Holder],
        "2019 art. 36; 2007 art. 21",
    ),
    rule(
        A::Review,
        &[S::Registered, S::Assigned, S::Supplemented],
        Target::Same,
        &[P::LegalReviewer, P::SecrecyReviewer],
        "2019 art. 17, 45; 2007 art. 14",
    ),
    rule(
        A::AskSubtask,
        &[S::Registered, S::Assigned, S::Supplemented],
        Target::Same,
        &[P::QueryRoom, P::Holder],
        "2019 art. 45",
    ),
    rule(A::ReplySubtask, REGISTERED, Target::Same, &[P::AskedUnit], "2019 art. 45"),
    rule(A::ReturnSubtask, REGISTERED, Target::Same, &[P::AskedUnit], "internal"),
    rule(A::WaiveSubtask, WITH_SUBTASKS, Target::Same, &[P::QueryRoom, P::Holder], "internal"),
    rule(
        A::Answer,
        &[S::Registered],
        Target::To(S::Answered),
        &[P::QueryRoom],
        "2019 art. 33; 2007 art. 24",
    ),
    rule(
        A::Answer,
        &[S::Assigned, S::Supplemented],
        Target::To(S::Answered),
        &[P::QueryRoom, P::IssuingHolder],
        "2019 art. 10, 33; 2007 art. 24",
    ),
    rule(
        A::Serve,
        REGISTERED,
        Target::Same,
        &[P::QueryRoom, P::Receiver, P::Holder],
        "国办公开办函〔2016〕235号",
    ),
    // The applicant takes his answer at the public door.
    rule(
        A::Serve,
        &[S::Answered],
        Target::Same,
        &[P::QueryRoom, P::Receiver, P::Holder, P::Applicant],
        "国办公开办函〔2016〕235号",
    ),
    rule(
        A::VoidLetter,
        &[S::Registered, S::Assigned, S::AwaitingSupplement, S::Supplemented],
        Target::Same,
        &[P::QueryRoom, P::IssuingHolder],
        "internal",
    ),
    // An answer that is taken back before it has reached anybody is drafted anew.
    rule(
        A::VoidLetter,
        &[S::Answered],
        Target::OneOf(&[S::Registered, S::Assigned, S::Supplemented]),
        &[P::QueryRoom, P::IssuingHolder],
        "internal",
    ),
    rule(
        A::Attach,
        WITH_FILES,
        Target::Same,
        &[P::QueryRoom, P::Receiver, P::Holder],
        "2019 art. 29, 36(2)",
    ),
    rule(A::Detach, WITH_FILES, Target::Same, &[P::QueryRoom, P::Receiver, P::Holder], "internal"),
    rule(A::Withdraw, OPEN, Target::To(S::Withdrawn), &[P::QueryRoom, P::Holder], "internal"),
    rule(
        A::Archive,
        &[S::Answered, S::Lapsed, S::Withdrawn],
        Target::Same,
        &[P::QueryRoom],
        "2019 art. 45",
    ),
];

/// The rows of one action.
pub fn rules_of(action: Action) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| rule.action == action)
}
