//! The orders of a list of cases, and the places in them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::{Boxed, CaseLine, Condition};
use crate::domain::ids::CaseId;
use crate::store::page::Page;
use crate::store::schema::cases;
use crate::store::types::{At, Key};

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// When the case was recorded.
    ReceivedAt,
    /// When it last changed.
    UpdatedAt,
    /// The last lawful day for the answer. Cases of which nothing is due come last in either
    /// direction.
    DueDate,
}

/// In which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

impl Direction {
    const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// The order of a list. It ends with the id, so it is total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// In which direction.
    pub direction: Direction,
    /// In which direction cases stand that the key does not tell apart.
    pub ids: Direction,
}

impl Sort {
    /// Newest first.
    pub const NEWEST: Self = Self::by(SortKey::ReceivedAt, Direction::Descending);
    /// Oldest first.
    pub const OLDEST: Self = Self::by(SortKey::ReceivedAt, Direction::Ascending);
    /// Due first.
    pub const MOST_URGENT: Self = Self::by(SortKey::DueDate, Direction::Ascending);

    /// An order in which the ids go the way of the key.
    #[must_use]
    pub const fn by(key: SortKey, direction: Direction) -> Self {
        Self { key, direction, ids: direction }
    }

    const fn reversed(self) -> Self {
        Self { key: self.key, direction: self.direction.reversed(), ids: self.ids.reversed() }
    }

    /// The order in which the lines of a page are read.
    pub(super) const fn read<P: Copy>(self, page: Page<P>) -> Self {
        if page.is_backward() { self.reversed() } else { self }
    }
}

/// The place of a case in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In an order by recording.
    Received(DateTime<Utc>, CaseId),
    /// In an order by change.
    Updated(DateTime<Utc>, CaseId),
    /// In an order by due date; none when nothing is due.
    Due(Option<NaiveDate>, CaseId),
}

impl CaseLine {
    /// The place of this line in a list of that order.
    #[must_use]
    pub fn place(&self, sort: Sort) -> Place {
        let id = CaseId(self.id.0);
        match sort.key {
            SortKey::ReceivedAt => Place::Received(self.received_at.0, id),
            SortKey::UpdatedAt => Place::Updated(self.updated_at.0, id),
            SortKey::DueDate => Place::Due(self.due_now(), id),
        }
    }
}

/// A part of a list that one index gives in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// The whole list.
    All,
    /// The cases of which something is due.
    Due,
    /// The others.
    NothingDue,
}

/// The parts of a list in the order in which a page reads them, from its place on.
pub(super) fn runs(sort: Sort, page: Page<Place>) -> &'static [Run] {
    if sort.key != SortKey::DueDate {
        return &[Run::All];
    }
    match page {
        Page::First | Page::After(Place::Due(Some(_), _)) => &[Run::Due, Run::NothingDue],
        Page::Last | Page::Before(Place::Due(None, _)) => &[Run::NothingDue, Run::Due],
        Page::After(_) => &[Run::NothingDue],
        Page::Before(_) => &[Run::Due],
    }
}

/// Adds to a query the order of one part of a page, and the place at which it begins.
pub(super) fn placed(query: Boxed<'_>, run: Run, sort: Sort, page: Page<Place>) -> Boxed<'_> {
    let sort = sort.read(page);
    let place = page.place();
    // The bound on the first column says nothing new, but lets both databases enter the index at
    // the place instead of walking to it.
    macro_rules! from {
        ($query:expr, $column:expr, $value:expr, $id:expr) => {{
            let (column, value, next) = ($column, $value, beyond($id, sort.ids));
            match sort.direction {
                Direction::Ascending => {
                    $query.filter(column.ge(value)).filter(column.gt(value).nullable().or(next))
                }
                Direction::Descending => {
                    $query.filter(column.le(value)).filter(column.lt(value).nullable().or(next))
                }
            }
        }};
    }
    macro_rules! by {
        ($query:expr, $column:expr) => {
            match sort.direction {
                Direction::Ascending => $query.order($column.asc()),
                Direction::Descending => $query.order($column.desc()),
            }
        };
    }
    let query = match (run, sort.key, place) {
        (Run::All, SortKey::ReceivedAt, Some(Place::Received(at, id))) => {
            by!(from!(query, cases::received_at, At(at), id), cases::received_at)
        }
        (Run::All, SortKey::ReceivedAt, None) => by!(query, cases::received_at),
        (Run::All, SortKey::UpdatedAt, Some(Place::Updated(at, id))) => {
            by!(from!(query, cases::updated_at, At(at), id), cases::updated_at)
        }
        (Run::All, SortKey::UpdatedAt, None) => by!(query, cases::updated_at),
        (Run::Due, _, Some(Place::Due(Some(day), id))) => {
            by!(from!(something_due(query), cases::due_date, day, id), cases::due_date)
        }
        (Run::Due, _, None | Some(Place::Due(None, _))) => {
            by!(something_due(query), cases::due_date)
        }
        (Run::NothingDue, _, Some(Place::Due(None, id))) => {
            nothing_due(query).filter(beyond(id, sort.ids))
        }
        (Run::NothingDue, _, None | Some(Place::Due(Some(_), _))) => nothing_due(query),
        // A place of another order has nothing after it here.
        _ => query.filter(cases::version.lt(1)),
    };
    match sort.ids {
        Direction::Ascending => query.then_order_by(cases::id.asc()),
        Direction::Descending => query.then_order_by(cases::id.desc()),
    }
}

/// Behind this id in its direction.
fn beyond(id: CaseId, ids: Direction) -> Condition {
    match ids {
        Direction::Ascending => Box::new(cases::id.gt(Key(id.0)).nullable()),
        Direction::Descending => Box::new(cases::id.lt(Key(id.0)).nullable()),
    }
}

/// Nothing is due of a case that ended without an answer. This is the condition of the partial
/// index, word for word.
fn something_due(query: Boxed<'_>) -> Boxed<'_> {
    query.filter(cases::due_date.is_not_null()).filter(cases::closed_on.is_null())
}

fn nothing_due(query: Boxed<'_>) -> Boxed<'_> {
    query.filter(cases::due_date.is_null().or(cases::closed_on.is_not_null()))
}
