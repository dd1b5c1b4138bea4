//! The application on a fresh database: a small bureau with one user of every role, and a clock
//! that stands until it is set.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveDate, Utc};
use gongkai::clock::{Clock as _, SettableClock};
use gongkai::config::seal::SealService;
use gongkai::config::{CASE_NUMBER_PATTERN, FilePlace, Keys, Secret, Settings};
use gongkai::domain::actor::{Capability, Role};
use gongkai::domain::case::{Case, ReviewKind};
use gongkai::domain::deadline::legal_day;
use gongkai::domain::ids::{UnitId, UserId};
use gongkai::domain::lifecycle::{Step, awaited_reviews};
use gongkai::domain::policy::Right;
use gongkai::domain::rejection::Reason;
use gongkai::domain::unit::{UnitKind, UnitPlan};
use gongkai::service::cases::{self, ApplicationInput, Origin};
use gongkai::service::{App, sessions};
use gongkai::store::command::{Caller, Command, Denied, Idempotency, NewUser, Outcome, Request};
use gongkai::store::replay::{self, CasePattern, Difference};
use gongkai::store::{DatabaseUrl, WriterLimits, audit};

use super::databases::{Backend, Fresh, TestDatabase};
use super::inputs::{self, instant};

/// The password of every user.
pub const PASSWORD: &str = "correct horse battery";

/// A unit of the bureau.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Bureau,
    QueryRoom,
    CenterA,
    /// Below center A; may not issue answers.
    WindowA,
    CenterB,
    LegalOffice,
}

impl Place {
    /// Every unit, parents first.
    pub const ALL: [Self; 6] = [
        Self::Bureau,
        Self::QueryRoom,
        Self::CenterA,
        Self::WindowA,
        Self::CenterB,
        Self::LegalOffice,
    ];

    /// Code, name, kind, parent.
    const fn plan(self) -> (&'static str, &'static str, UnitKind, Option<Self>) {
        let bureau = Some(Self::Bureau);
        match self {
            Self::Bureau => ("bureau", "长春市公安局", UnitKind::Bureau, None),
            Self::QueryRoom => ("query_room", "信息公开查询室", UnitKind::QueryRoom, bureau),
            Self::CenterA => ("center_a", "户政分中心", UnitKind::ServiceCenter, bureau),
            Self::WindowA => ("window_a", "户政窗口", UnitKind::Window, Some(Self::CenterA)),
            Self::CenterB => ("center_b", "车辆分中心", UnitKind::ServiceCenter, bureau),
            Self::LegalOffice => ("legal_office", "法制处", UnitKind::LegalOffice, bureau),
        }
    }
}

/// A user of the bureau.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Clerk,
    SecondClerk,
    OfficerA,
    SecondOfficerA,
    WindowA,
    OfficerB,
    Legal,
    /// Of the legal office, with the capability of a secrecy reviewer.
    Secrecy,
    Supervisor,
    Auditor,
    Admin,
}

impl Who {
    /// Every user.
    pub const ALL: [Self; 11] = [
        Self::Clerk,
        Self::SecondClerk,
        Self::OfficerA,
        Self::SecondOfficerA,
        Self::WindowA,
        Self::OfficerB,
        Self::Legal,
        Self::Secrecy,
        Self::Supervisor,
        Self::Auditor,
        Self::Admin,
    ];

    const fn plan(self) -> (&'static str, Role, Place) {
        match self {
            Self::Clerk => ("clerk", Role::QueryRoom, Place::QueryRoom),
            Self::SecondClerk => ("clerk2", Role::QueryRoom, Place::QueryRoom),
            Self::OfficerA => ("officer_a", Role::ServiceCenter, Place::CenterA),
            Self::SecondOfficerA => ("officer_a2", Role::ServiceCenter, Place::CenterA),
            Self::WindowA => ("window_a", Role::ServiceCenter, Place::WindowA),
            Self::OfficerB => ("officer_b", Role::ServiceCenter, Place::CenterB),
            Self::Legal => ("legal", Role::LegalOffice, Place::LegalOffice),
            Self::Secrecy => ("secrecy", Role::LegalOffice, Place::LegalOffice),
            Self::Supervisor => ("supervisor", Role::Supervisor, Place::Bureau),
            Self::Auditor => ("auditor", Role::Auditor, Place::Bureau),
            Self::Admin => ("admin", Role::Admin, Place::Bureau),
        }
    }

