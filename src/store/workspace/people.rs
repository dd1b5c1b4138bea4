//! Units, users, sessions and links in the workspace: loading what commands name, showing changes to
//! the commands that follow, writing them.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;

use super::Workspace;
use crate::domain::case::Case;
use crate::domain::ids::{SessionId, UserId};
use crate::domain::lifecycle::is_unfinished;
use crate::domain::unit::{Directory, Unit};
use crate::store::command::{Caller, Command, Request, UnitChange};
use crate::store::conn::Conn;
use crate::store::dialect;
use crate::store::error::Result;
use crate::store::rows::{LinkRow, SessionRow, UnitRow, UserRow};
use crate::store::schema::{one_time_links, sessions, users};
use crate::store::types::{At, Key};

/// How long a session is kept after it is over.
const SESSIONS_KEPT_DAYS: i64 = 30;

impl Workspace<'_> {
    /// The unfinished cases of units that are closed or moved, and of officers who go.
    pub(super) fn load_freed_cases(
        &mut self,
        conn: &mut Conn,
        requests: &[&Request],
    ) -> Result<()> {
        let mut units = Vec::new();
        let mut officers = Vec::new();
        for request in requests {
            match &request.command {
                Command::ChangeUnit { unit, change: UnitChange::Close { .. }, .. } => {
                    units.push(Key(unit.0));
                }
                Command::ChangeUnit { unit, change: UnitChange::Edit(patch), .. }
                    if patch.parent.is_some() =>
                {
                    units.extend(self.directory.reach(*unit).iter().map(|unit| Key(unit.0)));
                }
                Command::ChangeUser { user, change, .. } if change.frees_cases() => {
                    officers.push(Key(user.0));
                }
                _ => {}
            }
        }
        if units.is_empty() && officers.is_empty() {
            return Ok(());
        }
        for row in dialect::lock_unfinished_cases_of(conn, &units, &officers)? {
            self.hold(row.to_case()?)?;
        }
        Ok(())
    }

    /// The users that commands name, and those of units that are closed.
    pub(super) fn load_users(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        let mut ids: HashSet<UserId> = HashSet::new();
        for request in requests {
            match &request.command {
                Command::ChangeUser { user, .. } | Command::IssueLink { user: Some(user), .. } => {
                    ids.insert(*user);
                }
                Command::RefreshSession { .. } => {
                    if let Caller::User(user) = request.caller {
                        ids.insert(user);
                    }
                }
                Command::UseLink { digest, .. } => {
                    let owner = self.links.get(digest.as_slice()).and_then(|link| link.user_id);
                    ids.extend(owner.map(|key| UserId(key.0)));
                }
                Command::ChangeUnit { unit, change: UnitChange::Close { .. }, .. } => {
                    let all = self.directory.users().into_iter();
                    ids.extend(all.filter(|user| user.unit == *unit).map(|user| user.id));
                }
                _ => {}
            }
        }
        if !ids.is_empty() {
            let keys: Vec<Key> = ids.into_iter().map(|id| Key(id.0)).collect();
            let rows: Vec<UserRow> = users::table.filter(users::id.eq_any(keys)).load(conn)?;
            self.user_rows.extend(rows.into_iter().map(|row| (UserId(row.id.0), row)));
        }
        Ok(())
    }

    pub(super) fn load_sessions(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        let named = requests.iter().filter_map(|request| match &request.command {
            Command::RefreshSession { session, .. } | Command::EndSession { session, .. } => {
                Some(Key(session.0))
            }
            _ => None,
        });
        let keys: Vec<Key> = named.collect();
        if !keys.is_empty() {
            let rows: Vec<SessionRow> =
                sessions::table.filter(sessions::id.eq_any(keys)).load(conn)?;
            self.sessions.extend(rows.into_iter().map(|row| (SessionId(row.id.0), row)));
        }
        Ok(())
    }

    /// The links that commands use, with the others that die with them.
    pub(super) fn load_links(&mut self, conn: &mut Conn, requests: &[&Request]) -> Result<()> {
        let mut digests: Vec<Vec<u8>> = Vec::new();
        let mut concerns = false;
        for request in requests {
            match &request.command {
                Command::UseLink { digest, .. } | Command::SetUp { digest, .. } => {
                    digests.push(digest.to_vec());
                }
                Command::IssueLink { .. } => concerns = true,
                Command::ChangeUser { change, .. } => concerns |= change.kills_links(),
                _ => {}
            }
        }
        if digests.is_empty() && !concerns {
            return Ok(());
        }
        // A link lives half an hour: there are never many that are not used up.
        let rows: Vec<LinkRow> = one_time_links::table
            .filter(one_time_links::used_at.is_null().or(one_time_links::digest.eq_any(digests)))
            .load(conn)?;
        self.links.extend(rows.into_iter().map(|row| (row.digest.clone(), row)));
        Ok(())
    }

    /// The stored row of a user that a command changes.
    pub(in crate::store) fn user_row(&self, id: UserId) -> Option<&UserRow> {
        self.user_rows.get(&id)
    }

    /// Puts a new or changed user in, and shows him to the commands that follow.
    pub(in crate::store) fn put_user(&mut self, row: UserRow) -> Result<()> {
        let id = UserId(row.id.0);
        self.pending.users.insert(id);
        self.user_rows.insert(id, row);
        self.redraw()
    }

    /// Puts a new or changed unit in, and shows it to the commands that follow.
    pub(in crate::store) fn put_unit(&mut self, unit: Unit) -> Result<()> {
        self.pending.units.insert(unit.id, unit);
        self.redraw()
    }

    /// The unfinished cases of which this holds, as they stand within this batch.
    pub(in crate::store) fn unfinished_cases(&self, holds: impl Fn(&Case) -> bool) -> Vec<Case> {
        let held = self.cases.values().filter(|case| is_unfinished(case) && holds(case));
        let mut found: Vec<Case> = held.cloned().collect();
        found.sort_unstable_by_key(|case| case.id);
        found
    }

    /// The stored row of a session that a command names.
    pub(in crate::store) fn session(&self, id: SessionId) -> Option<&SessionRow> {
        self.sessions.get(&id)
    }

    /// Puts a new or changed session in.
    pub(in crate::store) fn put_session(&mut self, row: SessionRow) {
        let id = SessionId(row.id.0);
        self.pending.sessions.insert(id);
        self.sessions.insert(id, row);
    }

    /// Makes the access tokens of an ended session worthless on every server.
    pub(in crate::store) fn forget_tokens_of(&mut self, session: SessionId) -> Result<()> {
        self.ended.insert(session);
        self.redraw()
    }

    /// The stored row of a link that a command uses.
    pub(in crate::store) fn link(&self, digest: &[u8; 32]) -> Option<&LinkRow> {
        self.links.get(digest.as_slice())
    }

    /// Puts a new link in.
    pub(in crate::store) fn put_link(&mut self, row: LinkRow) {
        self.pending.links.insert(row.digest.clone());
        self.links.insert(row.digest.clone(), row);
    }

    /// Uses up every link of this user, or every link of the set-up.
    pub(in crate::store) fn use_up_links(&mut self, user: Option<UserId>, at: DateTime<Utc>) {
        let owner = user.map(|user| Key(user.0));
        for (digest, link) in &mut self.links {
            if link.user_id == owner && link.used_at.is_none() {
                link.used_at = Some(At(at));
                self.pending.links.insert(digest.clone());
            }
        }
    }

    /// Draws the directory anew with the changes of this batch; its version moves on, and with it
    /// that of the picture that every process holds.
    pub(super) fn redraw(&mut self) -> Result<()> {
        let old = &self.directory;
        let mut units: Vec<_> = old.units().into_iter().cloned().collect();
        for unit in self.pending.units.values() {
            units.retain(|other| other.id != unit.id);
            units.push(unit.clone());
        }
        let mut users: Vec<_> = old.users().into_iter().cloned().collect();
        for id in &self.pending.users {
            if let Some(row) = self.user_rows.get(id) {
                users.retain(|other| other.id != *id);
                users.push(row.to_user()?);
            }
        }
        let ended = old.ended_sessions().union(&self.ended).copied().collect();
        self.directory = Arc::new(Directory::new(old.version() + 1, units, users, ended));
        Ok(())
    }

    /// Writes units and, after the users that they name, sessions and links.
    pub(super) fn flush_people(&self, conn: &mut Conn) -> Result<()> {
        let pending = &self.pending;
        // Parents first: the ids are ordered by the time of their making.
        let units: Vec<UnitRow> = pending.units.values().map(UnitRow::of).collect();
        dialect::write_units(conn, &units)?;
        let users: Vec<UserRow> =
            pending.users.iter().filter_map(|id| self.user_rows.get(id)).cloned().collect();
        dialect::write_users(conn, &users)?;
        let sessions: Vec<SessionRow> =
            pending.sessions.iter().filter_map(|id| self.sessions.get(id)).cloned().collect();
        dialect::write_sessions(conn, &sessions)?;
        if let Some(newest) = sessions.iter().map(|row| row.created_at.0).max() {
            Self::forget_sessions(conn, newest - Duration::days(SESSIONS_KEPT_DAYS))?;
        }
        let links: Vec<LinkRow> =
            pending.links.iter().filter_map(|digest| self.links.get(digest)).cloned().collect();
        dialect::write_links(conn, &links)
    }

    /// Deletes some sessions that have long been over.
    fn forget_sessions(conn: &mut Conn, before: DateTime<Utc>) -> Result<()> {
        const AT_ONCE: i64 = 100;
        let keys: Vec<Key> = sessions::table
            .filter(sessions::expires_at.lt(At(before)))
            .order(sessions::expires_at)
            .limit(AT_ONCE)
            .select(sessions::id)
            .load(conn)?;
        if !keys.is_empty() {
            diesel::delete(sessions::table.filter(sessions::id.eq_any(keys))).execute(conn)?;
        }
        Ok(())
    }
}
