//! The applicant's earlier cases, for the counter: shown before and with a receipt.

use super::App;
use super::cases::{ApplicationInput, lookup_keys};
use crate::domain::actor::{Actor, CaseScope};
use crate::domain::case::LookupKeys;
use crate::domain::earlier::{Compared, Earlier, LookedIn, SHOWN_AT_MOST};
use crate::domain::sealed::PersonalField;
use crate::store::earlier::PersonKey;
use crate::store::{self, Result};

/// The data by which a person is recognised: the identity document, and only without one the
/// telephone number and the e-mail address, which several people may share.
fn keys_of(lookup: &LookupKeys) -> Vec<PersonKey> {
    if let Some(number) = lookup.id_number {
        return vec![(PersonalField::IdNumber, number)];
    }
    let phone = lookup.phone.map(|index| (PersonalField::Phone, index));
    let email = lookup.email.map(|index| (PersonalField::Email, index));
    phone.into_iter().chain(email).collect()
}

/// The earlier cases that exist for the actor, compared with an application.
///
/// # Errors
/// The database cannot be read.
pub async fn of_person(
    app: &App,
    actor: &Actor,
    lookup: &LookupKeys,
    with: Compared<'_>,
) -> Result<Earlier> {
    let scope = actor.case_scope();
    let looked_in = match scope {
        CaseScope::All => LookedIn::All,
        CaseScope::Units(_) | CaseScope::Nothing => LookedIn::OwnUnits,
    };
    let mut keys = Vec::new();
    for key in keys_of(lookup) {
        if app.store.knows_person(key).await? {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        return Ok(Earlier { looked_in, cases: Vec::new(), more: false });
    }
    let read = move |conn: &mut store::Conn| store::earlier::of_person(conn, &scope, &keys);
    let mut cases = app.store.readers.run(read).await?;
    let more = cases.len() > SHOWN_AT_MOST;
    cases.truncate(SHOWN_AT_MOST);
    let cases = cases.into_iter().map(|case| case.compared(with)).collect();
    Ok(Earlier { looked_in, cases, more })
}

/// The earlier cases of the applicant whose application is about to be recorded.
///
/// # Errors
/// The database cannot be read.
pub async fn of_application(app: &App, actor: &Actor, input: &ApplicationInput) -> Result<Earlier> {
    let lookup = lookup_keys(&app.vault, &input.applicant);
    let with = Compared { name: Some(&input.applicant.name), subject: Some(&input.subject) };
    of_person(app, actor, &lookup, with).await
}
