//! The letters that cases name, compared with those that are stored, and their numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Used};
use crate::domain::case::Case;
use crate::store::conn::Conn;
use crate::store::error::Result;
use crate::store::letters::{self, LetterRow};
use crate::store::seals::{self, SealRow};
use crate::store::types::Key;

/// What has been seen of the letters so far.
#[derive(Default)]
pub(super) struct Seen {
    rows: i64,
    used: BTreeMap<(String, i32), Used>,
}

/// The letters of these cases, by case and letter.
pub(super) type Stored = BTreeMap<Key, BTreeMap<Key, LetterRow>>;

/// Reads the letters of these cases.
pub(super) fn of(conn: &mut Conn, cases: &[Key]) -> Result<Stored> {
    let mut stored = Stored::new();
    for row in letters::of_cases(conn, cases)? {
        stored.entry(row.case_id).or_default().insert(row.id, row);
    }
    Ok(stored)
}

impl Check<'_> {
    /// Every letter that the case names is stored as it was issued, and no other.
    pub(super) fn letters(&mut self, case: &Case, stored: &mut Stored) {
        let mut own = stored.remove(&Key(case.id.0)).unwrap_or_default();
        for letter in &case.record.letters {
            let place = format!("letter {}", letter.id);
            if let Some(number) = &letter.number {
                let series = (number.series.as_str().to_owned(), number.year);
                let used = self.seen.used.entry(series).or_default();
                used.count += 1;
                used.highest = used.highest.max(number.n);
            }
            match own.remove(&Key(letter.id.0)) {
                None => self.differs(&place, "is not stored"),
                Some(row) => {
                    self.seen.rows += 1;
                    for fault in row.faults(self.vault, letter) {
                        self.differs(&place, fault);
                    }
                }
            }
        }
        for id in own.into_keys() {
            self.seen.rows += 1;
            self.differs(format_args!("letter {}", id.0), "no case names it");
        }
    }

    /// Every seal that was asked for is stored as it stands, and no other.
    pub(super) fn seals(&mut self, conn: &mut Conn) -> Result<()> {
        let made = std::mem::take(&mut self.seals);
        let stored: BTreeSet<SealRow> = seals::all(conn)?.into_iter().collect();
        for row in stored.symmetric_difference(&made) {
            let place = format!("letter {}", row.letter_id.0);
            self.differs(place, "its seal is stored otherwise than entered");
        }
        Ok(())
    }

    /// Numbers are unique (the database sees to it), so a series without gaps has as many as its last.
    pub(super) fn letter_series(&mut self, conn: &mut Conn) -> Result<()> {
        let mut used = std::mem::take(&mut self.seen.used);
        for row in letters::series(conn, &[])? {
            let place = format!("series {} {}", row.series, row.year);
            let Used { count, highest } = used.remove(&(row.series, row.year)).unwrap_or_default();
            if (count, highest) != (row.last, row.last) {
                let what =
                    format!("ends at {}, but {count} numbers are used up to {highest}", row.last);
                self.differs(place, what);
            }
        }
        for (series, year) in used.into_keys() {
            self.differs(format_args!("series {series} {year}"), "has no row");
        }
        let all = letters::count(conn)?;
        if all != self.seen.rows {
            let lost = all - self.seen.rows;
            self.differs(
                "letters",
                format_args!("{lost} letters belong to cases that are not there"),
            );
        }
        Ok(())
    }
}
