//! Pages of a list, forwards and backwards, by the place of a row and never by counting rows.

/// Which page of a list. A place is that of a row, which need not be there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page<P> {
    /// The first.
    First,
    /// What follows a place.
    After(P),
    /// What comes before a place.
    Before(P),
    /// The last.
    Last,
}

impl<P> Page<P> {
    /// Is the list read from its end?
    #[must_use]
    pub const fn is_backward(&self) -> bool {
        matches!(self, Self::Before(_) | Self::Last)
    }

    /// The place from which it is read; none at either end of the list.
    #[must_use]
    pub fn place(self) -> Option<P> {
        match self {
            Self::After(place) | Self::Before(place) => Some(place),
            Self::First | Self::Last => None,
        }
    }
}

/// The rows of a page in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Are there more in the direction in which the list was read?
    pub goes_on: bool,
}

impl<T> Stretch<T> {
    /// The page that these rows make, in the order in which they were read; one more than the
    /// limit tells that the list goes on.
    #[must_use]
    pub fn of<P>(page: &Page<P>, mut rows: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let goes_on = rows.len() > limit;
        rows.truncate(limit);
        if page.is_backward() {
            rows.reverse();
        }
        Self { rows, goes_on }
    }
}