    /// His role.
    pub const fn role(self) -> Role {
        self.plan().1
    }

    /// His rights beside the role.
    pub fn capabilities(self) -> Vec<Capability> {
        if self == Self::Secrecy { vec![Capability::SecrecyReviewer] } else { Vec::new() }
    }

    /// Who makes a review of this kind.
    pub const fn reviewer(kind: ReviewKind) -> Self {
        match kind {
            ReviewKind::Secrecy => Self::Secrecy,
            ReviewKind::Legality => Self::Legal,
        }
    }

    /// Somebody who has this right; the clerk, when he has it.
    pub fn with(right: Right) -> Self {
        let able = |who: &Self| right.granted_to(who.role());
        Self::ALL.into_iter().find(able).expect("nobody has this right")
    }

    /// The name by which he logs in, with [`PASSWORD`].
    pub const fn username(self) -> &'static str {
        self.plan().0
    }
}

/// The application, its clock, its bureau and, last to go, its database.
pub struct World {
    pub app: Arc<App>,
    pub clock: Arc<SettableClock>,
    units: Vec<UnitId>,
    users: Vec<UserId>,
    pub db: TestDatabase,
}

/// Whatever a test did by the product, in the end the ledger is whole and every row follows from it.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.db.is_meddled() {
            self.assert_whole();
        }
        drop(std::fs::remove_dir_all(self.files()));
    }
}

impl Fresh for World {
    async fn fresh(backend: Backend) -> Self {
        Self::with_limits(backend, WriterLimits::default()).await
    }
}

/// The application on a database in which nobody is yet.
pub struct Empty {
    pub app: Arc<App>,
    pub clock: Arc<SettableClock>,
    db: TestDatabase,
}

impl Drop for Empty {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_whole(&self.app, &self.db);
        }
    }
}

impl Fresh for Empty {
    async fn fresh(backend: Backend) -> Self {
        Self::with_settings(backend, |_| ())
    }
}

impl Empty {
    /// One with other settings.
    pub fn with_settings(backend: Backend, change: fn(&mut Settings)) -> Self {
        let db = TestDatabase::migrated(backend);
        let clock = SettableClock::at(instant("2025-03-10T02:00:00Z"));
        Self { app: start(db.url(), &clock, WriterLimits::default(), change), clock, db }
    }
}

impl World {
    /// A world whose writer takes only so much.
    pub async fn with_limits(backend: Backend, limits: WriterLimits) -> Self {
        Self::with(backend, limits, |_| ()).await
    }

    /// A world with other settings.
    pub async fn with_settings(backend: Backend, change: fn(&mut Settings)) -> Self {
        Self::with(backend, WriterLimits::default(), change).await
    }

    async fn with(backend: Backend, limits: WriterLimits, change: fn(&mut Settings)) -> Self {
        let db = TestDatabase::migrated(backend);
        // A Monday, ten o'clock in Changchun.
        let clock = SettableClock::at(instant("2025-03-10T02:00:00Z"));
        let app = start(db.url(), &clock, limits, change);
        let mut world = Self { app, clock, units: Vec::new(), users: Vec::new(), db };
        for place in Place::ALL {
            world.create_unit(place).await;
        }
        let hash = password_hash(&world.app).await;
        for who in Who::ALL {
            world.create_user(who, &hash).await;
        }
        world
    }

    async fn create_unit(&mut self, place: Place) {
        let (code, name, kind, parent) = place.plan();
        let id = UnitId(self.app.fresh_id());
        let plan = UnitPlan {
            code: code.to_owned(),
            name: name.to_owned(),
            kind,
            parent: parent.map(|parent| self.unit(parent)),
            may_issue: matches!(kind, UnitKind::QueryRoom | UnitKind::ServiceCenter),
        };
        self.operate(Command::CreateUnit { id, plan }).await.expect("a unit");
        self.units.push(id);
    }

