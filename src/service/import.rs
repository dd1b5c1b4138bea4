//! Taking in many applications at once, as from the day's paper register: looked at as a whole
//! before anything is written, then one command each, so that others get their turn between them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Datelike as _;

use super::App;
use super::cases::{self, ApplicationInput, Origin};
use super::flight::launched;
use crate::config::CASE_NUMBER_PATTERN;
use crate::domain::actor::{Actor, By};
use crate::domain::deadline::legal_day;
use crate::domain::earlier::Earlier;
use crate::domain::external_ref::ExternalRef;
use crate::domain::lifecycle::{self, Context, EarlierCases, NextNumbers, Step};
use crate::domain::paragraph::Paragraphs;
use crate::domain::query_code::QueryCode;
use crate::domain::rejection::{Reason, Refusal, Rejection};
use crate::domain::said::Said;
use crate::domain::similarity::folded;
use crate::domain::unit::Directory;
use crate::store::command::{Denied, Idempotency, Outcome};
use crate::store::references::{self, Holder};
use crate::store::{Conn, Result};

/// Commands under way at most: few, for others want the writer too.
const UNDER_WAY: usize = 25;

/// What a look at one application found.
pub enum Finding {
    /// It can be taken in. The applicant's earlier cases are known.
    New(Earlier),
    /// It has been taken in already, as this case.
    Present(Holder),
    /// It would be refused.
    Refused(Refusal),
}

impl Finding {
    /// The applicant's earlier cases, when they were looked for.
    #[must_use]
    pub const fn earlier(&self) -> Option<&Earlier> {
        match self {
            Self::New(earlier) => Some(earlier),
            Self::Present(_) | Self::Refused(_) => None,
        }
    }
}

/// What came of one application.
pub enum Done {
    /// The command's answer.
    Answered(std::result::Result<Box<Outcome>, Denied>),
    /// Not tried: the store had failed before.
    NotTried,
}

/// Looks at every application as the writer would decide it, and writes nothing. In the answer each
/// application has its finding, in order.
///
/// # Errors
/// The database cannot be read.
pub async fn rehearse(
    app: &App,
    actor: &Actor,
    inputs: &[ApplicationInput],
) -> Result<Vec<Finding>> {
    let directory = app.store.directory().await?;
    let named: Vec<ExternalRef> =
        inputs.iter().filter_map(|input| input.external_ref.clone()).collect();
    let find = move |conn: &mut Conn| references::holders(conn, &named.iter().collect::<Vec<_>>());
    let mut holders: HashMap<ExternalRef, Holder> =
        app.store.readers.run(find).await?.into_iter().collect();
    let mut findings = Vec::with_capacity(inputs.len());
    for input in inputs {
        let holder = input.external_ref.as_ref().and_then(|known| holders.remove(known));
        findings.push(match (holder, decided(app, actor, &directory, input)?) {
            (Some(holder), _) => held(holder, actor, input),
            (None, Some(refusal)) => Finding::Refused(refusal),
            (None, None) => Finding::New(super::earlier::of_application(app, actor, input).await?),
        });
        // Deciding takes the thread's time and may find nothing to wait for.
        tokio::task::yield_now().await;
    }
    Ok(findings)
}

/// A number that is taken: by this very application, or by another.
fn held(holder: Holder, actor: &Actor, input: &ApplicationInput) -> Finding {
    let taken = Rejection::new(Reason::ExternalRefTaken).at("/external_ref");
    if !holder.is_within(&actor.case_scope()) {
        return Finding::Refused(taken.into());
    }
    let same = folded(&holder.subject) == folded(&input.subject)
        && folded(&holder.applicant_name) == folded(&input.applicant.name);
    if same {
        Finding::Present(holder)
    } else {
        let number = holder.receipt_number.clone();
        Finding::Refused(taken.saying(Said::neutral(number)).because_of(holder.case).into())
    }
}

/// Why the lifecycle would refuse an application now, if it would.
fn decided(
    app: &App,
    actor: &Actor,
    directory: &Directory,
    input: &ApplicationInput,
) -> Result<Option<Refusal>> {
    let at = app.clock.now();
    let (new, register) = cases::parts(app, &QueryCode::from_random([0; 10]), input.clone())?;
    // Numbers do not decide; the writer gives the real ones.
    let case_pattern = CASE_NUMBER_PATTERN.to_owned();
    let year = legal_day(at).year();
    let numbers = NextNumbers { year, receipt: 1, case: 1, case_pattern, ..NextNumbers::default() };
    let ctx = Context {
        by: By::Staff(actor),
        at,
        law: &app.law(),
        decisions: app.decisions,
        practice: app.practice,
        earlier: &EarlierCases::new(),
        paragraphs: &Paragraphs::new(),
        directory,
        office: &app.letters,
        numbers: &numbers,
    };
    let decided = lifecycle::receive(&new, &ctx).and_then(|case| match register {
        Some(arrival) => lifecycle::apply(&case, &Step::Register { arrival }, &ctx).map(drop),
        None => Ok(()),
    });
    Ok(decided.err())
}

/// One application on its way in.
pub struct Entry {
    /// The application.
    pub input: ApplicationInput,
    /// The digest of what the register says of it: a repetition of the same entry by the same user
    /// within 48 hours gets the first answer again, query code and all.
    pub digest: [u8; 32],
    /// The applicant's earlier cases, when they have been looked for.
    pub earlier: Option<Earlier>,
}

/// Takes applications in, in their order, a few under way at a time. Each is one command: what has
/// been answered is committed, whatever comes after. When the store fails the rest is not tried.
pub async fn carry_out(app: &Arc<App>, origin: &Origin, entries: Vec<Entry>) -> Vec<Done> {
    let mut done = Vec::with_capacity(entries.len());
    let mut failed = false;
    let mut waiting = entries.into_iter().peekable();
    while waiting.peek().is_some() {
        let chunk: Vec<Entry> = waiting.by_ref().take(UNDER_WAY).collect();
        if failed {
            done.extend(chunk.iter().map(|_| Done::NotTried));
            continue;
        }
        let flights: Vec<_> = chunk
            .into_iter()
            .map(|Entry { input, digest, earlier }| {
                let origin = keyed(origin, &digest);
                launched(Box::pin(cases::receive_knowing(app, origin, input, earlier)))
            })
            .collect();
        for flight in flights {
            let answer = flight.await;
            failed |= matches!(answer, Err(Denied::Failed(_)));
            done.push(Done::Answered(answer.map(Box::new)));
        }
    }
    done
}

fn keyed(origin: &Origin, digest: &[u8; 32]) -> Origin {
    let key = format!("import-{}", crate::domain::hex::encode(digest));
    Origin { idempotency: Some(Idempotency { key, fingerprint: *digest }), ..origin.clone() }
}
