//! Letters within a batch: their numbers, and what is to be frozen or declared void.

use std::collections::BTreeMap;

use chrono::Datelike as _;

use super::Workspace;
use crate::domain::case::Case;
use crate::domain::deadline::legal_day;
use crate::domain::letter::SeriesCode;
use crate::domain::lifecycle::Issued;
use crate::store::command::{Command, Request};
use crate::store::conn::Conn;
use crate::store::dialect;
use crate::store::error::Result;
use crate::store::letters::{self, LetterRow, LetterSeriesRow};
use crate::store::types::{At, Key};

/// The letters of a batch that are still to be written.
#[derive(Default)]
pub(in crate::store) struct PendingLetters {
    issued: Vec<LetterRow>,
    voided: Vec<(Key, At)>,
}

impl Workspace<'_> {
    /// Reads the last numbers of the years in which the commands can issue a letter; the head rows
    /// are held, so nobody else takes a number meanwhile.
    pub(super) fn load_letter_series(
        &mut self,
        conn: &mut Conn,
        requests: &[&Request],
    ) -> Result<()> {
        let issuing = requests.iter().filter(|request| match &request.command {
            Command::Act { step, .. } => step.may_issue(),
            _ => false,
        });
        let mut years: Vec<i32> = issuing.map(|request| legal_day(request.at).year()).collect();
        years.sort_unstable();
        years.dedup();
        if years.is_empty() {
            return Ok(());
        }
        for row in letters::series(conn, &years)? {
            if let Some(series) = SeriesCode::parse(&row.series) {
                self.letter_series.entry(row.year).or_default().insert(series, row.last);
            }
        }
        Ok(())
    }

    /// The last numbers taken in a year.
    pub(in crate::store) fn letter_numbers(&self, year: i32) -> BTreeMap<SeriesCode, i64> {
        self.letter_series.get(&year).cloned().unwrap_or_default()
    }

    /// Keeps what an accepted step issued or declared void, and takes the numbers.
    pub(in crate::store) fn keep_letters(
        &mut self,
        before: &Case,
        case: &Case,
        issued: &[Issued],
    ) -> Result<()> {
        for letter in issued {
            if let Some(number) = &letter.reference.number {
                self.letter_series.entry(number.year).or_default().insert(number.series, number.n);
                self.pending.letter_series.insert((number.year, number.series));
            }
            let row = LetterRow::of(&self.basis.vault, case, letter)?;
            self.pending.letters.issued.push(row);
        }
        let kept = before.record.letters.iter().zip(&case.record.letters);
        let voided = kept.filter(|(was, _)| was.is_valid());
        for (letter, void) in voided.filter_map(|(_, is)| Some((is, is.void.as_ref()?))) {
            // One that was issued in this very batch is not in its table yet.
            let key = Key(letter.id.0);
            let unwritten = self.pending.letters.issued.iter_mut().find(|row| row.id == key);
            match unwritten {
                Some(row) => row.voided_at = Some(At(void.at)),
                None => self.pending.letters.voided.push((key, At(void.at))),
            }
        }
        Ok(())
    }

    /// Writes them; their cases are written already.
    pub(super) fn flush_letters(&self, conn: &mut Conn) -> Result<()> {
        let pending = &self.pending;
        dialect::write_letters(conn, &pending.letters.issued)?;
        dialect::void_letters(conn, &pending.letters.voided)?;
        let series: Vec<LetterSeriesRow> = pending
            .letter_series
            .iter()
            .map(|(year, series)| LetterSeriesRow {
                series: series.as_str().to_owned(),
                year: *year,
                last: self.letter_numbers(*year).get(series).copied().unwrap_or(0),
            })
            .collect();
        dialect::write_letter_series(conn, &series)
    }
}
