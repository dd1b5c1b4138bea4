//! What every process holds in memory of what changes seldom: units and users, and the law with the
//! working-day calendar (docs/adr/0004-directory-in-memory.md, 0023-calendar-keeping.md). One version
//! stands for all of it.

use std::sync::{Arc, RwLock};

use super::calendar;
use super::conn::Conn;
use super::directory;
use super::error::Result;
use crate::domain::calendar::Calendars;
use crate::domain::regulation::Law;
use crate::domain::unit::Directory;

/// Units, users and the law, as of a version.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Units and users; its version is that of the picture.
    pub directory: Arc<Directory>,
    /// Every state of the calendar.
    pub calendars: Arc<Calendars>,
    /// The law with the calendar in force.
    pub law: Arc<Law>,
}

/// A picture that the writer and the requests of this process keep current.
pub type SharedPicture = Arc<RwLock<Picture>>;

impl Picture {
    /// Reads everything as of a version. `law` brings the rules and the built-in calendar.
    ///
    /// # Errors
    /// The database cannot be read, or a row is corrupt.
    pub(super) fn load(conn: &mut Conn, version: i64, law: &Law) -> Result<Self> {
        let directory = Arc::new(directory::load(conn, version)?);
        let calendars = Arc::new(calendar::editions(conn, &law.calendar)?);
        Ok(Self::of(directory, calendars, law))
    }

    /// The picture of these parts.
    pub(super) fn of(directory: Arc<Directory>, calendars: Arc<Calendars>, law: &Law) -> Self {
        let calendar = Arc::clone(&calendars.current().calendar);
        let law = Arc::new(Law { calendar, rules: Arc::clone(&law.rules) });
        Self { directory, calendars, law }
    }

    /// The law as it was with a state of the calendar.
    #[must_use]
    pub fn law_with(&self, calendar: &Arc<crate::domain::calendar::Calendar>) -> Law {
        Law { calendar: Arc::clone(calendar), rules: Arc::clone(&self.law.rules) }
    }
}