    async fn create_user(&mut self, who: Who, password_hash: &str) {
        let (username, role, place) = who.plan();
        let id = UserId(self.app.fresh_id());
        let user = NewUser {
            id,
            username: username.to_owned(),
            display_name: username.to_owned(),
            password_hash: Some(password_hash.to_owned()),
            link: None,
            role,
            unit: self.unit(place),
            capabilities: who.capabilities(),
        };
        self.operate(Command::CreateUser(Box::new(user))).await.expect("a user");
        self.users.push(id);
    }

    /// The folder with the files of cases.
    pub fn files(&self) -> PathBuf {
        files_of(self.db.url())
    }

    /// What `gongkai audit verify` and `gongkai replay --check` would say.
    pub fn assert_whole(&self) {
        assert_whole(&self.app, &self.db);
    }

    /// What `gongkai audit verify` would say.
    pub fn assert_chain(&self) {
        assert_chain(&self.db);
    }

    /// What `gongkai replay --check` would tell.
    pub fn differences(&self) -> Vec<String> {
        differences(&self.app, &self.db)
    }

    /// A second process over the same database, with the same keys and the same clock.
    pub fn second_app(&self) -> Arc<App> {
        start(self.db.url(), &self.clock, WriterLimits::default(), |_| ())
    }

    /// A process over the same database, whose writer may be waited for only so long.
    pub fn app_with_limits(&self, limits: WriterLimits) -> Arc<App> {
        start(self.db.url(), &self.clock, limits, |_| ())
    }

    /// A process whose letters are sealed by this service.
    pub fn sealing_app(&self, service: SealService) -> Arc<App> {
        let settings = Settings { seal: Some(service), ..settings(self.db.url()) };
        let clock = Arc::<SettableClock>::clone(&self.clock);
        App::start(&settings, clock, WriterLimits::default()).expect("the application")
    }

    /// A process that takes its tables from this folder.
    pub fn app_with_tables(&self, folder: PathBuf) -> Arc<App> {
        let settings = Settings { data_dir: Some(folder), ..settings(self.db.url()) };
        let clock = Arc::<SettableClock>::clone(&self.clock);
        App::start(&settings, clock, WriterLimits::default()).expect("the application")
    }

    /// A process that signs by another key and still takes what was signed by this one's.
    pub fn rotated_app(&self) -> Arc<App> {
        let settings = settings(self.db.url());
        let new = Secret(std::array::from_fn(|at| u8::try_from(at).expect("below 32") + 50));
        let old = Some(settings.token_key.clone());
        let settings = Settings { token_key: new, old_token_key: old, ..settings };
        let clock = Arc::<SettableClock>::clone(&self.clock);
        App::start(&settings, clock, WriterLimits::default()).expect("the application")
    }

    /// The id of a unit.
    pub fn unit(&self, place: Place) -> UnitId {
        self.units[place as usize]
    }

    /// The id of a user.
    pub fn user(&self, who: Who) -> UserId {
        self.users[who as usize]
    }

    /// Now, by the clock of this world.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Today, in Changchun.
    pub fn today(&self) -> NaiveDate {
        legal_day(self.now())
    }

    /// Gives a command as the operator.
    pub async fn operate(&self, command: Command) -> Result<Outcome, Denied> {
        let request = Request {
            caller: Caller::Operator,
            at: self.now(),
            request_id: "test".to_owned(),
            idempotency: None,
            command,
        };
        self.app.store.writer.submit(request).await
    }

    /// A request by this user.
    pub fn origin(&self, who: Who) -> Origin {
        Origin {
            caller: Caller::User(self.user(who)),
            request_id: format!("test-{}", who.username()),
            idempotency: None,
        }
    }

    /// A request by this user that carries an idempotency key.
    pub fn keyed_origin(&self, who: Who, key: &str, fingerprint: [u8; 32]) -> Origin {
        let idempotency = Some(Idempotency { key: key.to_owned(), fingerprint });
        Origin { idempotency, ..self.origin(who) }
    }

    /// Tries to record an application.
    pub async fn try_receive(&self, who: Who, input: ApplicationInput) -> Result<Outcome, Denied> {
        cases::receive(&self.app, self.origin(who), input).await
    }

    /// A case that this user has received.
    pub async fn receive(&self, who: Who, input: ApplicationInput) -> Case {
        case_of(self.try_receive(who, input).await)
    }

