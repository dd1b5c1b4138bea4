//! The office for load tests: whatever is seeded is what the commands would have made of it.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use gongkai::clock::Clock as _;
use gongkai::domain::actor::CaseScope;
use gongkai::domain::deadline::legal_day;
use gongkai::domain::ids::CaseId;
use gongkai::domain::lifecycle::Status;
use gongkai::domain::practice::LegalReview;
use gongkai::service::demo::{self, DemoError, Load};
use gongkai::store::{cases, events};

use crate::support::databases::Backend;
use crate::support::on_both;
use crate::support::world::Empty;

const CASES: usize = 1000;

on_both! {
    async fn a_small_office_is_whole_and_like_a_large_one(empty: Empty) {
        let (app, clock, now) = (&empty.app, &empty.clock, empty.clock.now());
        let load = Load { cases: CASES, under_way: 300 };
        let mut last = 0;
        let users = demo::seed(app, clock, now, load, &mut |given| last = given).await.unwrap();
        assert_eq!((last, clock.now()), (CASES, now));
        assert!(users.iter().any(|user| user.unit_code == "vehicle_center"));

        let events = app.store.readers.run(|conn| events::from(conn, 1, i64::MAX)).await.unwrap();
        let received = events.iter().filter(|event| event.action == "receive");
        let ids: Vec<CaseId> = received.map(|event| CaseId(event.subject_id.0)).collect();
        assert_eq!(ids.len(), CASES);
        let read = app.store.readers.run(move |conn| {
            let found = ids.into_iter().map(|id| cases::get(conn, &CaseScope::All, id));
            found.map(|case| case.map(Option::unwrap)).collect::<Result<Vec<_>, _>>()
        });
        let all = read.await.unwrap();

        let mut statuses: BTreeMap<Status, usize> = BTreeMap::new();
        let mut years: BTreeMap<i32, usize> = BTreeMap::new();
        for case in &all {
            assert_eq!(case.faults(), Vec::<String>::new());
            *statuses.entry(case.status()).or_default() += 1;
            *years.entry(legal_day(case.record.intake.received_at).year()).or_default() += 1;
        }
        assert_eq!(years.len(), 18, "2008 to 2025: {years:?}");
        assert!(statuses[&Status::Answered] > CASES / 2, "{statuses:?}");
        for stopped in [Status::Lapsed, Status::Withdrawn, Status::Voided] {
            assert!(statuses.contains_key(&stopped), "{stopped:?}: {statuses:?}");
        }
        assert!(all.iter().any(|case| case.status().is_open()), "{statuses:?}");
        let owing = all.iter().filter(|case| case.status().is_open());
        assert!(owing.count() < CASES / 5, "{statuses:?}");

        let again = demo::seed(app, clock, now, load, &mut |_| ()).await;
        assert!(matches!(again, Err(DemoError::NotEmpty)));
    }
}

on_both!(the_seed_reviews_as_the_bureau_is_set_up);
async fn the_seed_reviews_as_the_bureau_is_set_up(backend: Backend) {
    let empty = Empty::with_settings(backend, |settings| {
        settings.practice.legal_review = LegalReview::All;
    });
    let load = Load { cases: 100, under_way: 50 };
    let now = empty.clock.now();
    demo::seed(&empty.app, &empty.clock, now, load, &mut |_| ()).await.unwrap();
}
