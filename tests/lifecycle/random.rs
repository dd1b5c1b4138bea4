//! Random lives of a case: anybody tries anything with dates around today, in years under both
//! texts, across the change of texts, and past the last announced calendar.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use gongkai::domain::attachment::Purpose;
use gongkai::domain::case::{
    Arrival, Case, Manner, Particulars, Record, ReviewKind, ReviewVerdict, ServedLetter,
    SubtaskKind, SubtaskState, Verdict,
};
use gongkai::domain::channel::Channel;
use gongkai::domain::deadline::{Moment, legal_day};
use gongkai::domain::ids::UserId;
use gongkai::domain::lifecycle::{
    Action, Applied, Changes, Status, Step, apply, availability, needed_by, receive,
};
use gongkai::domain::rejection::Refusal;
use proptest::prelude::*;

use super::cast::*;

const UNITS: [gongkai::domain::ids::UnitId; 6] =
    [BUREAU, QUERY_ROOM, CENTER_A, WINDOW, CENTER_B, LEGAL];
const DECISIONS: [&str; 5] = ["disclose", "excessive", "not_exist", "abandoned_fee", "nonsense"];

/// The dice of one attempt.
#[derive(Clone, Debug)]
struct Attempt {
    who: usize,
    /// Does he look at what is allowed first, or try blindly?
    looks: bool,
    action: usize,
    hours: i64,
    back: i64,
    back2: i64,
    pick: usize,
    pick2: usize,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    // Half of the time the query room or center A acts: the others are refused most of it.
    let who = prop_oneof![0..4_usize, 0..CAST.len()];
    let hours = prop_oneof![3 => 0..30_i64, 1 => 30..400_i64];
    let back = || prop_oneof![3 => 0..2_i64, 1 => -3..20_i64];
    (who, 0..10_u8, 0..64_usize, hours, back(), back(), 0..64_usize, 0..64_usize).prop_map(
        |(who, looks, action, hours, back, back2, pick, pick2)| Attempt {
            who,
            looks: looks < 8,
            action,
            hours,
            back,
            back2,
            pick,
            pick2,
        },
    )
}

fn before(today: NaiveDate, days: i64) -> NaiveDate {
    match u64::try_from(days) {
        Ok(days) => today - Days::new(days),
        Err(_) => today + Days::new(days.unsigned_abs()),
    }
}

impl Attempt {
    fn date(&self, today: NaiveDate) -> NaiveDate {
        before(today, self.back)
    }

    fn arrival(&self, today: NaiveDate) -> Arrival {
        let (first, second) = (before(today, self.back), before(today, self.back2));
        let given = |bit: usize, day| ((self.pick2 >> bit) & 1 == 1).then_some(Moment::Date(day));
        Arrival {
            submitted_at: given(0, first),
            signed_at: given(1, first),
            arrived_at: given(2, first),
            received_at: given(3, first),
            confirmed_at: given(4, second),
            confirmed_by: None,
            confirmation_manner: None,
        }
    }

    fn channel(&self) -> Channel {
        Channel::ALL[self.pick % Channel::ALL.len()]
    }

    fn service(&self, today: NaiveDate) -> gongkai::domain::lifecycle::ServiceFacts {
        let mut facts = by(Manner::ALL[self.pick2 % Manner::ALL.len()], self.date(today));
        if self.pick2.is_multiple_of(7) {
            facts.delivered_at = Some(Moment::Date(before(today, self.back2)));
        }
        facts
    }

    fn review(&self) -> Step {
        let kind = ReviewKind::ALL[self.pick % ReviewKind::ALL.len()];
        let verdicts = [ReviewVerdict::Passed; 4].into_iter();
        let verdicts: Vec<_> = verdicts.chain(ReviewVerdict::ALL.iter().copied()).collect();
        review(kind, verdicts[self.pick2 % verdicts.len()])
    }

    /// The number of one of the first subtasks.
    fn subtask(&self) -> u32 {
        u32::try_from(self.pick % 4).unwrap_or(0)
    }

    fn perhaps_served(&self, today: NaiveDate) -> Option<gongkai::domain::lifecycle::ServiceFacts> {
        self.pick.is_multiple_of(3).then(|| self.service(today))
    }

