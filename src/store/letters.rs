//! Letters as they were issued: their rows, sealed and opened, and the register of them.

#![expect(missing_docs, reason = "the columns are described in the migrations")]

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::conn::{Conn, MultiBackend};
use super::error::{Error, Result};
use super::page::{Page, Stretch};
use super::schema::{cases, letter_series, letters};
use super::types::{At, Key};
use super::vault::{Vault, fresh_nonce};
use crate::domain::actor::CaseScope;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::letter::{ContentHash, LetterId, LetterRef, Sheet};
use crate::domain::lifecycle::Issued;
use crate::domain::sealed::Sealed;

/// A row of `letters`.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = letters, treat_none_as_default_value = false)]
pub struct LetterRow {
    pub id: Key,
    pub case_id: Key,
    pub kind: String,
    pub series: Option<String>,
    pub year: Option<i32>,
    pub n: Option<i64>,
    pub number: Option<String>,
    pub content: Vec<u8>,
    pub content_hash: Vec<u8>,
    pub issued_at: At,
    pub issued_by: Key,
    pub voided_at: Option<At>,
}

/// A row of `letter_series`.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = letter_series, treat_none_as_default_value = false)]
pub struct LetterSeriesRow {
    pub series: String,
    pub year: i32,
    pub last: i64,
}

fn content_aad(id: LetterId) -> String {
    format!("letters|content|{id}")
}

impl LetterRow {
    /// The row of a letter that was issued just now, with its content sealed.
    ///
    /// # Errors
    /// The content cannot be sealed.
    pub(super) fn of(vault: &Vault, case: &Case, issued: &Issued) -> Result<Self> {
        let letter = &issued.reference;
        let nonce = fresh_nonce().map_err(Error::corrupt)?;
        let aad = content_aad(letter.id);
        let sealed = vault
            .seal_blob(aad.as_bytes(), issued.content.as_bytes(), nonce)
            .map_err(Error::corrupt)?;
        let number = letter.number.as_ref();
        Ok(Self {
            id: Key(letter.id.0),
            case_id: Key(case.id.0),
            kind: letter.kind.as_str().to_owned(),
            series: number.map(|number| number.series.as_str().to_owned()),
            year: number.map(|number| number.year),
            n: number.map(|number| number.n),
            number: number.map(|number| number.text.clone()),
            content: sealed.as_str().as_bytes().to_vec(),
            content_hash: letter.content_hash.as_bytes().to_vec(),
            issued_at: At(letter.issued_at),
            issued_by: Key(letter.issued_by.0),
            voided_at: letter.void.as_ref().map(|void| At(void.at)),
        })
    }

    /// The clear canonical text.
    fn open(&self, vault: &Vault) -> Result<String> {
        let id = LetterId(self.id.0);
        let text = std::str::from_utf8(&self.content).map_err(Error::corrupt)?;
        let sealed = Sealed::parse(text).map_err(Error::corrupt)?;
        let clear = vault
            .open_blob(content_aad(id).as_bytes(), &sealed)
            .map_err(|error| Error::corrupt(format_args!("letter {id}: {error}")))?;
        String::from_utf8(clear).map_err(Error::corrupt)
    }

    /// The letter as it was issued: opened, and found to be what the digest says.
    ///
    /// # Errors
    /// The content was changed, or its key is not here.
    pub fn sheet(&self, vault: &Vault) -> Result<Sheet> {
        let text = self.open(vault)?;
        let changed = || Error::corrupt(format_args!("letter {}: another content", self.id.0));
        if ContentHash::of(&text).as_bytes().as_slice() != self.content_hash.as_slice() {
            return Err(changed());
        }
        serde_json::from_str(&text).map_err(|_| changed())
    }

    /// What of a stored letter is not what its case says of it.
    #[must_use]
    pub(super) fn faults(&self, vault: &Vault, letter: &LetterRef) -> Vec<&'static str> {
        let number = letter.number.as_ref();
        let told = (
            letter.kind.as_str(),
            number.map(|number| (number.series.as_str(), number.year, number.n)),
            number.map(|number| number.text.as_str()),
            (letter.issued_at, letter.issued_by.0),
            letter.void.as_ref().map(|void| void.at),
        );
        let numbered = match (&self.series, self.year, self.n) {
            (Some(series), Some(year), Some(n)) => Some((series.as_str(), year, n)),
            _ => None,
        };
        let stored = (
            self.kind.as_str(),
            numbered,
            self.number.as_deref(),
            (self.issued_at.0, self.issued_by.0),
            self.voided_at.map(|at| at.0),
        );
        let mut faults = Vec::new();
        if told != stored {
            faults.push("the letter's columns are not what its case says");
        }
        if letter.content_hash.as_bytes().as_slice() != self.content_hash.as_slice() {
            faults.push("the letter's digest is not the one in its case");
        }
        if self.sheet(vault).is_err() {
            faults.push("the letter's content is not what was issued");
        }
        faults
    }
}

