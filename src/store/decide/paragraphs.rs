//! Standard paragraphs: creating, changing, closing. The ledger keeps them under the unit whose they
//! are, the bureau's under the bureau: each entry is a version of that unit.

use serde_json::{Map, Value, json};

use super::super::command::Outcome;
use super::super::error::Error;
use super::super::ledger::{self, Deed, Origin, Subject};
use super::super::workspace::Workspace;
use super::people::check_version;
use super::{Decided, plain_outcome};
use crate::domain::actor::Actor;
use crate::domain::ids::{ParagraphId, UnitId, Version};
use crate::domain::paragraph::{Paragraph, ParagraphChange, ParagraphPlan, may_keep};
use crate::domain::rejection::{Reason, Rejection};

impl Workspace<'_> {
    pub(super) fn create_paragraph(
        &mut self,
        id: ParagraphId,
        plan: &ParagraphPlan,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let actor = origin.actor.ok_or(Reason::RoleNotPermitted)?;
        self.check_keeper(actor, plan.unit)?;
        let paragraph = Paragraph {
            id,
            plan: plan.clone(),
            closed_at: None,
            version: Version::FIRST,
            created_at: origin.at,
            updated_at: origin.at,
        };
        self.enter_paragraph(None, paragraph, ("create_paragraph", None), origin)
    }

    pub(super) fn change_paragraph(
        &mut self,
        id: ParagraphId,
        expected: Version,
        change: &ParagraphChange,
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let actor = origin.actor.ok_or(Reason::RoleNotPermitted)?;
        let before = self.paragraphs.get(&id).ok_or(Reason::NotFound)?.clone();
        self.check_keeper(actor, before.plan.unit)?;
        check_version(before.version, Some(expected))?;
        if before.closed_at.is_some() {
            return Err(Reason::ParagraphClosed.into());
        }
        let mut after = before.clone();
        after.version = before.version.next();
        after.updated_at = origin.at;
        let deed = match change {
            ParagraphChange::Edit(patch) => {
                let plan = &mut after.plan;
                let texts = [
                    (&mut plan.subject, &patch.subject),
                    (&mut plan.title, &patch.title),
                    (&mut plan.body, &patch.body),
                ];
                for (text, new) in texts {
                    if let Some(new) = new {
                        text.clone_from(new);
                    }
                }
                if after.plan == before.plan {
                    return Err(Reason::Unchanged.into());
                }
                ("change_paragraph", None)
            }
            ParagraphChange::Close { reason } => {
                after.closed_at = Some(origin.at);
                ("close_paragraph", Some(reason.as_str()))
            }
        };
        self.enter_paragraph(Some(&before), after, deed, origin)
    }

    /// May he keep the paragraphs of this unit, which is there and open?
    fn check_keeper(&self, actor: &Actor, unit: Option<UnitId>) -> Decided<()> {
        let no = |reason| Rejection::new(reason).at("/unit_id");
        match unit.map(|unit| self.directory.unit(unit)) {
            Some(None) => return Err(no(Reason::UnitUnknown).into()),
            Some(Some(unit)) if !unit.is_open() => return Err(no(Reason::UnitClosed).into()),
            Some(Some(_)) | None => {}
        }
        may_keep(actor, unit).map_err(|reason| Rejection::new(reason).into())
    }

    fn enter_paragraph(
        &mut self,
        before: Option<&Paragraph>,
        after: Paragraph,
        (action, reason): (&str, Option<&str>),
        origin: &Origin<'_>,
    ) -> Decided<Outcome> {
        let keeper = match after.plan.unit {
            Some(unit) => self.directory.unit(unit),
            None => self.directory.bureau(),
        };
        let mut unit = keeper.ok_or_else(|| Error::corrupt("nobody keeps the paragraph"))?.clone();
        unit.version = unit.version.next();
        unit.updated_at = origin.at;
        let subject = Subject { kind: "unit", id: unit.id.0, version: unit.version.0, action };
        let mut input = json!({ "paragraph_id": after.id, "version": after.version });
        if let (Some(reason), Value::Object(members)) = (reason, &mut input) {
            members.insert("reason".to_owned(), json!(reason));
        }
        let (mut was, mut is) = (before.map(facts).unwrap_or_default(), facts(&after));
        is.retain(|name, value| was.get(name) != Some(value));
        was.retain(|name, _| is.contains_key(name));
        let deed = Deed { input, personal: None, record: None, before: was, after: is };
        let event = ledger::append(&mut self.head, &subject, origin, deed)?;
        self.pending.events.push(event);
        self.put_unit(unit)?;
        self.put_paragraph(after.clone());
        Ok(Outcome { paragraph: Some(after), ..plain_outcome(origin.at) })
    }
}

/// What the ledger tells of a paragraph; all of it, so that it can be rebuilt.
fn facts(paragraph: &Paragraph) -> Map<String, Value> {
    let members = json!({
        "unit_id": paragraph.plan.unit,
        "subject": paragraph.plan.subject,
        "title": paragraph.plan.title,
        "body": paragraph.plan.body,
        "closed_at": paragraph.closed_at,
    });
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
