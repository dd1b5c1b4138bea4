//! The demo, built on a fresh database at different instants, tells the story that it promises.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use gongkai::clock::SettableClock;
use gongkai::config::{Keys, Secret, Settings};
use gongkai::domain::actor::{CaseScope, Role};
use gongkai::domain::case::Case;
use gongkai::domain::channel::Channel;
use gongkai::domain::deadline::legal_day;
use gongkai::domain::decision::Decisions;
use gongkai::domain::ids::CaseId;
use gongkai::domain::lifecycle::Status;
use gongkai::domain::measure::{Cohort, Counts, GroupBy};
use gongkai::domain::regulation::RuleSetId;
use gongkai::service::demo::{self, DemoError, DemoUser, Phase, Progress};
use gongkai::service::{App, sessions, statistics};
use gongkai::store::chain::{self, Link};
use gongkai::store::{DatabaseUrl, EventRow, WriterLimits, cases, events};

/// A database file of its own, removed in the end.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        let unique = gongkai::service::fresh_id(at("2020-01-01T00:00:00Z"));
        let name = format!("gongkai-demo-{}-{unique}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Everything that the demo left.
struct Built {
    app: Arc<App>,
    clock: Arc<SettableClock>,
    users: Vec<DemoUser>,
    last: Progress,
    cases: Vec<Case>,
    events: Vec<EventRow>,
    _dir: TempDir,
}

fn start(dir: &TempDir, clock: &Arc<SettableClock>) -> Arc<App> {
    let database = DatabaseUrl::Sqlite(dir.0.join("demo.db").display().to_string());
    let keys = Keys { token: Secret([7; 32]), data: Secret([11; 32]), data_id: "demo".to_owned() };
    let settings = Settings { readers: 1, ..Settings::with_keys(database, keys) };
    App::start(&settings, Arc::clone(clock) as _, WriterLimits::default()).unwrap()
}

async fn build(now: &str) -> Built {
    let dir = TempDir::new();
    let clock = SettableClock::at(at(now));
    let app = start(&dir, &clock);
    let mut last = Progress { done: 0, total: 0, phase: Phase::People };
    let users = demo::build(&app, &clock, at(now), &mut |progress| last = progress).await.unwrap();
    let events = app.store.readers.run(|conn| events::from(conn, 1, i64::MAX)).await.unwrap();
    let ids: BTreeSet<CaseId> = events
        .iter()
        .filter(|event| event.subject_kind == "case")
        .map(|event| CaseId(event.subject_id.0))
        .collect();
    let cases = app
        .store
        .readers
        .run(move |conn| {
            let found = ids.into_iter().map(|id| cases::get(conn, &CaseScope::All, id));
            found.map(|case| case.map(Option::unwrap)).collect()
        })
        .await
        .unwrap();
    Built { app, clock, users, last, cases, events, _dir: dir }
}

async fn year_2011(built: &Built, as_of: NaiveDate) -> Counts {
    let cohort = Cohort { from: date("2011-01-01"), to: date("2011-12-31"), as_of };
    let by = GroupBy::Month;
    statistics::figures(&built.app, CaseScope::All, cohort, by).await.unwrap().total
}

/// The report's own figure: 164 applications, all answered, and in time.
async fn the_year_is_the_reports(built: &Built, now: &str) {
    for as_of in [date("2011-12-31"), legal_day(at(now))] {
        let counts = year_2011(built, as_of).await;
        assert_eq!((counts.received, counts.carried_in, counts.answered), (164, 0, 164), "{as_of}");
        let rate = counts.reply_rate();
        assert_eq!((rate.numerator, rate.denominator, rate.percent), (164, 164, Some(100.0)));
        assert_eq!(counts.on_time_rate().percent, Some(100.0));
        assert!(counts.extended > 0);
    }
    let of_2011 = |case: &&Case| {
        case.record.clock.as_ref().is_some_and(|clock| clock.rule_set == RuleSetId::Text2007)
            && case.record.intake.receipt_number.starts_with("SJ2011-")
    };
    let year: Vec<&Case> = built.cases.iter().filter(of_2011).collect();
    assert_eq!(year.len(), 164);
    let channels: BTreeSet<Channel> = year.iter().map(|case| case.record.intake.channel).collect();
    assert_eq!(channels.len(), Channel::ALL.len(), "every way of applying");
    let decisions: BTreeSet<&str> = year
        .iter()
        .filter_map(|case| case.record.stage.answer())
        .map(|a| a.draft.decision.as_str())
        .collect();
    let table = Decisions::builtin().rows().iter();
    let exist = table.filter(|row| row.basis(RuleSetId::Text2007).is_some() && !row.is_lapse());
    assert_eq!(decisions, exist.map(|row| row.code.as_str()).collect(), "every one of its text");
    assert!(year.iter().filter(|case| case.record.supplement.is_some()).count() >= 10);
    let archived = year.iter().filter(|case| case.record.archive.is_some());
    assert_eq!(archived.count(), 12, "some are put away, the others wait for it");
}

/// On no day of the year was anything overdue, and the parts always cover the whole.
async fn nothing_was_ever_late(built: &Built) {
    for as_of in date("2011-01-04").iter_weeks().take(52) {
        let counts = year_2011(built, as_of).await;
        let parts = counts.answered + counts.open_in_time + counts.open_overdue;
        assert_eq!(parts + counts.closed_without_reply, counts.received, "{as_of}");
        assert_eq!(counts.open_overdue, 0, "{as_of}");
    }
}

/// Every decision of the text of 2019 lies open to be looked at, but the lapse for which there is no
/// action yet.
fn every_decision_was_made(built: &Built) {
    let text = RuleSetId::Text2019;
    let of_2019 =
        |case: &&Case| case.record.clock.as_ref().is_some_and(|clock| clock.rule_set == text);
    let recent: Vec<&Case> = built.cases.iter().filter(of_2019).collect();
    let answers = recent.iter().filter_map(|case| case.record.stage.answer());
    let mut made: BTreeSet<&str> = answers.map(|a| a.draft.decision.as_str()).collect();
    if recent.iter().any(|case| case.status() == Status::Lapsed) {
        made.insert("abandoned_supplement");
    }
    let exist = Decisions::builtin().rows().iter().filter(|row| row.basis(text).is_some());
    let exist: BTreeSet<&str> = exist.map(|row| row.code.as_str()).collect();
    let open: Vec<_> = exist.difference(&made).collect();
    assert_eq!(open, [&"abandoned_fee"]);
    assert!(recent.iter().any(|case| {
        case.record.stage.answer().is_some_and(|answer| answer.draft.grounds.len() > 1)
    }));
}

fn the_work_of_today_is_alive(built: &Built, now: &str) {
    let today = legal_day(at(now));
    let recent = |case: &&Case| case.updated_at > at("2012-02-01T00:00:00Z");
    let around: Vec<&Case> = built.cases.iter().filter(recent).collect();
    let statuses: BTreeSet<Status> = around.iter().map(|case| case.status()).collect();
    assert_eq!(statuses.len(), Status::ALL.len(), "{statuses:?}");
    let open: Vec<&&Case> = around.iter().filter(|case| case.status().is_open()).collect();
    assert!((38..=48).contains(&open.len()), "{} open", open.len());
    let due = |case: &Case| case.record.clock.as_ref().and_then(|clock| clock.due_date);
    let overdue = open.iter().filter(|case| due(case).is_some_and(|due| due < today)).count();
    assert_eq!(overdue, 3);
    let soon = built.app.law().calendar.nth_working_day_after(today, 3).unwrap().0;
    let due_soon = |case: &&&&Case| due(case).is_some_and(|due| (today..=soon).contains(&due));
    assert!(open.iter().filter(due_soon).count() >= 3);
    assert!(around.iter().all(|case| case.updated_at <= at(now)), "nothing lies in the future");
}

fn the_ledger_is_whole_and_holds_nobody(built: &Built) {
    let of_cases = built.events.iter().filter(|event| event.subject_kind == "case").count();
    let commands: i64 = built.cases.iter().map(|case| case.version.0).sum();
    assert_eq!(i64::try_from(of_cases).unwrap(), commands);
    assert_eq!(built.last.done, built.last.total);
    assert_eq!(built.last.total, of_cases + built.users.len(), "one event for each command");
    let links = built.events.iter().map(|event| Link {
        seq: event.seq,
        text: &event.body,
        prev_hash: event.prev_hash.as_slice().try_into().unwrap(),
        hash: event.hash.as_slice().try_into().unwrap(),
    });
    chain::verify(links).unwrap();
    for event in &built.events {
        for word in event.body.split(|c: char| !c.is_ascii_alphanumeric()) {
            let digits = word.chars().filter(char::is_ascii_digit).count();
            let phone = word.len() == 11 && digits == 11;
            let identity = word.len() == 18 && digits >= 17;
            assert!(!phone && !identity, "{} of {}", event.action, event.subject_id.0);
        }
        for clear in ["example.com", "示例路"] {
            assert!(!event.body.contains(clear), "{clear} in {}", event.action);
        }
    }
}

async fn its_users_can_log_in(built: &Built) {
    let roles: BTreeSet<Role> = built.users.iter().map(|user| user.role).collect();
    assert_eq!(roles.len(), Role::ALL.len());
    for user in built.users.iter().take(2) {
        let login = sessions::Login {
            username: user.username.clone(),
            password: user.password.clone(),
            client: "test".to_owned(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            request_id: "test".to_owned(),
        };
        assert!(sessions::log_in(&built.app, login).await.is_ok(), "{}", user.username);
    }
}

fn tell(now: &str) {
    actix_web::rt::System::new().block_on(async {
        let built = build(now).await;
        assert!(built.cases.iter().all(|case| case.faults().is_empty()));
        the_year_is_the_reports(&built, now).await;
        nothing_was_ever_late(&built).await;
        the_work_of_today_is_alive(&built, now);
        every_decision_was_made(&built);
        the_ledger_is_whole_and_holds_nobody(&built);
        its_users_can_log_in(&built).await;
        let again = demo::build(&built.app, &built.clock, at(now), &mut |_| ()).await;
        assert!(matches!(again, Err(DemoError::NotEmpty)));
        let past = at("2018-12-31T15:59:59Z");
        let early = demo::build(&built.app, &built.clock, past, &mut |_| ()).await;
        assert!(matches!(early, Err(DemoError::TooEarly)));
    });
}

#[test]
fn on_an_ordinary_day() {
    tell("2026-11-25T03:00:00Z");
}

#[test]
fn just_after_new_year_beyond_the_announced_calendar() {
    tell("2028-01-02T16:30:00Z");
}

#[test]
fn on_a_sunday_of_a_long_holiday() {
    tell("2024-02-11T02:00:00Z");
}
