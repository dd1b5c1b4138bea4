//! Why the law or the state machine says no. Every refusal has a stable code, a sentence in both
//! languages and, where the law is the reason, the article.

use super::ids::{CaseId, Version};
use super::said::Said;
use super::text_enum::text_enum;

/// What kind of no a reason is; the HTTP layer turns it into a status (docs/api-style.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// This actor may not do it; another could.
    Forbidden,
    /// Nobody can do it in the present state.
    Conflict,
    /// The caller worked on an old version of the row.
    Stale,
    /// The input makes no sense.
    Invalid,
    /// What the command names does not exist for this actor.
    NotFound,
    /// There have been too many for today.
    Exhausted,
}

text_enum! {
    /// The reason of a refusal; the text is its stable code.
    pub enum Reason in "reason" {
        NotFound = "not_found" : "不存在该资源" / "There is no such resource.",
        DailyLimitReached = "daily_limit_reached" : "今日网上申请次数已达上限;仍可邮寄或者当面提交申请" / "No more online applications are taken today; post and the counter remain open.",
        StaleVersion = "stale_version" : "该件已被他人更新,请重新读取后再操作" / "The resource has changed since it was read; read it again.",
        ActorDisabled = "actor_disabled" : "该账号已停用" / "The user account is disabled.",
        RoleNotPermitted = "role_not_permitted" : "该角色无权进行此操作" / "This role may not do this.",
        NotReceivingUnit = "not_receiving_unit" : "只有受理该件的单位可以进行此操作" / "Only the unit that received the case may do this.",
        NotHoldingUnit = "not_holding_unit" : "只有承办单位可以进行此操作" / "Only the unit that holds the case may do this.",
        IssuingNotPermitted = "issuing_not_permitted" : "承办单位无权以本单位名义对外答复" / "The holding unit may not send an answer out itself.",
        DrafterIsIssuer = "drafter_is_issuer" : "拟稿人不得签发自己的答复" / "The drafter may not issue his own answer.",
        StatusForbids = "status_forbids" : "当前状态下不能进行此操作" / "The case's status does not allow this.",
        NotRegistered = "not_registered" : "该件尚未登记,期限未起算" / "The case is not in the register yet, so no period runs.",
        ConfirmationMissing = "confirmation_missing" : "缺少确定收到申请之日所需的事实" / "A fact that fixes the date of receipt is missing.",
        AlreadyAccepted = "already_accepted" : "该件已有承办人接收" / "An officer has already accepted the case.",
        AssignedToAnother = "assigned_to_another_officer" : "该件已指定其他承办人" / "The case is assigned to another officer.",
        SupplementAlreadyRequested = "supplement_already_requested" : "补正只能要求一次" / "A supplement may be requested once only.",
        SupplementPeriodOver = "supplement_period_over" : "补正期限已过,视为放弃申请" / "The supplement period is over; the application is deemed abandoned.",
        SupplementPeriodRunning = "supplement_period_running" : "补正期限尚未届满" / "The supplement period is still running.",
        NoticeNotServed = "notice_not_served" : "补正通知书尚未送达,补正期限未起算" / "The supplement notice has not been served, so its period has not begun.",
        ExtensionPending = "extension_pending" : "已有一项延期申请待决定" / "An extension request is already awaiting a decision.",
        NoExtensionPending = "no_extension_pending" : "没有待决定的延期申请" / "No extension request is awaiting a decision.",
        ExtensionOverLimit = "extension_over_limit" : "延长期限累计超过法定上限" / "The extensions would exceed the total that the law allows.",
        ExtensionTooLate = "extension_too_late" : "答复期限已届满,不能再延期" / "The answer is already due; the period can no longer be extended.",
        NoDraft = "no_draft" : "尚未拟写答复" / "No answer has been drafted.",
        SecrecyReviewOpen = "secrecy_review_open" : "尚未通过保密审查,不得对外提供" / "The secrecy review has not been passed; nothing may leave.",
        LegalityReviewOpen = "legality_review_open" : "尚未通过法制审核" / "The review by the legal office has not been passed.",
        DraftSentBack = "draft_sent_back" : "答复稿已被退回,须重新拟写" / "The draft was sent back; it must be drafted anew.",
        AlreadyReviewed = "already_reviewed" : "该审查已通过" / "This review has been passed already.",
        ReviewKindNotPermitted = "review_kind_not_permitted" : "无权进行该类审查" / "This user may not make this kind of review.",
        ReviewerIsDrafter = "reviewer_is_drafter" : "拟稿人不得审查自己的答复稿" / "The drafter may not review his own draft.",
        ReviewersAreOne = "reviewers_are_one" : "保密审查和法制审核不得由同一人进行" / "One person may not make both reviews.",
        ReviewerIsIssuer = "reviewer_is_issuer" : "审查人不得签发同一答复" / "A reviewer may not issue the same answer.",
        VerdictOutOfPlace = "verdict_out_of_place" : "该结论只用于保密审查" / "Only a secrecy review can be concluded so.",
        SupplementNotReceived = "supplement_not_received" : "申请人未曾补正,不能以补正后仍不明确答复" / "No supplement has been received, so the answer cannot be that it is still unclear.",
        EarlierCaseUnfit = "earlier_case_unfit" : "所引用的申请件不是同一申请人已获答复的申请" / "The earlier case is not one of this applicant that was answered.",
        GroundNotPermitted = "ground_not_permitted" : "该决定不能以此为理由" / "This decision cannot rest on that ground.",
        SubtaskOpen = "subtask_open" : "协办事项尚未完成" / "A subtask is not finished.",
        SubtaskUnknown = "subtask_unknown" : "没有该协办事项" / "There is no such subtask.",
        SubtaskClosed = "subtask_closed" : "该协办事项已办结" / "The subtask is finished.",
        NothingToWaive = "nothing_to_waive" : "没有尚在等待的协办事项" / "The answer waits for no subtask.",
        TooManySubtasks = "too_many_subtasks" : "尚未完成的协办事项过多" / "Too many subtasks are open on the case.",
        NotAskedUnit = "not_asked_unit" : "只有被请求协办的单位可以进行此操作" / "Only a unit that was asked, and has not replied yet, may do this.",
        UnitHoldsCase = "unit_holds_case" : "承办单位不能协办自己承办的申请件" / "The unit that holds the case cannot be asked itself.",
        DateTooLate = "date_too_late" : "日期晚于答复期限" / "The date is after the day on which the answer is due.",
        NothingToServe = "nothing_to_serve" : "该文书尚未作出,不能登记送达" / "That letter has not been issued, so it cannot be served.",
        AlreadyServed = "already_served" : "该文书已送达" / "That letter has already been served.",
        DueDateInQuestion = "clock_cannot_run" : "办理期限无法计算" / "The statutory period cannot be computed.",
        ConstraintViolated = "constraint_violated" : "与已有数据冲突" / "The change conflicts with data already stored.",
        ExternalRefTaken = "external_ref_taken" : "该外部编号已用于另一申请件" / "Another case already has this external reference.",
        DateInFuture = "date_in_future" : "日期不能晚于今天" / "The date must not be in the future.",
        DateTooEarly = "date_too_early" : "日期早于其前提事项" / "The date is before the act that it follows.",
        FactMissing = "fact_missing" : "缺少必填事项" / "A required fact is missing.",
        FactOutOfPlace = "fact_out_of_place" : "该事项与送达方式不符" / "The fact does not belong to this manner of service.",
        AnswerNotOnline = "answer_not_online" : "尚无可在网上领取的答复" / "There is no answer that is given online.",
        PostOperatorNotPermitted = "post_operator_not_permitted" : "正式答复须经邮政企业寄送" / "A formal answer goes by the postal enterprise.",
        UnitUnknown = "unit_unknown" : "没有该单位" / "There is no such unit.",
        UnitCannotHold = "unit_cannot_hold" : "该单位不能承办申请件" / "A unit of this kind cannot hold cases.",
        OfficerUnknown = "officer_unknown" : "承办单位没有该在职人员" / "The unit has no such active officer.",
        DecisionUnknown = "decision_unknown" : "没有该答复类型" / "There is no such decision code.",
        DecisionNotInForce = "decision_not_in_force" : "该件适用的条例文本没有此答复类型" / "The text of the Regulation that governs the case has no such decision.",
        CaseUnknown = "case_unknown" : "没有所引用的申请件" / "The case referred to does not exist.",
        UnitClosed = "unit_closed" : "该单位已撤销" / "The unit is closed.",
        UnitHasCases = "unit_has_open_cases" : "该单位尚有未办结的申请件,须指定接收单位" / "The unit holds open cases; name the unit that takes them over.",
        UnitHasUsers = "unit_has_users" : "该单位尚有在职人员,须指定接收单位" / "The unit has active users; name the unit that takes them over.",
        UnitHasUnits = "unit_has_units" : "该单位下尚有未撤销的单位" / "There are units below this one that are not closed.",
        UnitLoop = "unit_loop" : "单位不能隶属于其自身或其下级" / "A unit cannot stand below itself.",
        UnitOutOfPlace = "unit_out_of_place" : "市局只有一个;窗口设在分中心之下,窗口之下不设单位" / "There is one bureau; a window belongs to a center, and nothing belongs to a window.",
        UnitIsRoot = "unit_is_root" : "市局不能撤销或改隶" / "The bureau itself cannot be closed or moved.",
        LastAdmin = "last_admin" : "不能停用或变更最后一名系统管理员" / "The last active administrator cannot be disabled or lose his role.",
        AlreadySetUp = "already_set_up" : "系统已完成初始设置" / "The system has been set up already.",
        LinkInvalid = "link_invalid" : "链接无效、已使用或已过期" / "The link is unknown, used or expired.",
        PasswordWeak = "password_weak" : "密码过于常见或与用户名相同" / "The password is too common or equals the user name.",
        Unchanged = "unchanged" : "没有任何更改" / "Nothing would change.",
        Taken = "taken" : "该名称已被使用" / "That name is already taken.",
        PasswordLength = "password_length" : "密码长度须为8至128个字符" / "A password has 8 to 128 characters.",
        RoleUnitMismatch = "role_unit_mismatch" : "该角色不能属于此类单位" / "A user with this role cannot belong to a unit of this kind.",
        NothingToVoid = "nothing_to_void" : "没有可作废的文书" / "There is no letter that could be void.",
        LetterVoided = "letter_voided" : "该文书已作废" / "The letter is void already.",
        ParagraphNotKept = "paragraph_not_kept" : "全局标准段落由查询室和法制处维护,单位标准段落由该单位维护" / "The bureau's paragraphs are kept by the query room and the legal office, a unit's by that unit.",
        ParagraphUnknown = "paragraph_unknown" : "没有该标准段落" / "There is no such paragraph.",
        ParagraphClosed = "paragraph_closed" : "该标准段落已停用" / "The paragraph is closed.",
        ParagraphOfOthers = "paragraph_of_another_unit" : "该标准段落属于其他单位" / "The paragraph is another unit's.",
        SealServiceMissing = "seal_service_missing" : "未设置电子印章服务" / "No service for electronic seals is set.",
        NothingToSeal = "nothing_to_seal" : "没有可申请用印的文书" / "There is no letter that a seal could be asked for.",
        SealRequested = "seal_requested" : "该文书已申请用印或者已用印" / "A seal has been asked for already, or is there.",
        LetterReliedOn = "letter_relied_on" : "另有文书引用该文书,须先作废另一文书" / "Another letter refers to this one; declare that one void first.",
        InternalSheet = "internal_sheet" : "内部单据随其所记录的事项存在,不单独送达或者作废" / "An internal sheet goes with the act that it documents: it is neither served nor declared void by itself.",
        LetterUnknown = "letter_unknown" : "该件没有此文书" / "The case has no such letter.",
        LetterNotDue = "letter_not_due" : "该件尚不能作出此文书" / "The case gives no reason for this document yet.",
        LetterIncomplete = "letter_incomplete" : "缺少文书应当载明的事项" / "A fact that the letter must state is missing.",
        RemedyOutdated = "remedy_paragraph_outdated" : "送达日适用的救济告知与文书所载不同,须作废重发" / "On the day of service other remedies hold than the letter tells of; void it and issue it anew.",
        NumberOrCodeWrong = "number_or_code_wrong" : "编号或者查询码不正确" / "The number or the query code is wrong.",
        NoQueryRoom = "no_query_room" : "本机关未设受理网上申请的查询室" / "There is no query room that could receive an online application.",
        NoAttachment = "no_attachment" : "该件没有附件" / "The case has no file attached.",
        FileQuotaReached = "file_quota_reached" : "附件数量或者总大小已达上限" / "No more files, or no more bytes, are taken.",
        FilePurposeForbidden = "file_purpose_forbidden" : "案件答复后只能上传送达证明" / "After the answer only a proof of service can be attached.",
        FileFrozen = "file_frozen" : "该附件已列入答复,不能取下" / "The file is part of a draft or of an answer, so it stays.",
        FileDetached = "file_detached" : "该附件已取下" / "The file has been taken down.",
        FileUnknown = "file_unknown" : "没有该附件" / "The case has no such file.",
        FileNotForAnswer = "file_not_for_answer" : "该附件不是拟提供的文件" / "The file was not attached to be provided.",
        Archived = "archived" : "该件已归档" / "The case is archived; nothing on it can be changed.",
        AnswerNotServed = "answer_not_served" : "答复尚未送达" / "The answer has not been served.",
        PaperUnknown = "paper_unknown" : "该件没有此文书或者附件" / "The case has no such letter or file.",
        FeeNotInForce = "fee_not_in_force" : "当时不得收取信息处理费" / "No fee for information handling could be asked for.",
        CalendarYearOutOfSequence = "calendar_year_out_of_sequence" : "日历年度须与已有年度相接" / "The year must be one of the calendar, or the one after its last.",
        CalendarVersionDecided = "calendar_version_decided" : "该版本已启用或者已放弃" / "This version is in force already, or was discarded.",
        ImporterMayNotApply = "importer_may_not_apply" : "导入人不得自行启用,须由另一人启用" / "Who imported it may not put it in force; a second person must.",
        CalendarMovedOn = "calendar_moved_on" : "预览之后日历已有变化,请重新预览" / "The calendar has changed since the preview; look again.",
        RecalculationUnderWay = "recalculation_under_way" : "上一次期限重算尚未完成" / "The cases are still being recalculated by the version before.",
        IdempotencyKeyReused = "idempotency_key_reused" : "同一幂等键用于不同的请求" / "The idempotency key was used with another request.",
    }
}

