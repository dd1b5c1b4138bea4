//! The public door: applicants without an account. Who wants to know of a case shows its number and
//! its query code; whatever is wrong with them, the answer is the same.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::App;
use super::cases::{self, ApplicationInput, Origin};
use super::throttle::{Limits, Throttle, Wait, network};
use crate::config::DailyCaps;
use crate::domain::actor::CaseScope;
use crate::domain::attachment::Attachment;
use crate::domain::case::{Case, ServedLetter};
use crate::domain::deadline::{legal_day, start_of_legal_day};
use crate::domain::identity::fold_width;
use crate::domain::ids::{AttachmentId, CaseId};
use crate::domain::letter::{LetterRef, Sheet};
use crate::domain::public_status::PublicView;
use crate::domain::query_code::QueryCode;
use crate::domain::rejection::{Reason, Refusal};
use crate::domain::sealed::PersonalField;
use crate::store::command::{Caller, Command, DailyQuota, Denied, Outcome, Replayed};
use crate::store::{self, Error};

/// Keys that each throttle remembers at most: 4 MB.
const KEYS: usize = 65_536;

/// Wrong codes for one case: five, then half an hour in which the right one is as wrong. It does
/// not grow: somebody who only wants to lock an applicant out should not have it easy.
const PER_CASE: Limits = Limits {
    allowed: 5,
    window: TimeDelta::minutes(30),
    cool_down: TimeDelta::minutes(30),
    longest: TimeDelta::minutes(30),
    keys: KEYS,
};

/// Wrong numbers and codes from one address, where a whole office may sit behind one.
const PER_ADDRESS: Limits = Limits {
    allowed: 20,
    window: TimeDelta::hours(1),
    cool_down: TimeDelta::minutes(15),
    longest: TimeDelta::hours(24),
    keys: KEYS,
};

/// What the public door remembers of those who come to it. Of each process, in memory.
pub struct Door {
    by_case: Throttle,
    by_address: Throttle,
    applications: Throttle,
    per_identity: i64,
    refused: AtomicU64,
    alarms: AtomicU64,
}

impl Door {
    /// A door at which nobody has been yet.
    #[must_use]
    pub fn new(caps: DailyCaps) -> Self {
        let a_day = TimeDelta::days(1);
        // The key names the day, so a new day begins anew.
        let applications = Limits {
            allowed: caps.per_address,
            window: a_day,
            cool_down: a_day,
            longest: a_day,
            keys: KEYS,
        };
        Self {
            by_case: Throttle::new(PER_CASE),
            by_address: Throttle::new(PER_ADDRESS),
            applications: Throttle::new(applications),
            per_identity: i64::from(caps.per_identity),
            refused: AtomicU64::new(0),
            alarms: AtomicU64::new(0),
        }
    }

    /// Wrong numbers and codes since the start.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Alarms since the start: cases and addresses that have run into a cool-down.
    #[must_use]
    pub fn alarms(&self) -> u64 {
        self.alarms.load(Ordering::Relaxed)
    }

    fn alarm(&self, what: &'static str, case: Option<CaseId>) {
        self.alarms.fetch_add(1, Ordering::Relaxed);
        let case = case.map(tracing::field::display);
        tracing::warn!(what, case, refused = self.refused(), "query codes are being guessed");
    }
}