    fn step(&self, action: Action, today: NaiveDate) -> Step {
        match action {
            Action::Receive | Action::Register => register(self.arrival(today)),
            Action::Amend => amend(Changes {
                subject: self.pick.is_multiple_of(2).then(|| format!("题{}", self.pick2)),
                channel: self.pick.is_multiple_of(5).then(|| self.channel()),
                arrival: self.pick.is_multiple_of(3).then(|| self.arrival(today)),
                supplement_arrival: self.pick.is_multiple_of(7).then(|| self.arrival(today)),
                ..Changes::default()
            }),
            Action::Void => void(),
            Action::Assign if self.pick.is_multiple_of(2) => {
                assign_to(UNITS[self.pick2 % UNITS.len()], CAST[self.pick % CAST.len()])
            }
            Action::Assign => assign(UNITS[self.pick % UNITS.len()]),
            Action::Accept => Step::Accept,
            Action::Archive => Step::Archive { pages: Vec::new() },
            Action::Return => give_back(),
            Action::RequestSupplement => {
                let stated =
                    before(today, -i64::try_from(self.pick2 % 12).unwrap_or(0)).to_string();
                let deadline = self.pick.is_multiple_of(2).then_some(stated);
                ask(deadline.as_deref(), self.perhaps_served(today))
            }
            Action::Supplement => supplement(self.channel(), self.arrival(today)),
            Action::Lapse => lapse(),
            Action::RequestExtension => ask_days(u32::try_from(self.pick % 23).unwrap_or(0)),
            Action::DecideExtension => {
                let verdict = Verdict::ALL[self.pick2 % Verdict::ALL.len()];
                decide(verdict, self.perhaps_served(today))
            }
            Action::DraftAnswer if self.pick2.is_multiple_of(6) => {
                draft_with("disclose", Particulars::default())
            }
            Action::DraftAnswer => draft(DECISIONS[self.pick % DECISIONS.len()]),
            Action::Review => self.review(),
            Action::AskSubtask => {
                let unit = UNITS[self.pick % UNITS.len()];
                let kind = SubtaskKind::ALL[self.pick2 % SubtaskKind::ALL.len()];
                let due = self.pick.is_multiple_of(3).then(|| self.date(today).to_string());
                ask_unit_by(unit, kind, due.as_deref())
            }
            Action::ReplySubtask => {
                let Step::DraftAnswer { wording } = draft("disclose") else { unreachable!() };
                let search_log = wording.particulars.search_log;
                Step::ReplySubtask {
                    subtask: self.subtask(), reply: "已查".to_owned(), search_log
                }
            }
            Action::ReturnSubtask => {
                Step::ReturnSubtask { subtask: self.subtask(), reason: "非本单位".to_owned() }
            }
            Action::WaiveSubtask => {
                Step::WaiveSubtask { subtask: self.subtask(), reason: "不再需要".to_owned() }
            }
            Action::Answer => answer(self.perhaps_served(today)),
            Action::Serve => {
                let letter = ServedLetter::ALL[self.pick % ServedLetter::ALL.len()];
                serve(letter, self.service(today))
            }
            Action::VoidLetter => void_letter(self.pick2 % 4),
            Action::Withdraw => withdraw(),
            Action::Attach => {
                let seed = u8::try_from(self.pick2 % 250).unwrap_or(0);
                attach(seed, Purpose::ALL[self.pick % Purpose::ALL.len()])
            }
            Action::Detach => detach(u8::try_from(self.pick2 % 250).unwrap_or(0)),
        }
    }
}

/// One accepted step, to be done again.
struct Done {
    who: UserId,
    at: DateTime<Utc>,
    step: Step,
}

fn live(world: &World, start: NaiveDate, attempts: &[Attempt]) -> Result<(), TestCaseError> {
    let first = &attempts[0];
    let mut at = morning(start);
    let receiver = world.actor([Q1, W1, A1, B1][first.pick % 4]);
    let arrival = first.arrival(start);
    let new = new_case(first.channel(), arrival, receiver.unit);
    let Ok(born) = receive(&new, &world.ctx(&receiver, at)) else {
        return Ok(());
    };
    let mut case = born.clone();
    let mut done: Vec<Done> = Vec::new();
    for attempt in attempts.iter().skip(1) {
        at += TimeDelta::hours(attempt.hours);
        let who = CAST[attempt.who];
        let actor = world.actor(who);
        let ctx = world.ctx(&actor, at);
        let allowed: Vec<Action> = availability(&case, &ctx)
            .into_iter()
            .filter_map(|entry| entry.allowed().then_some(entry.action))
            .collect();
        let choice: &[Action] =
            if attempt.looks && !allowed.is_empty() { &allowed } else { Action::ALL };
        let action = choice[attempt.action % choice.len()];
        // A case that is closed early has little left to tell.
        let ends = matches!(action, Action::Void | Action::Withdraw);
        if ends && attempt.pick2 % 8 != 0 {
            continue;
        }
        let step = attempt.step(action, ctx.today());
        match apply(&case, &step, &ctx) {
            Ok(Applied { case: next, .. }) => {
                prop_assert!(allowed.contains(&step.action()));
                holds(&case, &next, &step)?;
                case = next;
                done.push(Done { who, at, step });
            }
            Err(refusal) => refused(&refusal)?,
        }
    }
    replays(world, born, &done, &case)
}