impl Reason {
    /// The sentence, in both languages.
    #[must_use]
    pub const fn said(self) -> Said {
        Said::of(self.label_zh(), self.label_en())
    }

    /// The kind of refusal.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one line for each reason")]
    pub const fn class(self) -> Class {
        match self {
            Self::NotFound | Self::NumberOrCodeWrong => Class::NotFound,
            Self::StaleVersion => Class::Stale,
            Self::DailyLimitReached | Self::FileQuotaReached => Class::Exhausted,
            Self::ActorDisabled
            | Self::RoleNotPermitted
            | Self::NotReceivingUnit
            | Self::NotHoldingUnit
            | Self::IssuingNotPermitted
            | Self::DrafterIsIssuer
            | Self::ReviewKindNotPermitted
            | Self::ReviewerIsDrafter
            | Self::ReviewersAreOne
            | Self::ReviewerIsIssuer
            | Self::ParagraphNotKept
            | Self::ImporterMayNotApply
            | Self::NotAskedUnit => Class::Forbidden,
            Self::StatusForbids
            | Self::NotRegistered
            | Self::ConfirmationMissing
            | Self::AlreadyAccepted
            | Self::AssignedToAnother
            | Self::SupplementAlreadyRequested
            | Self::SupplementPeriodOver
            | Self::SupplementPeriodRunning
            | Self::NoticeNotServed
            | Self::ExtensionPending
            | Self::NoExtensionPending
            | Self::ExtensionOverLimit
            | Self::ExtensionTooLate
            | Self::NoDraft
            | Self::SecrecyReviewOpen
            | Self::LegalityReviewOpen
            | Self::DraftSentBack
            | Self::SubtaskOpen
            | Self::SubtaskClosed
            | Self::NothingToWaive
            | Self::AnswerNotOnline
            | Self::TooManySubtasks
            | Self::AlreadyReviewed
            | Self::SupplementNotReceived
            | Self::NothingToServe
            | Self::NothingToVoid
            | Self::LetterVoided
            | Self::LetterReliedOn
            | Self::SealServiceMissing
            | Self::NothingToSeal
            | Self::SealRequested
            | Self::ParagraphClosed
            | Self::InternalSheet
            | Self::LetterNotDue
            | Self::LetterIncomplete
            | Self::RemedyOutdated
            | Self::AlreadyServed
            | Self::UnitClosed
            | Self::UnitHasCases
            | Self::UnitHasUsers
            | Self::UnitHasUnits
            | Self::UnitIsRoot
            | Self::LastAdmin
            | Self::AlreadySetUp
            | Self::LinkInvalid
            | Self::NoQueryRoom
            | Self::ExternalRefTaken
            | Self::NoAttachment
            | Self::FilePurposeForbidden
            | Self::FileFrozen
            | Self::FileDetached
            | Self::Archived
            | Self::AnswerNotServed
            | Self::FeeNotInForce
            | Self::CalendarVersionDecided
            | Self::CalendarMovedOn
            | Self::RecalculationUnderWay
            | Self::ConstraintViolated => Class::Conflict,
            Self::DueDateInQuestion
            | Self::DateInFuture
            | Self::DateTooEarly
            | Self::FactMissing
            | Self::FactOutOfPlace
            | Self::UnitUnknown
            | Self::UnitCannotHold
            | Self::UnitOutOfPlace
            | Self::OfficerUnknown
            | Self::DecisionUnknown
            | Self::DecisionNotInForce
            | Self::VerdictOutOfPlace
            | Self::SubtaskUnknown
            | Self::PostOperatorNotPermitted
            | Self::UnitHoldsCase
            | Self::DateTooLate
            | Self::EarlierCaseUnfit
            | Self::GroundNotPermitted
            | Self::CaseUnknown
            | Self::LetterUnknown
            | Self::ParagraphUnknown
            | Self::ParagraphOfOthers
            | Self::Unchanged
            | Self::Taken
            | Self::UnitLoop
            | Self::PasswordLength
            | Self::PasswordWeak
            | Self::RoleUnitMismatch
            | Self::FileUnknown
            | Self::FileNotForAnswer
            | Self::PaperUnknown
            | Self::CalendarYearOutOfSequence
            | Self::IdempotencyKeyReused => Class::Invalid,
        }
    }
}

