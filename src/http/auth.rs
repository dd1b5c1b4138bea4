//! Who is calling, and may his role do this at all. The right is part of the handler's signature:
//! `Auth<ReadCases>`.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};

use super::contract::{Declares, Describe, Draft};
use super::limits;
use super::problem::{Fault, Problem};
use super::trace::RequestId;
use crate::domain::actor::Actor;
use crate::domain::ids::SessionId;
use crate::domain::lifecycle::Action;
use crate::domain::policy::Right;
use crate::domain::rejection::Reason;
use crate::domain::unit::User;
use crate::service::App;
use crate::service::cases::Origin;
use crate::service::tokens::Bearer;
use crate::store::command::{self, Idempotency};

/// What can be refused of any request (http/trace.rs).
const ENCODED: &str = "The body is compressed, or not of the media type that is taken.";

/// A right as a type, for signatures.
pub trait Needs: 'static {
    /// The right.
    const RIGHT: Right;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $right:expr;)+) => {$(
        $(#[$doc])*
        pub struct $name;
        impl Needs for $name {
            const RIGHT: Right = $right;
        }
    )+};
}

needs! {
    /// To be logged in.
    SignedIn = Right::SignedIn;
    /// To read cases.
    ReadCases = Right::ReadCases;
    /// To take a whole case out as one file.
    ExportCases = Right::ExportCases;
    /// To read the figures.
    ReadStatistics = Right::ReadStatistics;
    /// To read what the server counts about itself.
    ReadMetrics = Right::ReadMetrics;
    /// To manage units and users.
    ManageDirectory = Right::ManageDirectory;
    /// To keep standard paragraphs.
    KeepParagraphs = Right::KeepParagraphs;
    /// To import calendar years and to put them in force.
    ManageCalendar = Right::ManageCalendar;
    /// To receive applications.
    Receive = Right::Act(Action::Receive);
    /// To register.
    Register = Right::Act(Action::Register);
    /// To amend.
    Amend = Right::Act(Action::Amend);
    /// To void.
    Void = Right::Act(Action::Void);
    /// To assign.
    Assign = Right::Act(Action::Assign);
    /// To accept.
    Accept = Right::Act(Action::Accept);
    /// To return.
    Return = Right::Act(Action::Return);
    /// To request a supplement.
    RequestSupplement = Right::Act(Action::RequestSupplement);
    /// To record a supplement.
    Supplement = Right::Act(Action::Supplement);
    /// To lapse.
    Lapse = Right::Act(Action::Lapse);
    /// To request an extension.
    RequestExtension = Right::Act(Action::RequestExtension);
    /// To decide an extension.
    DecideExtension = Right::Act(Action::DecideExtension);
    /// To draft an answer.
    DraftAnswer = Right::Act(Action::DraftAnswer);
    /// To review a draft.
    Review = Right::Act(Action::Review);
    /// To ask another unit.
    AskSubtask = Right::Act(Action::AskSubtask);
    /// To reply to what one's unit was asked.
    ReplySubtask = Right::Act(Action::ReplySubtask);
    /// To give back what one's unit was asked.
    ReturnSubtask = Right::Act(Action::ReturnSubtask);
    /// To wait no longer for a unit.
    WaiveSubtask = Right::Act(Action::WaiveSubtask);
    /// To issue an answer.
    Answer = Right::Act(Action::Answer);
    /// To record a service.
    Serve = Right::Act(Action::Serve);
    /// To issue a letter of its own.
    IssueLetter = Right::Act(Action::IssueLetter);
    /// To declare a letter void.
    VoidLetter = Right::Act(Action::VoidLetter);
    /// To ask for the electronic seal of a letter.
    RequestSeal = Right::Act(Action::RequestSeal);
    /// To withdraw.
    Withdraw = Right::Act(Action::Withdraw);
    /// To attach a file.
    Attach = Right::Act(Action::Attach);
    /// To take a file down.
    Detach = Right::Act(Action::Detach);
    /// To put an ended case away.
    Archive = Right::Act(Action::Archive);
}

/// A caller whose token is good, whose account is active, and whose role has the right.
pub struct Auth<N: Needs> {
    /// The actor.
    pub actor: Actor,
    /// The user.
    pub user: User,
    /// The session.
    pub session: SessionId,
    request_id: String,
    right: PhantomData<N>,
}

impl<N: Needs> Auth<N> {
    /// The origin of a command that this caller gives.
    #[must_use]
    pub fn origin(&self, idempotency: Option<Idempotency>) -> Origin {
        Origin {
            caller: command::Caller::User(self.actor.user),
            request_id: self.request_id.clone(),
            idempotency,
        }
    }
}

impl<N: Needs> Describe for Auth<N> {
    fn describe(draft: &mut Draft) {
        draft.error(415, ENCODED);
        draft.error(401, "No valid access token.");
        draft.error(403, "The role has not the right, or this caller may not.");
        draft.error(503, "The database is unavailable or too busy; try again.");
    }
}

impl<N: Needs> Declares for Auth<N> {
    fn right() -> Option<Right> {
        Some(N::RIGHT)
    }
}

impl<N: Needs> FromRequest for Auth<N> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<web::Data<App>>().cloned().ok_or(Fault::Internal)?;
            let bearer = bearer(&request, &app)?;
            let directory = app.store.directory().await?;
            let user = directory
                .user(bearer.user)
                .filter(|user| user.token_epoch == bearer.epoch)
                .filter(|_| !directory.has_ended(bearer.session))
                .cloned()
                .ok_or(Fault::Unauthenticated)?;
            let actor = directory.actor(user.id).ok_or(Fault::Unauthenticated)?;
            limits::charge(&request, || limits::Caller::User(user.id))?;
            if !N::RIGHT.granted_to(actor.role) {
                return Err(Reason::RoleNotPermitted.into());
            }
            let request_id = request_id(&request);
            let session = bearer.session;
            Ok(Self { actor, user, session, request_id, right: PhantomData })
        })
    }
}

/// The id that the middleware gave to a request.
fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// For whom the token speaks. Who shows none, or one that is not known yet, is counted by address.
fn bearer(request: &HttpRequest, app: &App) -> Result<Bearer, Problem> {
    let mut refused = None;
    let may_check = || match limits::charge_address(request) {
        Ok(()) => true,
        Err(problem) => {
            refused = Some(problem);
            false
        }
    };
    let Some(token) = bearer_token(request) else {
        limits::charge_address(request)?;
        return Err(Fault::Unauthenticated.into());
    };
    let bearer = app.tokens.verify_if(token, app.clock.now(), may_check);
    bearer.ok_or_else(|| refused.unwrap_or_else(|| Fault::Unauthenticated.into()))
}

/// The token of the one `Authorization: Bearer` header; two headers are none.
fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let (one, more) = (headers.next()?, headers.next());
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    let plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    (more.is_none() && scheme.eq_ignore_ascii_case("bearer") && plain).then_some(token)
}

/// Marks an operation that everybody may call.
pub struct Open {
    /// The request, for the ledger and the log.
    pub request_id: String,
}

impl Describe for Open {
    fn describe(draft: &mut Draft) {
        draft.error(415, ENCODED);
    }
}

impl Declares for Open {
    fn right() -> Option<Right> {
        None
    }
}

impl FromRequest for Open {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(
            limits::charge_address(request).map(|()| Self { request_id: request_id(request) }),
        )
    }
}