fn refused(refusal: &Refusal) -> Result<(), TestCaseError> {
    prop_assert!(!refusal.all().is_empty());
    prop_assert_eq!(refusal.first(), &refusal.all()[0]);
    Ok(())
}

/// What no accepted step may break.
fn holds(was: &Case, is: &Case, step: &Step) -> Result<(), TestCaseError> {
    prop_assert_eq!(is.faults(), Vec::<&str>::new());
    prop_assert_eq!(is.version, was.version.next());
    let record = &is.record;
    let json = serde_json::to_value(record).expect("a record is JSON");
    prop_assert_eq!(&serde_json::from_value::<Record>(json).expect("and back"), record);
    prop_assert!(was.record.archive.is_none());
    prop_assert_eq!(record.archive.is_some(), step.action() == Action::Archive);
    if step.action() == Action::Archive {
        let served = is.effective_service(ServedLetter::Answer).is_some();
        let ended = matches!(was.status(), Status::Lapsed | Status::Withdrawn);
        let busy = record.subtasks.iter().any(|subtask| subtask.state() == SubtaskState::Open);
        prop_assert!((served || ended) && !busy);
        prop_assert_eq!(&record.stage, &was.record.stage);
    } else if step.action() == Action::WaiveSubtask {
        prop_assert_eq!(&record.stage, &was.record.stage);
    } else if !was.status().is_open() {
        prop_assert_eq!(was.status(), Status::Answered);
        let taken_back = step.action() == Action::VoidLetter;
        let late = [Action::Serve, Action::Attach, Action::Detach];
        prop_assert!(taken_back || late.contains(&step.action()));
        prop_assert!(taken_back || record.stage == was.record.stage);
    }
    if let Some(answer) = record.stage.answer() {
        prop_assert_ne!(answer.issued_by, answer.draft.drafted_by);
        prop_assert!(record.reviews.passed(ReviewKind::Secrecy), "{record:?}");
        let open = record.subtasks.iter().any(|subtask| subtask.state() == SubtaskState::Open);
        prop_assert!(!open, "answered with a subtask open");
        prop_assert!(needed_by(&answer.draft).iter().all(|kind| record.reviews.passed(*kind)));
        let mut persons: Vec<UserId> = record.reviews.iter().map(|r| r.reviewed_by).collect();
        persons.extend([answer.issued_by, answer.draft.drafted_by]);
        let by_kind = |kind| record.reviews.iter().filter(move |review| review.kind == kind);
        let one = by_kind(ReviewKind::Secrecy).any(|secrecy| {
            by_kind(ReviewKind::Legality).any(|other| other.reviewed_by == secrecy.reviewed_by)
        });
        prop_assert!(!one, "one person made both reviews");
        let reviewers = &persons[..persons.len() - 2];
        prop_assert!(!reviewers.contains(&answer.issued_by));
        prop_assert!(!reviewers.contains(&answer.draft.drafted_by));
    }
    let number = was.record.registration.as_ref();
    prop_assert!(number.is_none() || record.registration.as_ref() == number);
    if let Some((clock, entry)) = record.clock.as_ref().zip(record.registration.as_ref()) {
        prop_assert!(clock.receipt_date <= legal_day(entry.registered_at));
        prop_assert!(clock.due_date.is_none_or(|due| due > clock.receipt_date));
        let stopped = is.status() == Status::AwaitingSupplement;
        prop_assert!(!stopped || clock.due_date.is_none());
        let runs =
            matches!(is.status(), Status::Registered | Status::Assigned | Status::Supplemented);
        prop_assert!(!runs || clock.due_date.is_some(), "{:?} {clock:?}", is.status());
        let supplemented = is.status() == Status::Supplemented;
        prop_assert!(!supplemented || clock.resumed_on >= clock.paused_from, "{clock:?}");
        let answered = is.effective_service(ServedLetter::Answer).map(|service| service.counts_on);
        prop_assert_eq!(clock.answer_date, answered);
    }
    Ok(())
}

fn replays(world: &World, born: Case, done: &[Done], end: &Case) -> Result<(), TestCaseError> {
    let again = done.iter().try_fold(born, |case, Done { who, at, step }| {
        apply(&case, step, &world.ctx(&world.actor(*who), *at)).map(|applied| applied.case)
    });
    prop_assert_eq!(again.as_ref(), Ok(end));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_lives_keep_every_promise(
        start in prop::sample::select(vec!["2008-05-05", "2011-03-07", "2019-05-08", "2024-03-04", "2026-12-14"]),
        attempts in prop::collection::vec(attempt(), 2..70),
    ) {
        live(&World::new(), day(start), &attempts)?;
    }
}
