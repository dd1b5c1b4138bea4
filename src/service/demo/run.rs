//! Carrying out an agenda: giving its commands in order, and hearing the answers.

use std::collections::HashMap;
use std::sync::Arc;

use super::cast::Cast;
use super::data::{Act, Row, Stage, Topic};
use super::plan::{Entry, Story};
use super::scene::{Earlier, Scene};
use super::{DemoError, persona};
use crate::clock::SettableClock;
use crate::domain::case::Case;
use crate::domain::ids::{CaseId, UserId, Version};
use crate::domain::regulation::Law;
use crate::service::App;
use crate::service::cases::{self, ApplicationInput, Origin};
use crate::service::flight::{Flight, launched};
use crate::store::command::Caller;

/// Commands under way at most; fewer than the writer's queue holds.
const UNDER_WAY: usize = 256;

/// A case as the commands given so far leave it.
struct Known {
    /// None until the receipt has been answered.
    id: Option<CaseId>,
    version: Version,
    number: Option<String>,
    held: bool,
}

/// A command that has been given and not been answered yet.
struct Given<'a> {
    row: usize,
    act: Act,
    answer: Flight<'a>,
}

/// Carries out the acts of a story. It gives the commands one after the other, each at its time,
/// and waits for answers only when it needs to know one: many commands then share one commit, and
/// the order in which the writer takes them is the order in which they were given.
pub(super) struct Runner<'a> {
    app: &'a Arc<App>,
    clock: &'a SettableClock,
    stage: &'a Stage,
    cast: &'a Cast,
    story: &'a Story,
    cases: HashMap<usize, Known>,
    given: Vec<Given<'a>>,
}

impl<'a> Runner<'a> {
    /// A runner at the beginning of a story.
    pub(super) fn new(
        app: &'a Arc<App>,
        clock: &'a SettableClock,
        stage: &'a Stage,
        cast: &'a Cast,
        story: &'a Story,
    ) -> Self {
        Self { app, clock, stage, cast, story, cases: HashMap::new(), given: Vec::new() }
    }

    /// Gives the command of one act at its time.
    pub(super) async fn carry_out(&mut self, entry: &Entry) -> Result<(), DemoError> {
        if self.given.len() >= UNDER_WAY || self.must_know(entry)? {
            self.settle().await?;
        }
        self.clock.set(entry.at);
        let scene = self.scene(entry)?;
        let origin = origin(entry, scene.performer(entry.act)?);
        let app = self.app;
        let answer: Flight<'a> = match scene.step(entry.act)? {
            None => Box::pin(cases::receive(app, origin, self.application(&scene)?)),
            Some(step) => {
                let known = self.cases.get(&entry.row);
                let (id, version) =
                    known.and_then(|known| Some((known.id?, known.version))).ok_or_else(|| {
                        DemoError::Data(format!("{} before receipt", name(entry.act)))
                    })?;
                Box::pin(cases::act(app, origin, id, version, step))
            }
        };
        self.given.push(Given { row: entry.row, act: entry.act, answer: launched(answer) });
        self.expect(entry);
        Ok(())
    }

    /// Waits for every answer.
    pub(super) async fn settle(&mut self) -> Result<(), DemoError> {
        for given in self.given.drain(..) {
            let what = || format!("{} on application {}", name(given.act), given.row);
            let outcome = given.answer.await.map_err(DemoError::denied(what()))?;
            let case = outcome
                .case
                .map(Case::from)
                .ok_or_else(|| DemoError::Data(format!("{}: no case came back", what())))?;
            if let Some(known) = self.cases.get_mut(&given.row) {
                known.id = Some(case.id);
                known.number = case.record.registration.map(|entry| entry.case_number);
            }
        }
        Ok(())
    }

    /// Does the act need an answer that has not come yet: the id of its case, or the case that it
    /// repeats?
    fn must_know(&self, entry: &Entry) -> Result<bool, DemoError> {
        let unknown = |row: usize| self.cases.get(&row).is_some_and(|known| known.id.is_none());
        let repeats = match entry.act {
            Act::Draft | Act::Void => self.repeated(self.row(entry.row)?)?,
            _ => None,
        };
        let awaited = repeats.is_some_and(|row| self.given.iter().any(|given| given.row == row));
        Ok(unknown(entry.row) || awaited)
    }

    /// Notes what the command will have changed when it is carried out.
    fn expect(&mut self, entry: &Entry) {
        let fresh = Known { id: None, version: Version(0), number: None, held: false };
        let known = self.cases.entry(entry.row).or_insert(fresh);
        known.version = known.version.next();
        match entry.act {
            Act::Assign | Act::Misassign => known.held = true,
            Act::Return => known.held = false,
            _ => {}
        }
    }

    fn row(&self, number: usize) -> Result<&'a Row, DemoError> {
        let missing = || DemoError::Data(format!("no application {number}"));
        self.story.rows.get(number).ok_or_else(missing)
    }

    /// The place of the row that this one repeats.
    fn repeated(&self, row: &Row) -> Result<Option<usize>, DemoError> {
        let Some(label) = &row.repeats else {
            return Ok(None);
        };
        let place = self.story.rows.iter().position(|other| other.label.as_ref() == Some(label));
        place.map(Some).ok_or_else(|| DemoError::Data(format!("no row {label}")))
    }

    fn scene(&self, entry: &Entry) -> Result<Scene<'a>, DemoError> {
        let row = self.row(entry.row)?;
        let missing = || DemoError::Data(format!("no arrival of application {}", entry.row));
        let arrival = self.story.arrivals.get(entry.row).copied().ok_or_else(missing)?;
        Ok(Scene {
            cast: self.cast,
            // The demo begins on an empty database, whose calendar nobody has changed.
            law: Law::builtin(),
            row,
            number: entry.row,
            topic: self.topic(row)?,
            arrival,
            at: entry.at,
            earlier: self.earlier(row)?,
            held: self.cases.get(&entry.row).is_some_and(|known| known.held),
        })
    }

    fn topic(&self, row: &Row) -> Result<&'a Topic, DemoError> {
        let missing = || DemoError::Data(format!("no topic {}", row.topic));
        self.stage.topics.get(&row.topic).ok_or_else(missing)
    }

    /// The case that this row's repeats, as far as it is known.
    fn earlier(&self, row: &Row) -> Result<Option<Earlier>, DemoError> {
        let known = self.repeated(row)?.and_then(|place| self.cases.get(&place));
        Ok(known.and_then(|known| Some(Earlier { id: known.id?, number: known.number.clone() })))
    }

    fn application(&self, scene: &Scene<'_>) -> Result<ApplicationInput, DemoError> {
        let row = scene.row;
        let place = self.stage.applicants.iter().position(|one| one.name == row.applicant);
        let applicant = place
            .and_then(|place| Some((place, self.stage.applicants.get(place)?)))
            .ok_or_else(|| DemoError::Data(format!("no applicant {}", row.applicant)))?;
        scene.application(persona::applicant(applicant.0, applicant.1, scene.arrival)?)
    }
}

fn name(act: Act) -> String {
    format!("{act:?}")
}

fn origin(entry: &Entry, performer: UserId) -> Origin {
    Origin {
        caller: Caller::User(performer),
        request_id: format!("demo-{}-{}", entry.at.timestamp(), entry.row),
        idempotency: None,
    }
}
