//! A large office for load tests: any number of cases since 2008, by the real commands.
//!
//! One case after the other lives its whole life, so that a commit holds hundreds of whole cases and
//! writes each once. In the ledger its entries therefore stand side by side, where those of a real
//! office are interleaved; numbers follow the order of arrival as they do there.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::cast::{self, Cast};
use super::data::{self, Act, Stage};
use super::draw::{self, ArrivalDay, Arrivals, Chance, Deck, Route};
use super::scene::Scene;
use super::{DemoError, DemoUser, persona, plan};
use crate::clock::SettableClock;
use crate::domain::deadline::{legal_day, start_of_legal_day};
use crate::domain::ids::Version;
use crate::service::App;
use crate::service::cases::{self, Origin};
use crate::service::flight::{Flight, launched};
use crate::store::command::{Caller, Command};

/// How much to seed, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Cases.
    pub cases: usize,
    /// Commands under way at most; fewer than the writer's queue holds.
    pub under_way: usize,
}

/// Fills an empty database with the bureau, the people of the demo and cases up to `now`, and returns
/// who can log in. `clock` must be the clock of `app`. `progress` is told the cases given so far.
///
/// # Errors
/// The database is not empty, or a command was not carried out.
pub async fn seed(
    app: &Arc<App>,
    clock: &SettableClock,
    now: DateTime<Utc>,
    load: Load,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<DemoUser>, DemoError> {
    if !app.store.directory().await?.units().is_empty() {
        return Err(DemoError::NotEmpty);
    }
    let stage = data::stage()?;
    let deck = Deck::new(data::year()?, data::open()?)?;
    let arrivals = Arrivals::new(&app.law(), legal_day(now), load.cases)?;
    clock.set(arrivals.at(0).map_or(now, |first| start_of_legal_day(first.day)));
    let users = cast::create(app, &stage.users).await?;
    let cast = Cast::new(app.store.directory().await?);
    let crowd = draw::crowd(load.cases);
    let mut seeder =
        Seeder { app, clock, stage: &stage, cast: &cast, load, given: VecDeque::new() };
    for number in 0..load.cases {
        let missing = || DemoError::Data(format!("no arrival of application {number}"));
        let arrival = arrivals.at(number).ok_or_else(missing)?;
        seeder.live(number, &arrival, now, &deck, crowd).await?;
        progress(number + 1);
    }
    while !seeder.given.is_empty() {
        seeder.hear().await?;
    }
    clock.set(now);
    Ok(users)
}

/// No answer of this office is served on a day on which other remedies hold than it tells of: what
/// would lie beyond such a day goes out when it is signed, and is not heard of again.
fn served_in_time(acts: &mut Vec<(DateTime<Utc>, Act)>, app: &App) {
    let Some(issued) = acts.iter().position(|(_, act)| *act == Act::Issue) else { return };
    let on = |place: usize| acts.get(place).map(|(at, _)| legal_day(*at));
    let Some(day) = on(issued) else { return };
    let border = app.letters.letters.remedies().borders().find(|border| {
        day < *border && acts.last().is_some_and(|(at, _)| legal_day(*at) >= *border)
    });
    let Some(border) = border else { return };
    let served = on(issued + 1).is_some_and(|day| day < border);
    acts.retain(|(at, _)| legal_day(*at) < border);
    if !served && let Some((_, act)) = acts.get_mut(issued) {
        *act = Act::IssueServed;
    }
}

/// A command that has been given and not been answered yet.
struct Given<'a> {
    number: usize,
    act: Act,
    answer: Flight<'a>,
}

struct Seeder<'a> {
    app: &'a Arc<App>,
    clock: &'a SettableClock,
    stage: &'a Stage,
    cast: &'a Cast,
    load: Load,
    given: VecDeque<Given<'a>>,
}

impl Seeder<'_> {
    /// Gives every command of one case up to now.
    async fn live(
        &mut self,
        number: usize,
        arrival: &ArrivalDay,
        now: DateTime<Utc>,
        deck: &Deck,
        crowd: usize,
    ) -> Result<(), DemoError> {
        let mut chance = Chance::of(number);
        let (row, route) = deck.draw(&mut chance, arrival.day)?;
        let missing = || DemoError::Data(format!("no topic {}", row.topic));
        let topic = self.stage.topics.get(&row.topic).ok_or_else(missing)?;
        let mut route = plan::reviewed(&route, &topic.decision, self.app.practice);
        route.truncate(draw::kept(&mut chance, route.len(), arrival.days_ago));
        let place = draw::somebody(&mut chance, crowd);
        let mut scene = Scene {
            cast: self.cast,
            law: &self.app.law(),
            row: &row,
            number,
            topic,
            arrival: arrival.day,
            at: now,
            earlier: None,
            held: false,
        };
        let times = self.times(arrival, &route)?;
        let mut id = None;
        let mut version = Version(0);
        let acts = std::iter::once(Act::Receive).chain(route.into_iter().map(|(_, act)| act));
        let mut acts: Vec<_> = times.into_iter().zip(acts).collect();
        served_in_time(&mut acts, self.app);
        for (at, act) in acts.into_iter().take_while(|(at, _)| *at <= now) {
            self.clock.set(at);
            scene.at = at;
            let command = if let (Some(step), Some(case)) = (scene.step(act)?, id) {
                Command::Act { case, expected: version, step }
            } else {
                let person = draw::applicant(place);
                let applicant = persona::applicant(place, &person, arrival.day)?;
                let receipt = cases::receipt(self.app, scene.application(applicant)?, None)?;
                id = Some(receipt.new.id);
                Command::Receive(Box::new(receipt))
            };
            version = version.next();
            let caller = Caller::User(scene.performer(act)?);
            match act {
                Act::Assign | Act::Misassign => scene.held = true,
                Act::Return => scene.held = false,
                _ => {}
            }
            let request_id = format!("seed-{number}-{}", version.0);
            let origin = Origin { caller, request_id, idempotency: None };
            let answer = launched(Box::pin(self.app.submit(origin, command)));
            self.given.push_back(Given { number, act, answer });
            if self.given.len() >= self.load.under_way {
                self.hear().await?;
            }
        }
        Ok(())
    }

    /// The instants of the receipt and of every act.
    fn times(&self, arrival: &ArrivalDay, route: &Route) -> Result<Vec<DateTime<Utc>>, DemoError> {
        // The office opens at 8:35; what arrives on a day arrives within three hours.
        let minutes =
            i64::try_from(arrival.permille * 180 / 1000).unwrap_or_default() + 8 * 60 + 35;
        let mut at = start_of_legal_day(arrival.day) + TimeDelta::minutes(minutes);
        let mut times = vec![at];
        let mut passed = 0;
        for (after, _) in route {
            if *after > passed {
                let (day, _) =
                    self.app.law().calendar.nth_working_day_after(arrival.day, *after)?;
                at = start_of_legal_day(day) + TimeDelta::minutes(minutes);
                passed = *after;
            }
            at += TimeDelta::minutes(17);
            times.push(at);
        }
        Ok(times)
    }

    /// Waits for the oldest answer.
    async fn hear(&mut self) -> Result<(), DemoError> {
        if let Some(given) = self.given.pop_front()
            && let Err(denied) = given.answer.await
        {
            let what = format!("{:?} on application {}", given.act, given.number);
            return Err(DemoError::denied(what)(denied));
        }
        Ok(())
    }
}
