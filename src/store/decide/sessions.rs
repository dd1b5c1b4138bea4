//! Sessions: opening, refreshing, ending. They are no part of a case's history, so they stand in a
//! table of their own and not in the ledger; only the alarm of a stolen token does.

use serde_json::json;

use super::super::command::{NewSession, Outcome, SessionAfter};
use super::super::ledger::{Origin, Subject};
use super::super::rows::SessionRow;
use super::super::types::{At, Key};
use super::super::workspace::Workspace;
use super::{Decided, plain_outcome};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::rejection::Reason;
use crate::domain::session::EndCause;

/// A refresh token that was presented, and the one that shall take its place.
pub(super) struct Exchange<'a> {
    pub(super) generation: i64,
    pub(super) presented: &'a [u8; 32],
    pub(super) next: &'a [u8; 32],
}

impl Workspace<'_> {
    pub(super) fn open_session(
        &mut self,
        new: &NewSession,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let user = self.caller_epoch(origin)?;
        // The password was checked against an older row: it may be the old password.
        if user.1 != new.epoch {
            return Err(Reason::NotFound.into());
        }
        self.put_session(SessionRow {
            id: Key(new.id.0),
            user_id: Key(user.0.0),
            token_epoch: new.epoch,
            generation: 1,
            refresh_digest: new.refresh_digest.to_vec(),
            client: new.client.clone(),
            created_at: At(origin.at),
            last_used_at: At(origin.at),
            expires_at: At(new.expires_at),
            ended_at: None,
            end_cause: None,
        });
        Ok(alive(new.expires_at, origin))
    }

    pub(super) fn refresh_session(
        &mut self,
        id: SessionId,
        exchange: &Exchange<'_>,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let (user, epoch) = self.caller_epoch(origin)?;
        let session = self.session(id).filter(|session| {
            session.user_id.0 == user.0
                && session.ended_at.is_none()
                && session.token_epoch == epoch
                && origin.at < session.expires_at.0
        });
        let mut session = session.ok_or(Reason::NotFound)?.clone();
        if exchange.generation < session.generation {
            self.enter_alarm(id, user, origin)?;
            self.finish(session, EndCause::RefreshTokenReused, origin)?;
            let after = Some(SessionAfter::Revoked);
            return Ok(Outcome { session: after, ..plain_outcome(origin.at) });
        }
        if exchange.generation > session.generation
            || session.refresh_digest != exchange.presented.as_slice()
        {
            return Err(Reason::NotFound.into());
        }
        session.generation += 1;
        session.refresh_digest = exchange.next.to_vec();
        session.last_used_at = At(origin.at);
        let until = session.expires_at.0;
        self.put_session(session);
        Ok(alive(until, origin))
    }

    pub(super) fn end_session(
        &mut self,
        id: SessionId,
        cause: EndCause,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let (user, _) = self.caller_epoch(origin)?;
        let session = self.session(id).filter(|session| session.user_id.0 == user.0);
        let session = session.ok_or(Reason::NotFound)?.clone();
        // Ending it twice is ending it (RFC 9110 §9.2.2).
        if session.ended_at.is_none() {
            self.finish(session, cause, origin)?;
        }
        Ok(plain_outcome(origin.at))
    }

    fn finish(
        &mut self,
        mut session: SessionRow,
        cause: EndCause,
        origin: &Origin<'_>,
    ) -> Decided<()> {
        session.ended_at = Some(At(origin.at));
        session.end_cause = Some(cause.as_str().to_owned());
        let id = SessionId(session.id.0);
        self.put_session(session);
        self.forget_tokens_of(id)?;
        Ok(())
    }

    /// The alarm stands in the ledger as an entry about the user.
    fn enter_alarm(&mut self, id: SessionId, user: UserId, origin: &Origin<'_>) -> Decided<()> {
        let mut row = self.user_row(user).ok_or(Reason::NotFound)?.clone();
        row.version += 1;
        row.updated_at = At(origin.at);
        let action = EndCause::RefreshTokenReused.as_str();
        let subject = Subject { kind: "user", id: user.0, version: row.version, action };
        self.enter(&subject, origin, (json!({}), json!({ "session_id": id })))?;
        self.put_user(row)?;
        Ok(())
    }

    fn caller_epoch(&self, origin: &Origin<'_>) -> Decided<(UserId, i64)> {
        let actor = origin.actor.ok_or(Reason::RoleNotPermitted)?;
        let user = self.directory.user(actor.user).ok_or(Reason::ActorDisabled)?;
        Ok((user.id, user.token_epoch))
    }
}

fn alive(expires_at: chrono::DateTime<chrono::Utc>, origin: &Origin<'_>) -> Outcome {
    Outcome { session: Some(SessionAfter::Alive { expires_at }), ..plain_outcome(origin.at) }
}
