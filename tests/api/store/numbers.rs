//! Case and receipt numbers: one series for each legal year, without a gap.

use gongkai::service::cases::AfterReceipt;

use crate::support::inputs::{self, instant};
use crate::support::world::{Who, World, case_of};
use crate::support::{all_at_once, on_both};

on_both!(numbers_are_given_in_order_and_without_a_gap);
async fn numbers_are_given_in_order_and_without_a_gap(world: World) {
    let mut cases = Vec::new();
    for number in 0..30 {
        let mut input = inputs::application();
        // Every third is registered at once, every fifth cannot be.
        if number % 3 == 0 {
            input.then = AfterReceipt::Register;
        }
        if number % 5 == 0 {
            input.channel = gongkai::domain::channel::Channel::Email;
        }
        cases.extend(world.try_receive(Who::Clerk, input).await.ok().map(|o| case_of(Ok(o))));
    }
    let receipts: Vec<_> = cases.iter().map(|c| c.record.intake.receipt_number.clone()).collect();
    let expected: Vec<_> = (1..=28).map(|n| format!("SJ2025-{n:06}")).collect();
    assert_eq!(receipts, expected);
    let numbers: Vec<_> = cases
        .iter()
        .filter_map(|case| case.record.registration.as_ref())
        .map(|entry| entry.case_number.clone())
        .collect();
    let expected: Vec<_> = (1..=8).map(|n| format!("长公公开〔2025〕{n}号")).collect();
    assert_eq!(numbers, expected);
}

on_both!(a_voided_case_keeps_its_number);
async fn a_voided_case_keeps_its_number(world: World) {
    let first = world.registered().await;
    let step =
        gongkai::domain::lifecycle::Step::Void { reason: "误录".to_owned(), duplicate_of: None };
    world.act(Who::Clerk, &first, step).await;
    let second = world.registered().await;
    assert_eq!(second.record.registration.unwrap().case_number, "长公公开〔2025〕2号");
}

on_both!(the_series_begin_anew_at_midnight_in_shanghai);
/// The year is that of Changchun: it turns at 16:00 UTC.
async fn the_series_begin_anew_at_midnight_in_shanghai(world: World) {
    let number = async |at: &str| {
        world.clock.set(instant(at));
        let case = world.registered().await;
        let receipt = case.record.intake.receipt_number;
        (receipt, case.record.registration.unwrap().case_number)
    };
    assert_eq!(
        number("2025-12-31T15:59:59Z").await,
        ("SJ2025-000001".to_owned(), "长公公开〔2025〕1号".to_owned())
    );
    assert_eq!(
        number("2025-12-31T16:00:00Z").await,
        ("SJ2026-000001".to_owned(), "长公公开〔2026〕1号".to_owned())
    );
    // A command given before midnight and carried out after it belongs to the old year.
    assert_eq!(
        number("2025-12-31T15:59:59.999999Z").await,
        ("SJ2025-000002".to_owned(), "长公公开〔2025〕2号".to_owned())
    );
}

on_both!(a_batch_may_span_two_years);
/// Both years in one batch.
async fn a_batch_may_span_two_years(world: World) {
    world.clock.set(instant("2025-12-31T15:59:59Z"));
    let old: Vec<_> =
        (0..5).map(|_| world.try_receive(Who::Clerk, inputs::application())).collect();
    let held = world.db.hold_writers();
    // The clock is read when a command starts.
    let answers = all_at_once(old, || {
        world.clock.set(instant("2025-12-31T16:00:00Z"));
    });
    let new: Vec<_> =
        (0..5).map(|_| world.try_receive(Who::Clerk, inputs::application())).collect();
    let both = async { tokio::join!(answers, all_at_once(new, || held.release())) };
    let (old, new) = both.await;
    let numbers = |answers: Vec<_>| -> Vec<String> {
        answers.into_iter().map(|a| case_of(a).record.intake.receipt_number).collect()
    };
    assert_eq!(numbers(old), (1..=5).map(|n| format!("SJ2025-{n:06}")).collect::<Vec<_>>());
    assert_eq!(numbers(new), (1..=5).map(|n| format!("SJ2026-{n:06}")).collect::<Vec<_>>());
}