/// One reason why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The code.
    pub reason: Reason,
    /// The member of the input at fault, as a JSON pointer (RFC 6901), when there is one.
    pub pointer: Option<String>,
    /// The article, when the law is the reason.
    pub article: Option<&'static str>,
    /// What exactly is wrong, in addition to the sentence of the code: dates, names of fields.
    pub detail: Option<Box<Said>>,
    /// The other case that stands in the way, when it exists for the actor.
    pub case: Option<CaseId>,
    /// The version that the resource has now, when the caller acted on an older one.
    pub current: Option<Version>,
}

impl Rejection {
    /// A refusal for this reason alone.
    #[must_use]
    pub const fn new(reason: Reason) -> Self {
        Self { reason, pointer: None, article: None, detail: None, case: None, current: None }
    }

    /// The caller acted on another version than the one that is.
    #[must_use]
    pub fn stale(current: Version) -> Self {
        let detail = Said::new(
            format!("现为第{}版", current.0),
            format!("It is at version {} now.", current.0),
        );
        Self { current: Some(current), ..Self::new(Reason::StaleVersion).saying(detail) }
    }

    /// The same, naming the member of the input.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same, naming the article.
    #[must_use]
    pub const fn by(mut self, article: &'static str) -> Self {
        self.article = Some(article);
        self
    }

