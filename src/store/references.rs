//! External references within a batch: which case has one, and which get a new holder.

use diesel::prelude::*;

use super::command::{Command, Denied, Request};
use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::rows::ExternalRefRow;
use super::schema::{cases, external_refs};
use super::types::Key;
use super::workspace::Workspace;
use crate::domain::actor::CaseScope;
use crate::domain::case::Case;
use crate::domain::external_ref::ExternalRef;
use crate::domain::ids::{CaseId, UnitId};
use crate::domain::lifecycle::Status;
use crate::domain::rejection::{Reason, Rejection};
use crate::domain::said::Said;

/// The case that has a reference.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Its id.
    pub case: CaseId,
    /// The number on its receipt.
    pub receipt_number: String,
    /// For what it is.
    pub subject: String,
    /// Who asked.
    pub applicant_name: String,
    receiving: UnitId,
    holding: Option<UnitId>,
    status: Status,
}

impl Holder {
    /// Does the case exist for the actor?
    #[must_use]
    pub fn is_within(&self, scope: &CaseScope) -> bool {
        scope.contains(self.receiving, self.holding)
    }

    fn of(case: &Case) -> Self {
        let intake = &case.record.intake;
        Self {
            case: case.id,
            receipt_number: intake.receipt_number.clone(),
            subject: intake.application.subject.clone(),
            applicant_name: intake.application.applicant.name.clone(),
            receiving: intake.receiving_unit,
            holding: case.holding_unit(),
            status: case.status(),
        }
    }
}

/// Which cases have these references. A voided case gives its reference up: it was entered by
/// mistake or twice, and the right entry must find its number free.
///
/// # Errors
/// The database cannot be read, or a row is corrupt.
pub fn holders(conn: &mut Conn, references: &[&ExternalRef]) -> Result<Vec<(ExternalRef, Holder)>> {
    Ok(all_holders(conn, references)?
        .into_iter()
        .filter(|(_, holder)| holder.status != Status::Voided)
        .collect())
}

/// One reference with its case: source, reference, case, receipt number, subject, name of the
/// applicant, receiving and holding unit, status.
type Found = (String, String, Key, String, String, String, Key, Option<Key>, String);

fn all_holders(conn: &mut Conn, references: &[&ExternalRef]) -> Result<Vec<(ExternalRef, Holder)>> {
    let mut found = Vec::new();
    for chunk in references.chunks(dialect::ROWS_PER_STATEMENT) {
        let numbers: Vec<&str> = chunk.iter().map(|known| known.reference()).collect();
        let rows: Vec<Found> = external_refs::table
            .inner_join(cases::table)
            .filter(external_refs::reference.eq_any(numbers))
            .select((
                external_refs::source,
                external_refs::reference,
                external_refs::case_id,
                cases::receipt_number,
                cases::subject,
                cases::applicant_name,
                cases::receiving_unit_id,
                cases::holding_unit_id,
                cases::status,
            ))
            .load(conn)?;
        for (source, number, case, receipt_number, subject, applicant_name, at, with, status) in
            rows
        {
            let reference = ExternalRef::parse(&source, &number).map_err(Error::corrupt)?;
            // The same number of another source is another reference.
            if chunk.contains(&&reference) {
                let holder = Holder {
                    case: CaseId(case.0),
                    receipt_number,
                    subject,
                    applicant_name,
                    receiving: UnitId(at.0),
                    holding: with.map(|key| UnitId(key.0)),
                    status: Status::parse(&status).map_err(Error::corrupt)?,
                };
                found.push((reference, holder));
            }
        }
    }
    Ok(found)
}

impl Workspace<'_> {
    pub(super) fn load_references(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        let named: Vec<&ExternalRef> = requests
            .iter()
            .filter_map(|request| match &request.command {
                Command::Receive(receive) => receive.new.external_ref.as_ref(),
                _ => None,
            })
            .collect();
        self.references.extend(all_holders(conn, &named)?);
        Ok(())
    }

    /// Gives a new case its reference.
    ///
    /// # Errors
    /// Another case has it; it is named when it exists for the actor.
    pub(super) fn take_reference(
        &mut self,
        case: &Case,
        scope: &CaseScope,
    ) -> std::result::Result<(), Denied> {
        let Some(reference) = &case.record.intake.external_ref else { return Ok(()) };
        if let Some(known) = self.references.get(reference) {
            // The batch may have changed it since it was read.
            let holder = self.case(known.case).map_or_else(|| known.clone(), Holder::of);
            if holder.status != Status::Voided {
                let taken = Rejection::new(Reason::ExternalRefTaken).at("/external_ref");
                return Err(if holder.is_within(scope) {
                    taken
                        .saying(Said::neutral(holder.receipt_number.clone()))
                        .because_of(holder.case)
                        .into()
                } else {
                    taken.into()
                });
            }
            self.pending.given_up.push(Key(holder.case.0));
        }
        self.references.insert(reference.clone(), Holder::of(case));
        self.pending.references.push(ExternalRefRow {
            source: reference.source().to_owned(),
            reference: reference.reference().to_owned(),
            case_id: Key(case.id.0),
        });
        Ok(())
    }

    /// Writes the new holders. Their cases have been written before.
    pub(super) fn flush_references(&self, conn: &mut Conn) -> Result<()> {
        for chunk in self.pending.given_up.chunks(dialect::ROWS_PER_STATEMENT) {
            let old = external_refs::table.filter(external_refs::case_id.eq_any(chunk.to_vec()));
            diesel::delete(old).execute(conn)?;
        }
        dialect::write_references(conn, &self.pending.references)
    }
}
