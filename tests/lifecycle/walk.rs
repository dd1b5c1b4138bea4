//! An exhaustive walk of the abstract state space through the real `receive` and `apply`: every
//! actor tries every action with inputs that can succeed and inputs that cannot, on every day of a
//! small calendar, in every state that can be reached at all.
//!
//! Two cases with one abstraction are the same to the lifecycle, up to the names of officers of
//! one unit and the number of failed attempts; the walk goes on from the first of them.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use chrono::NaiveDate;
use gongkai::domain::actor::Actor;
use gongkai::domain::attachment::Purpose;
use gongkai::domain::case::{
    Arrival, Case, ClockState, Manner, Particulars, Record, ReviewKind, ReviewVerdict,
    ServedLetter, SubtaskKind, Verdict,
};
use gongkai::domain::channel::Channel;
use gongkai::domain::ids::{UnitId, UserId};
use gongkai::domain::letter::ContentHash;
use gongkai::domain::lifecycle::table::rules_of;
use gongkai::domain::lifecycle::{
    Action, Applied, Changes, Context, Issued, PageCount, Status, Step, Target, apply,
    availability, receive, role_may,
};
use gongkai::domain::regulation::Law;

use super::cast::*;

/// The days: receipt; within every period; after the stated period for the supplement; after
/// everything.
const DAYS: [&str; 4] = ["2024-03-04", "2024-03-06", "2024-03-13", "2024-06-03"];
/// The day that a supplement notice states, between the second and the third.
const STATED: &str = "2024-03-11";

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of the state")]
struct Abstract {
    day: usize,
    status: Status,
    /// Does the application still wait for its confirmation?
    unconfirmed: bool,
    registered: bool,
    holder: Option<(UnitId, &'static str)>,
    /// The unit of the drafter: officers of one unit are alike.
    draft: Option<UnitId>,
    /// Whether the draft has passed the review that a disclosure needs, or was sent back. Followed for
    /// the drafts of two units alone: the reviewers are the same for all.
    reviews: Option<ReviewVerdict>,
    /// The day and the last day of the notice, whether it is served, the receipt of the reply.
    supplement: Option<(NaiveDate, NaiveDate, bool, Option<NaiveDate>)>,
    /// Extensions that are pending or granted.
    extensions: Vec<(u32, &'static str)>,
    answer_served: bool,
    /// Is a file attached? Told apart on the first day only: it moves nothing else.
    filed: bool,
    archived: bool,
    due: Option<NaiveDate>,
}

fn unit_of(world: &World, user: UserId) -> UnitId {
    world.directory.user(user).expect("one of the cast").unit
}

fn reviews_of(world: &World, case: &Case) -> Option<ReviewVerdict> {
    let drafter = unit_of(world, case.record.draft.as_ref()?.drafted_by);
    if ![QUERY_ROOM, CENTER_A].contains(&drafter) {
        return None;
    }
    let reviews = &case.record.reviews;
    let back = reviews.sent_back().map(|_| ReviewVerdict::SentBack);
    back.or_else(|| reviews.passed(ReviewKind::Secrecy).then_some(ReviewVerdict::Passed))
}

fn abstraction(world: &World, case: &Case, day: usize) -> Abstract {
    let record = &case.record;
    let closed = !case.status().is_open();
    let holder = record.holding.as_ref().map(|holding| {
        let how = match (holding.accepted_at, holding.officer) {
            (Some(_), _) => "accepted",
            (None, Some(_)) => "named",
            (None, None) => "unaccepted",
        };
        (holding.unit, how)
    });
    let supplement = record.supplement.as_ref().map(|round| {
        let served = case.effective_service(ServedLetter::SupplementNotice).is_some();
        let reply = round.reply.as_ref();
        let arrival = reply
            .and_then(|reply| reply.arrival.submitted_at)
            .map(gongkai::domain::deadline::Moment::legal_day);
        // Once answered, the notice is history.
        let (notice, last) = match reply {
            Some(_) => (NaiveDate::MIN, NaiveDate::MIN),
            None => (round.notice_date, round.deadline),
        };
        (notice, last, served, arrival)
    });
    let draft = record.draft.as_ref();
    let restarted = record.clock.as_ref().and_then(|clock| clock.resumed_on);
    let extensions = record.extensions.iter().filter_map(|extension| {
        let state = match &extension.decision {
            None => "pending",
            Some(decision) if decision.verdict == Verdict::Refused => return None,
            Some(decision) => match (decision.notified_on, restarted) {
                (None, _) => "granted",
                // It has lapsed with the restart, as if it had never been (R14).
                (Some(told), Some(restart)) if told <= restart => return None,
                (Some(_), _) => "told",
            },
        };
        Some((extension.days, state))
    });
    let state = Abstract {
        day,
        status: case.status(),
        unconfirmed: record.registration.is_none()
            && record.intake.channel == Channel::Online
            && record.intake.arrival.confirmed_at.is_none(),
        registered: record.registration.is_some(),
        holder: holder.map(|(unit, how)| (unit, if closed { "" } else { how })),
        draft: draft.filter(|_| !closed).map(|draft| unit_of(world, draft.drafted_by)),
        reviews: reviews_of(world, case).filter(|_| !closed),
        supplement,
        extensions: extensions.collect(),
        answer_served: case.effective_service(ServedLetter::Answer).is_some(),
        filed: day == 0 && record.attachments.iter().any(|file| file.detached.is_none()),
        archived: record.archive.is_some(),
        due: record.clock.as_ref().and_then(|clock| clock.due_date).filter(|_| !closed),
    };
    let served_on = matches!(case.status(), Status::Answered) || !closed;
    if served_on && !state.archived { state } else { ended(state) }
}

/// A case on which nothing can be done any more is like every other such case.
#[expect(clippy::needless_pass_by_value, reason = "the state becomes another")]
fn ended(state: Abstract) -> Abstract {
    Abstract { holder: None, supplement: None, extensions: Vec::new(), filed: false, ..state }
}

/// For each action some inputs that can succeed and some that cannot.
fn inputs(today: &str) -> Vec<Step> {
    let title = Changes { subject: Some("另一题".to_owned()), ..Changes::default() };
    let mut steps = vec![
        register(Arrival::default()),
        register(confirmed(DAYS[0])),
        amend(title),
        amend(Changes { description: Some("原文".to_owned()), ..Changes::default() }),
        amend(Changes::default()),
        void(),
        void_letter(99),
        Step::Accept,
        give_back(),
        lapse(),
        ask_days(20),
        ask_days(21),
        draft("disclose"),
        draft_with("disclose", Particulars::default()),
        draft("no_such_code"),
        // What it changes is not part of the abstraction: the walk goes on without it.
        ask_unit(CENTER_B, SubtaskKind::Opinion),
        ask_unit(WINDOW, SubtaskKind::Opinion),
        review(ReviewKind::Secrecy, ReviewVerdict::Passed),
        review(ReviewKind::Secrecy, ReviewVerdict::SentBack),
        review(ReviewKind::Legality, ReviewVerdict::Passed),
        review(ReviewKind::Legality, ReviewVerdict::Referred),
        answer(None),
        answer(Some(handed(today))),
        answer(Some(handed("2024-12-31"))),
        withdraw(),
        Step::Archive { pages: Vec::new() },
        Step::Archive { pages: vec![PageCount { id: uuid::Uuid::nil(), pages: 1 }] },
        attach(1, Purpose::ServiceProof),
        attach(2, Purpose::ServiceProof),
        attach(3, Purpose::Draft),
        detach(1),
        detach(2),
    ];
    steps.extend([QUERY_ROOM, CENTER_A, WINDOW, CENTER_B, LEGAL].map(assign));
    steps.extend([assign_to(CENTER_A, A1), assign_to(CENTER_A, B1)]);
    steps.extend([ask(None, None), ask(Some(STATED), None), ask(None, Some(handed(today)))]);
    steps.extend([today, "2024-12-31"].map(supplement_in_person));
    steps.extend([
        decide(Verdict::Granted, None),
        decide(Verdict::Granted, Some(handed(today))),
        decide(Verdict::Refused, None),
    ]);
    for letter in ServedLetter::ALL {
        steps.extend(
            [handed(today), returned(today), posted("2024-12-31")].map(|how| serve(*letter, how)),
        );
    }
    steps
}

/// The menu, the letters of the case, and a supplement that came on the day of its notice, recorded
/// only now.
fn with_late_record(menu: &[Step], case: &Case) -> Vec<Step> {
    let round = case.record.supplement.as_ref();
    let arrived = round.map(|round| supplement_in_person(&round.notice_date.to_string()));
    let letters = (0..case.record.letters.len()).map(void_letter);
    menu.iter().cloned().chain(arrived).chain(letters).collect()
}

/// An edge of the graph: by which action, or by the passing of time.
type Edge = (Option<Action>, Abstract);

#[derive(Default)]
struct Graph {
    states: HashMap<Abstract, Case>,
    edges: HashMap<Abstract, Vec<Edge>>,
    /// Without repetitions: from, by which action or by time, to.
    transitions: usize,
    accepted: usize,
    refused: usize,
    pairs: BTreeMap<(Status, Action), BTreeMap<Status, usize>>,
}

fn explore(world: &World) -> Graph {
    let actors: Vec<Actor> = CAST.map(|who| world.actor(who)).into();
    let menus: Vec<Vec<Step>> = DAYS.iter().map(|today| inputs(today)).collect();
    let mut graph = Graph::default();
    let mut queue: VecDeque<(Abstract, Case)> = beginnings(world).into();
    while let Some((state, case)) = queue.pop_front() {
        if graph.states.contains_key(&state) {
            continue;
        }
        graph.states.insert(state.clone(), case.clone());
        check_case(&case);
        let mut edges = Vec::new();
        for actor in &actors {
            let ctx = world.ctx(actor, morning(day(DAYS[state.day])));
            let menu = with_late_record(&menus[state.day], &case);
            for (step, next) in try_everything(&case, &menu, &ctx, &mut graph) {
                let edge = (Some(step.action()), abstraction(world, &next, state.day));
                if !edges.contains(&edge) {
                    queue.push_back((edge.1.clone(), next));
                    edges.push(edge);
                }
            }
        }
        if state.day + 1 < DAYS.len() {
            let later = abstraction(world, &case, state.day + 1);
            edges.push((None, later.clone()));
            queue.push_back((later, case));
        }
        graph.transitions += edges.len();
        graph.edges.insert(state, edges);
    }
    graph
}

/// Handed in at a window, and online without a confirmation.
fn beginnings(world: &World) -> Vec<(Abstract, Case)> {
    let online = Arrival { received_at: on(DAYS[0]), ..Arrival::default() };
    let by_window = (W1, new_case(Channel::InPerson, Arrival::default(), WINDOW));
    let unconfirmed = (Q1, new_case(Channel::Online, online, WINDOW));
    let received = [by_window, unconfirmed].map(|(who, new)| {
        let actor = world.actor(who);
        let case = receive(&new, &world.ctx(&actor, morning(day(DAYS[0])))).expect("received");
        (abstraction(world, &case, 0), case)
    });
    for who in CAST {
        let actor = world.actor(who);
        let new = new_case(Channel::InPerson, Arrival::default(), actor.unit);
        let result = receive(&new, &world.ctx(&actor, morning(day(DAYS[0]))));
        assert_eq!(result.is_ok(), role_may(actor.role, Action::Receive), "{:?}", actor.role);
    }
    received.into()
}

/// What must hold in every state, whoever looks at it.
fn check_case(case: &Case) {
    assert_eq!(case.faults(), Vec::<&str>::new(), "{case:#?}");
    let json = serde_json::to_string(&case.record).expect("a record is JSON");
    let read: Record = serde_json::from_str(&json).expect("and JSON a record");
    assert_eq!(read, case.record);
    if let Some(answer) = case.record.stage.answer() {
        assert_ne!(answer.issued_by, answer.draft.drafted_by);
        assert!(case.record.reviews.passed(ReviewKind::Secrecy));
    }
    for today in DAYS {
        if let Some(clock) = &case.record.clock {
            let now = ClockState::of(case, Law::builtin(), day(today)).expect("a clock that runs");
            assert_eq!(now.receipt_date, clock.receipt_date);
        }
    }
}

/// Everything this actor can try; returns what succeeded.
fn try_everything<'s>(
    case: &Case,
    menu: &'s [Step],
    ctx: &Context<'_>,
    graph: &mut Graph,
) -> Vec<(&'s Step, Case)> {
    let available = availability(case, ctx);
    let mut succeeded: Vec<(&Step, Case)> = Vec::new();
    for (at, step) in menu.iter().enumerate() {
        let entry = available.iter().find(|entry| entry.action == step.action());
        let entry = entry.expect("every action is listed");
        // What is not allowed is tried with every input, but not every time: it takes long.
        if !entry.allowed() && !(at + graph.states.len()).is_multiple_of(4) {
            continue;
        }
        match apply(case, step, ctx) {
            Ok(Applied { case: next, issued }) => {
                check_letters(case, &next, step, &issued);
                graph.accepted += 1;
                assert!(entry.allowed(), "{entry:?} yet {step:?} succeeded");
                check_transition(case, &next, step, ctx);
                let to = graph.pairs.entry((case.status(), step.action())).or_default();
                *to.entry(next.status()).or_default() += 1;
                succeeded.push((step, next));
            }
            Err(refusal) => {
                graph.refused += 1;
                assert!(!refusal.all().is_empty());
                if !entry.allowed() {
                    assert_eq!(refusal.all(), entry.reasons, "{step:?}");
                    assert_eq!(refusal.first(), &entry.reasons[0], "the weightiest first");
                    let codes: HashSet<_> = entry.reasons.iter().map(|r| r.reason).collect();
                    assert_eq!(codes.len(), entry.reasons.len(), "{entry:?} repeats itself");
                }
            }
        }
    }
    for entry in available.iter().filter(|entry| entry.allowed()) {
        let works = succeeded.iter().any(|(step, _)| step.action() == entry.action);
        assert!(works, "{:?} is offered and no input works: {case:#?}", entry.action);
    }
    succeeded
}

fn check_transition(before: &Case, after: &Case, step: &Step, ctx: &Context<'_>) {
    let (from, to, action) = (before.status(), after.status(), step.action());
    assert_eq!(after.version, before.version.next());
    assert_eq!((after.id, after.updated_at), (before.id, ctx.at));
    let row = rules_of(action).find(|rule| {
        let roles =
            rule.by.iter().any(|party| party.roles().contains(&ctx.staff().expect("staff").role));
        let leads = match rule.to {
            Target::To(status) => status == to,
            Target::OneOf(statuses) => statuses.contains(&to),
            Target::Same => from == to,
            Target::New(_) => false,
        };
        rule.from.contains(&from) && roles && leads
    });
    assert!(
        row.is_some(),
        "{action:?} {from:?} → {to:?} by {:?}",
        ctx.staff().expect("staff").role
    );
    assert!(before.record.archive.is_none(), "{action} of an archived case");
    assert_eq!(after.record.archive.is_some(), action == Action::Archive);
    if action == Action::Archive {
        let served = after.effective_service(ServedLetter::Answer).is_some();
        assert!(served || matches!(from, Status::Lapsed | Status::Withdrawn), "{from}");
        assert_eq!(after.record.stage, before.record.stage);
    } else if !from.is_open() {
        assert_eq!(from, Status::Answered);
        let late = [Action::Serve, Action::Attach, Action::Detach, Action::VoidLetter];
        assert!(late.contains(&action), "{action}");
        let kept = after.record.stage == before.record.stage;
        assert!(kept || action == Action::VoidLetter, "an issued answer never changes");
        assert_eq!(after.record.registration, before.record.registration);
    }
    if let Some(number) = &before.record.registration {
        assert_eq!(after.record.registration.as_ref(), Some(number), "a number stays");
    }
    if matches!(step, Step::Serve { service, .. } if service.manner == Manner::Returned) {
        assert!(after.record.services.len() > before.record.services.len());
    }
}

/// What issues a letter issues one, and nothing else does; a letter that was issued stays.
fn check_letters(before: &Case, after: &Case, step: &Step, issued: &[Issued]) {
    let (was, is) = (&before.record.letters, &after.record.letters);
    let due = match step {
        Step::RequestSupplement { .. } | Step::Answer { .. } | Step::Archive { .. } => true,
        Step::DecideExtension { verdict, .. } => *verdict == Verdict::Granted,
        Step::VoidLetter { .. } => before.status() != Status::Answered,
        _ => false,
    };
    assert_eq!(issued.len(), usize::from(due), "{step:?}");
    assert_eq!(is.len(), was.len() + issued.len(), "{step:?}");
    for letter in issued {
        assert_eq!(is.last(), Some(&letter.reference));
        assert_eq!(ContentHash::of(&letter.content), letter.reference.content_hash);
        assert!(letter.reference.is_valid() && letter.reference.number.is_some());
    }
    let voided = was.iter().zip(is).filter(|(was, is)| was != is).count();
    assert_eq!(voided, usize::from(matches!(step, Step::VoidLetter { .. })), "{step:?}");
    let answered = after.status() == Status::Answered;
    assert_eq!(after.answer_letter().is_some(), answered, "{step:?}");
}

impl Graph {
    /// The states from which one of the goals can be reached by the given edges.
    fn able(
        &self,
        goal: impl Fn(&Abstract) -> bool,
        through: impl Fn(Option<Action>) -> bool,
    ) -> HashSet<&Abstract> {
        let mut back: HashMap<&Abstract, Vec<&Abstract>> = HashMap::new();
        for (from, edges) in &self.edges {
            for (_, to) in edges.iter().filter(|(action, _)| through(*action)) {
                back.entry(to).or_default().push(from);
            }
        }
        let mut able: HashSet<&Abstract> = self.states.keys().filter(|s| goal(s)).collect();
        let mut queue: Vec<&Abstract> = able.iter().copied().collect();
        while let Some(state) = queue.pop() {
            for from in back.get(state).into_iter().flatten() {
                if able.insert(from) {
                    queue.push(from);
                }
            }
        }
        able
    }