    /// The same, with particulars.
    #[must_use]
    pub fn saying(mut self, detail: Said) -> Self {
        self.detail = Some(Box::new(detail));
        self
    }

    /// The same, naming the other case that stands in the way.
    #[must_use]
    pub const fn because_of(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }
}

impl Rejection {
    /// The sentence of the code, with the particulars when there are any.
    #[must_use]
    pub fn sentence(&self) -> Said {
        let said = self.reason.said();
        self.detail.as_ref().map_or_else(|| said.clone(), |detail| said.with(detail))
    }
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

/// A refused command: every reason found, the weightiest first. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Vec<Rejection>);

impl Refusal {
    /// The reasons, when there is any.
    #[must_use]
    pub fn of(mut reasons: Vec<Rejection>) -> Option<Self> {
        reasons.sort_by_key(|rejection| match rejection.reason.class() {
            Class::NotFound => 0,
            Class::Forbidden => 1,
            Class::Stale => 2,
            Class::Conflict => 3,
            Class::Invalid => 4,
            Class::Exhausted => 5,
        });
        (!reasons.is_empty()).then_some(Self(reasons))
    }

    /// The weightiest reason.
    #[must_use]
    pub fn first(&self) -> &Rejection {
        static NEVER_EMPTY: Rejection = Rejection::new(Reason::StatusForbids);
        self.0.first().unwrap_or(&NEVER_EMPTY)
    }

    /// All reasons.
    #[must_use]
    pub fn all(&self) -> &[Rejection] {
        &self.0
    }
}

impl<R: Into<Rejection>> From<R> for Refusal {
    fn from(reason: R) -> Self {
        Self(vec![reason.into()])
    }
}