/// Why somebody was turned away.
#[derive(Debug, thiserror::Error)]
pub enum TurnedAway {
    /// Too many wrong numbers and codes have come from this address.
    #[error("too many failures from this address")]
    Guessing(Wait),
    /// So many online applications are not taken in one day.
    #[error("the daily limit is reached")]
    DailyLimit(Wait),
    /// The number or the code is wrong, the law says no, or the store could not.
    #[error(transparent)]
    Denied(#[from] Denied),
}

impl From<Error> for TurnedAway {
    fn from(error: Error) -> Self {
        Self::Denied(error.into())
    }
}

/// What somebody shows to be let in on a case.
pub struct Claim {
    /// A receipt number or a case number, as it was typed.
    pub number: String,
    /// The query code.
    pub code: QueryCode,
}

/// A new case, as its applicant is told of it.
pub struct Receipt {
    /// The number on the receipt.
    pub number: String,
    /// The code by which he can follow the case. Shown once.
    pub query_code: String,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Is this the answer to an earlier request with the same idempotency key?
    pub replayed: Replayed,
}

/// Takes in an application that somebody sends in online. The query room receives it; nothing runs
/// before it has confirmed it with him (Regulation 2019, art. 31(3)).
///
/// # Errors
/// The daily limit of the address or of the person is reached, the command is refused, or the store
/// could not carry it out.
pub async fn apply(
    app: &Arc<App>,
    address: IpAddr,
    origin: Origin,
    input: ApplicationInput,
) -> Result<Receipt, TurnedAway> {
    let now = app.clock.now();
    let today = legal_day(now);
    let origin = Origin { caller: Caller::Applicant, ..origin };
    let repeated = match origin.idempotency.clone() {
        Some(key) => {
            app.store.readers.run(move |conn| store::public::is_repeated(conn, &key, now)).await?
        }
        None => false,
    };
    let quota = quota(app, &input, today);
    let received = cases::receive_online(app, origin, input, quota);
    if repeated {
        return receipt(received.await?);
    }
    let key = [today.to_string().as_bytes(), &network(address)].concat();
    let counted = &app.public.applications;
    counted.attempt(&key, now).map_err(|_| TurnedAway::DailyLimit(tomorrow(today)))?;
    let received = received.await.map_err(|denied| match denied {
        Denied::Refused(refusal) if refusal.first().reason == Reason::DailyLimitReached => {
            TurnedAway::DailyLimit(tomorrow(today))
        }
        other => other.into(),
    });
    received.and_then(receipt).inspect_err(|_| counted.take_back(&key))
}

fn tomorrow(today: NaiveDate) -> Wait {
    let next = today.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    Wait { until: start_of_legal_day(next) }
}

/// How many the person with this identity document may send in today.
fn quota(app: &App, input: &ApplicationInput, today: NaiveDate) -> Option<DailyQuota> {
    let document = input.applicant.document.as_ref()?;
    Some(DailyQuota {
        person: app.vault.blind_indexes(PersonalField::IdNumber, document.as_str()),
        since: start_of_legal_day(today),
        most: app.public.per_identity,
    })
}

fn receipt(outcome: Outcome) -> Result<Receipt, TurnedAway> {
    let lost = || Error::Other("an application without its outcome".to_owned());
    let case: Case = outcome.case.ok_or_else(lost)?.into();
    Ok(Receipt {
        number: case.record.intake.receipt_number,
        query_code: outcome.query_code.ok_or_else(lost)?,
        received_at: case.record.intake.received_at,
        replayed: outcome.replayed,
    })
}

/// Where the case stands.
///
/// # Errors
/// See [`TurnedAway`].
pub async fn status(
    app: &Arc<App>,
    address: IpAddr,
    claim: &Claim,
) -> Result<PublicView, TurnedAway> {
    let id = identify(app, address, claim).await?;
    let case = app.store.case(&CaseScope::All, id).await?;
    case.as_deref().and_then(PublicView::of).ok_or_else(|| wrong().into())
}

/// Takes in the applicant's supplement.
///
/// # Errors
/// See [`TurnedAway`]; no supplement is awaited, or its period is over.
pub async fn supplement(
    app: &Arc<App>,
    address: IpAddr,
    origin: Origin,
    claim: Claim,
    content: String,
) -> Result<(PublicView, Replayed), TurnedAway> {
    let case = identify(app, address, &claim).await?;
    let command = Command::SupplementByCode { case, code: claim.code, content };
    let origin = Origin { caller: Caller::Applicant, ..origin };
    let outcome = app.submit(origin, command).await.map_err(for_the_public)?;
    let after = outcome.case.map(Case::from);
    let view = after.as_ref().and_then(PublicView::of).ok_or_else(wrong)?;
    Ok((view, outcome.replayed))
}

/// An answer as its applicant gets it.
pub struct OnlineAnswer {
    /// The case.
    pub case: Case,
    /// The letter.
    pub letter: LetterRef,
    /// What was frozen of it.
    pub sheet: Sheet,
}

/// Gives the applicant his answer, when it is to be had here. The first time is its service: it counts
/// on that day.
///
/// # Errors
/// See [`TurnedAway`]; there is no answer, it is given in another way, or it tells of remedies that do
/// not hold any more.
pub async fn answer(
    app: &Arc<App>,
    address: IpAddr,
    origin: Origin,
    claim: Claim,
) -> Result<OnlineAnswer, TurnedAway> {
    let id = identify(app, address, &claim).await?;
    let origin = Origin { caller: Caller::Applicant, ..origin };
    let command = Command::AnswerByCode { case: id, code: claim.code };
    let outcome = app.submit(origin, command).await.map_err(for_the_public)?;
    let case: Case = outcome.case.ok_or_else(wrong)?.into();
    let letter = case.online_answer().cloned().ok_or_else(wrong)?;
    let of = letter.id;
    let row = app.store.readers.run(move |conn| store::letters::of_case(conn, id, of)).await?;
    let lost = || Error::Corrupt(format!("letter {of} has no row"));
    let sheet = row.ok_or_else(lost)?.sheet(&app.vault)?;
    Ok(OnlineAnswer { case, letter, sheet })
}

/// A file that is provided with an answer, for somebody who has shown number and code. To look for it
/// enters nothing; [`take`] does.
pub struct Chosen {
    /// The file.
    pub file: Attachment,
    case: CaseId,
    code: QueryCode,
    /// Is the answer served already?
    served: bool,
}

/// The file of an answer that number and code belong to.
///
/// # Errors
/// See [`TurnedAway`]; there is no answer, it is given in another way, or the file is not one of its.
pub async fn chosen(
    app: &Arc<App>,
    address: IpAddr,
    claim: Claim,
    file: AttachmentId,
) -> Result<Chosen, TurnedAway> {
    let id = identify(app, address, &claim).await?;
    let case = app.store.case(&CaseScope::All, id).await?;
    let case = case.filter(|case| PublicView::of(case).is_some()).ok_or_else(wrong)?;
    if case.online_answer().is_none() {
        return Err(Denied::from(Reason::AnswerNotOnline).into());
    }
    let file = case.provided_file(file).cloned().ok_or(Denied::from(Reason::NotFound))?;
    let served = case.effective_service(ServedLetter::Answer).is_some();
    Ok(Chosen { file, case: id, code: claim.code, served })
}

/// Records that the applicant takes a file, when its bytes are at hand: where nothing of the answer
/// has reached him before, this is its service.
///
/// # Errors
/// As of [`answer`].
pub async fn take(app: &Arc<App>, origin: Origin, chosen: Chosen) -> Result<(), TurnedAway> {
    if chosen.served {
        return Ok(());
    }
    let origin = Origin { caller: Caller::Applicant, ..origin };
    let command = Command::AnswerByCode { case: chosen.case, code: chosen.code };
    app.submit(origin, command).await.map_err(for_the_public)?;
    Ok(())
}

/// That the status forbids it is said without the status of the desk, which has more of them than
/// the public is told of.
fn for_the_public(denied: Denied) -> Denied {
    match denied {
        Denied::Refused(refusal) if refusal.first().reason == Reason::StatusForbids => {
            Reason::StatusForbids.into()
        }
        other => other,
    }
}

fn wrong() -> Denied {
    Denied::Refused(Refusal::from(Reason::NumberOrCodeWrong))
}

/// The key under which failures with unknown numbers are counted: as much work as with a known one,
/// and no room in the table for numbers that somebody makes up.
const NO_CASE: &[u8] = b"no case";

/// The digest that belongs to an unknown number. No code has it.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The case that number and code belong to. An unknown number, a wrong code, a case that the public
/// is not told of and a case that has to cool down take the same steps and give the same refusal.
async fn identify(app: &Arc<App>, address: IpAddr, claim: &Claim) -> Result<CaseId, TurnedAway> {
    let door = &app.public;
    let now = app.clock.now();
    let network = network(address);
    let guesses = door.by_address.attempt(&network, now).map_err(TurnedAway::Guessing)?;
    let numbers = spellings(&claim.number);
    let found = app
        .store
        .readers
        .run(move |conn| store::public::by_number(conn, &numbers))
        .await
        .inspect_err(|_| door.by_address.take_back(&network))?;
    let id = found.as_ref().map(|(id, _)| *id);
    let digest = found.as_ref().map_or(NO_DIGEST, |(_, digest)| digest);
    let key = id.map_or_else(|| NO_CASE.to_vec(), |id| id.0.as_bytes().to_vec());
    let attempt = door.by_case.attempt(&key, now);
    let right = app.vault.is_query_code(&claim.code, digest);
    match (id, attempt) {
        (Some(id), Ok(_)) if right => {
            door.by_case.succeeded(&key);
            door.by_address.take_back(&network);
            Ok(id)
        }
        (id, attempt) => {
            door.refused.fetch_add(1, Ordering::Relaxed);
            if id.is_some() && attempt.is_ok_and(|began| began.is_some()) {
                door.alarm("a case", id);
            }
            if guesses.is_some() {
                door.alarm("an address", None);
            }
            Err(wrong().into())
        }
    }
}

/// The ways in which a number may be meant that was typed from paper: full-width letters, small
/// letters, spaces, and one of the brackets around the year for another.
fn spellings(number: &str) -> Vec<String> {
    let typed: String =
        number.chars().map(fold_width).filter(|c| !c.is_whitespace()).take(64).collect();
    let bracketed = typed
        .chars()
        .map(|c| match c {
            '(' | '[' | '{' | '【' | '〖' | '〈' | '<' => '〔',
            ')' | ']' | '}' | '】' | '〗' | '〉' | '>' => '〕',
            other => other,
        })
        .collect();
    vec![number.trim().to_owned(), bracketed, typed.to_uppercase(), typed]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_understood_however_it_was_typed() {
        let case = "长公公开〔2026〕48号";
        for typed in [
            case,
            " 长公公开〔2026〕48号 ",
            "长公公开[2026]48号",
            "长公公开【2026】48号",
            "长公公开（２０２６）４８号",
        ] {
            assert!(spellings(typed).iter().any(|s| s == case), "{typed}");
        }
        for typed in
            ["sj2026-000058", "SJ2026-000058", "ＳＪ２０２６－０００058", "SJ 2026 - 000058"]
        {
            assert!(spellings(typed).iter().any(|s| s == "SJ2026-000058"), "{typed}");
        }
        assert!(spellings("长公公开〔2026〕4号").iter().all(|s| s != case));
    }

    #[test]
    fn one_line_is_one_address() {
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:1"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