/// A letter of a case; the caller has made sure that the case exists for the actor.
///
/// # Errors
/// The database cannot be read.
pub fn of_case(conn: &mut Conn, case: CaseId, id: LetterId) -> Result<Option<LetterRow>> {
    Ok(letters::table
        .filter(letters::id.eq(Key(id.0)))
        .filter(letters::case_id.eq(Key(case.0)))
        .first(conn)
        .optional()?)
}

/// The letters of these cases.
pub(super) fn of_cases(conn: &mut Conn, cases: &[Key]) -> Result<Vec<LetterRow>> {
    Ok(letters::table.filter(letters::case_id.eq_any(cases.to_vec())).load(conn)?)
}

/// How many letters there are.
pub(super) fn count(conn: &mut Conn) -> Result<i64> {
    Ok(letters::table.count().get_result(conn)?)
}

/// The series and their last numbers; of these years only, when any are named.
pub(super) fn series(conn: &mut Conn, years: &[i32]) -> Result<Vec<LetterSeriesRow>> {
    let rows = letter_series::table.into_boxed::<MultiBackend>();
    let rows = if years.is_empty() {
        rows
    } else {
        rows.filter(letter_series::year.eq_any(years.to_vec()))
    };
    Ok(rows.load(conn)?)
}

/// Whether letters hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Those that hold.
    Valid,
    /// Those that were declared void.
    Void,
}

/// Which letters of the register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this series.
    pub series: Option<String>,
    /// Of this year.
    pub year: Option<i32>,
    /// That hold, or that do not.
    pub validity: Option<Validity>,
}

/// The place of a letter in the register.
pub type LetterPlace = (DateTime<Utc>, LetterId);

/// A line of the register of letters.
#[derive(Clone, Debug, Queryable)]
pub struct LetterLine {
    pub id: Key,
    pub case_id: Key,
    pub case_number: Option<String>,
    pub kind: String,
    pub series: Option<String>,
    pub year: Option<i32>,
    pub n: Option<i64>,
    pub number: Option<String>,
    pub content_hash: Vec<u8>,
    pub issued_at: At,
    pub issued_by: Key,
    pub voided_at: Option<At>,
}

/// One page of the register, the newest letter first.
///
/// # Errors
/// The database cannot be read.
pub fn register(
    conn: &mut Conn,
    scope: &CaseScope,
    filter: LetterFilter,
    page: Page<LetterPlace>,
    limit: i64,
) -> Result<Stretch<LetterLine>> {
    let mut query = letters::table
        .inner_join(cases::table)
        .select((
            letters::id,
            letters::case_id,
            cases::case_number,
            letters::kind,
            letters::series,
            letters::year,
            letters::n,
            letters::number,
            letters::content_hash,
            letters::issued_at,
            letters::issued_by,
            letters::voided_at,
        ))
        .into_boxed::<MultiBackend>();
    query = match scope {
        CaseScope::All => query,
        CaseScope::Units(units) => {
            let keys: Vec<Key> = units.iter().map(|unit| Key(unit.0)).collect();
            query.filter(
                cases::holding_unit_id
                    .eq_any(keys.clone())
                    .or(cases::receiving_unit_id.eq_any(keys).nullable()),
            )
        }
        CaseScope::Nothing => query.filter(cases::version.lt(1)),
    };
    if let Some(kind) = filter.kind {
        query = query.filter(letters::kind.eq(kind));
    }
    if let Some(series) = filter.series {
        query = query.filter(letters::series.eq(series));
    }
    if let Some(year) = filter.year {
        query = query.filter(letters::year.eq(year));
    }
    query = match filter.validity {
        Some(Validity::Valid) => query.filter(letters::voided_at.is_null()),
        Some(Validity::Void) => query.filter(letters::voided_at.is_not_null()),
        None => query,
    };
    if let Some((at, id)) = page.place() {
        let (at, id) = (At(at), Key(id.0));
        query = if page.is_backward() {
            query.filter(
                letters::issued_at.gt(at).or(letters::issued_at.eq(at).and(letters::id.gt(id))),
            )
        } else {
            query.filter(
                letters::issued_at.lt(at).or(letters::issued_at.eq(at).and(letters::id.lt(id))),
            )
        };
    }
    query = if page.is_backward() {
        query.order((letters::issued_at.asc(), letters::id.asc()))
    } else {
        query.order((letters::issued_at.desc(), letters::id.desc()))
    };
    Ok(Stretch::of(&page, query.limit(limit + 1).load(conn)?, limit))
}