    #[track_caller]
    fn assert_all_able(&self, able: &HashSet<&Abstract>, what: &str) {
        let stuck = self.states.keys().filter(|s| s.status.is_open() && !able.contains(s));
        let stuck: Vec<_> = stuck.take(3).collect();
        assert!(stuck.is_empty(), "{what}: {stuck:#?}");
    }
}

#[test]
fn the_whole_state_space() {
    let world = World::new();
    let graph = explore(&world);
    println!(
        "{} abstract states, {} transitions, {} accepted and {} refused attempts",
        graph.states.len(),
        graph.transitions,
        graph.accepted,
        graph.refused
    );
    assert!(graph.states.len() > 1_000, "the walk has become a stroll: {}", graph.states.len());

    // Every open case can still be closed, and that without voiding it and without waiting for
    // the applicant to take it back or to let it lapse.
    let closed = graph.able(|state| !state.status.is_open(), |_| true);
    graph.assert_all_able(&closed, "cannot be closed any more");
    let decided = graph.able(
        |state| matches!(state.status, Status::Answered | Status::Lapsed),
        |action| !matches!(action, Some(Action::Void | Action::Withdraw)),
    );
    graph.assert_all_able(&decided, "can only be voided or withdrawn");
    // Once its notice can be served, a silent applicant cannot keep a case open for ever.
    let without_him = graph.able(
        |state| !state.status.is_open(),
        |action| !matches!(action, Some(Action::Supplement | Action::Withdraw)),
    );
    let held_open = |state: &&Abstract| {
        state.status == Status::AwaitingSupplement
            && state.day + 1 < DAYS.len()
            && !without_him.contains(state)
    };
    assert_eq!(graph.states.keys().find(held_open), None);

    // Every row of the table leads somewhere in fact, and every status is reached.
    // Subtasks are walked by tests of their own (subtasks.rs, random.rs).
    let of_subtasks = [Action::ReplySubtask, Action::ReturnSubtask, Action::WaiveSubtask];
    let walked = gongkai::domain::lifecycle::table::RULES.iter();
    for rule in walked.filter(|rule| !of_subtasks.contains(&rule.action)) {
        for from in rule.from {
            let seen = graph.pairs.get(&(*from, rule.action));
            // A registered case has a letter to serve only after a return.
            assert!(seen.is_some(), "{:?} never succeeds from {from}", rule.action);
        }
    }
    for status in Status::ALL {
        assert!(
            graph.states.keys().any(|state| state.status == *status),
            "{status} is never reached"
        );
    }
}