    /// Tries to take an action on the case as the caller saw it.
    pub async fn try_act(&self, who: Who, seen: &Case, step: Step) -> Result<Outcome, Denied> {
        cases::act(&self.app, self.origin(who), seen.id, seen.version, step).await
    }

    /// The case after an action.
    pub async fn act(&self, who: Who, seen: &Case, step: Step) -> Case {
        case_of(self.try_act(who, seen, step).await)
    }

    /// The case after every review that its draft needs.
    pub async fn reviewed(&self, drafted: &Case) -> Case {
        let mut case = drafted.clone();
        for kind in awaited_reviews(drafted) {
            case = self.act(Who::reviewer(kind), &case, inputs::passed(kind)).await;
        }
        case
    }

    /// A case in the register that the query room has received.
    pub async fn registered(&self) -> Case {
        let case = self.receive(Who::Clerk, inputs::application()).await;
        self.act(Who::Clerk, &case, inputs::register()).await
    }

    /// A case that the query room has assigned to a unit.
    pub async fn assigned(&self, place: Place) -> Case {
        let case = self.registered().await;
        self.act(Who::Clerk, &case, inputs::assign(self.unit(place))).await
    }
}

fn assert_whole(app: &App, db: &TestDatabase) {
    assert_chain(db);
    assert_eq!(differences(app, db), Vec::<String>::new());
}

fn assert_chain(db: &TestDatabase) {
    audit::verify(&mut db.connect(), &[], &mut |_| ()).unwrap().unwrap();
}

fn differences(app: &App, db: &TestDatabase) -> Vec<String> {
    let mut found = Vec::new();
    let pattern = CasePattern(CASE_NUMBER_PATTERN);
    let mut tell = |difference: Difference| found.push(difference.to_string());
    replay::check(&mut db.connect(), &app.vault, &pattern, &mut tell, &mut |_| ()).unwrap();
    found
}

/// The case after an accepted command.
pub fn case_of(outcome: Result<Outcome, Denied>) -> Case {
    outcome.expect("an accepted command").case.expect("a command on a case").into()
}

/// The weightiest reason of a refusal; none for an accepted command or a failure of the store.
pub fn reason<T>(answer: &Result<T, Denied>) -> Option<Reason> {
    match answer {
        Err(Denied::Refused(refusal)) => Some(refusal.first().reason),
        Err(Denied::Failed(_)) | Ok(_) => None,
    }
}

/// A folder of its own for the files of every database.
fn files_of(database: &DatabaseUrl) -> PathBuf {
    match database {
        DatabaseUrl::Sqlite(path) => PathBuf::from(format!("{path}.files")),
        DatabaseUrl::Postgres(url) => {
            let name = url.split(['/', '?']).find(|part| part.starts_with("gk_"));
            std::env::temp_dir().join(format!("{}.files", name.expect("a name")))
        }
    }
}

fn settings(database: &DatabaseUrl) -> Settings {
    let bytes = |from: u8| std::array::from_fn(|at| u8::try_from(at).expect("below 32") + from);
    let keys =
        Keys { token: Secret(bytes(0)), data: Secret(bytes(100)), data_id: "test".to_owned() };
    let mut settings = Settings::with_keys(database.clone(), keys);
    settings.files.place = Some(FilePlace::Folder(files_of(database)));
    settings.office.public_url = Some("https://gongkai.example.cn".to_owned());
    // A port at which nobody listens; what sends letters there runs only where a test runs it.
    settings.seal = SealService::at("http://127.0.0.1:9/seals").ok();
    settings
}

fn start(
    database: &DatabaseUrl,
    clock: &Arc<SettableClock>,
    limits: WriterLimits,
    change: fn(&mut Settings),
) -> Arc<App> {
    let mut settings = settings(database);
    change(&mut settings);
    App::start(&settings, Arc::<SettableClock>::clone(clock), limits).expect("the application")
}

/// The hash of [`PASSWORD`], computed once: it is slow on purpose.
async fn password_hash(app: &Arc<App>) -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return hash.clone();
    }
    let hash = sessions::hash_password(app, PASSWORD.to_owned()).await.expect("a hash");
    HASH.get_or_init(|| hash).clone()
}
