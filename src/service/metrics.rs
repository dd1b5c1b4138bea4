//! What the process counts about itself, and the page on which Prometheus reads it.
//!
//! Label values come from closed sets: the templates of routes, the standard methods, statuses. So
//! the number of series is bounded, and nothing personal can get in.

use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric as _, LabelValueEncoder,
    prometheus_text,
};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::health::Health;
use crate::clock::Clock;
use crate::store::Store;
use crate::telemetry::process::ProcessCollector;

/// The buckets that OpenTelemetry recommends for this metric, in seconds (semantic conventions for
/// HTTP metrics, `http.server.request.duration`).
const REQUEST_SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The labels of a request, named as OpenTelemetry names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "the names are the labels, which are given")]
pub struct RequestLabels {
    /// The method; `_OTHER` for one that the route, or HTTP, does not know.
    pub http_request_method: &'static str,
    /// The template of the route; `none` when there is nothing at the address.
    pub http_route: String,
    /// The status.
    pub http_response_status_code: u16,
}

/// How a log-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginOutcome {
    /// He is in.
    Succeeded,
    /// Wrong name or password, or a disabled account.
    Failed,
    /// Too many attempts: not looked at.
    Throttled,
}

impl EncodeLabelValue for LoginOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let text = match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Throttled => "throttled",
        };
        EncodeLabelValue::encode(&text, encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginLabels {
    outcome: LoginOutcome,
}

type Requests = Family<RequestLabels, Histogram, fn() -> Histogram>;

/// The counters of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Requests,
    logins: Family<LoginLabels, Counter>,
}

impl Metrics {
    /// The metrics of an application over this store.
    #[must_use]
    pub fn of(store: &Store, health: &Arc<Health>, clock: &Arc<dyn Clock>) -> Self {
        let requests = Requests::new_with_constructor(|| Histogram::new(REQUEST_SECONDS));
        let logins = Family::<LoginLabels, Counter>::default();
        for outcome in [LoginOutcome::Succeeded, LoginOutcome::Failed, LoginOutcome::Throttled] {
            // A series that starts at 0 shows its first event as an increase.
            logins.get_or_create(&LoginLabels { outcome }).inc_by(0);
        }
        let mut registry = Registry::default();
        registry.register_with_unit(
            "http_server_request_duration",
            "Duration of HTTP requests",
            Unit::Seconds,
            requests.clone(),
        );
        registry.register("gongkai_login_attempts", "Log-ins by outcome", logins.clone());
        registry.register(
            "gongkai_build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        register_writer(&mut registry, store);
        let readers = store.readers.counts();
        registry.register(
            "gongkai_readers_waiting_reads",
            "Reads in the queue",
            readers.waiting.clone(),
        );
        registry.register_with_unit(
            "gongkai_readers_wait",
            "Time of reads in the queue",
            Unit::Seconds,
            readers.waits.clone(),
        );
        let state =
            StateCollector { health: Arc::clone(health), clock: Clocked(Arc::clone(clock)) };
        registry.register_collector(Box::new(state));
        registry.register_collector(Box::new(ProcessCollector));
        Self { registry, requests, logins }
    }

    /// Counts a request that has been answered.
    pub fn request(&self, labels: &RequestLabels, seconds: f64) {
        self.requests.get_or_create(labels).observe(seconds);
    }

    /// Counts a log-in.
    pub fn login(&self, outcome: LoginOutcome) {
        self.logins.get_or_create(&LoginLabels { outcome }).inc();
    }

    /// The page, in Prometheus' text format 0.0.4.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_text::encode(&mut page, &self.registry);
        page
    }
}

fn register_writer(registry: &mut Registry, store: &Store) {
    let writer = store.writer.counts();
    for (name, help, counter) in [
        ("gongkai_commands_accepted", "Commands carried out", &writer.accepted),
        ("gongkai_commands_refused", "Commands refused by a rule", &writer.refused),
        ("gongkai_commands_failed", "Commands that the store could not carry out", &writer.failed),
        ("gongkai_writer_commits", "Transactions committed", &writer.commits),
    ] {
        registry.register(name, help, counter.clone());
    }
    registry.register(
        "gongkai_writer_waiting_commands",
        "Commands in the queue",
        writer.waiting.clone(),
    );
    registry.register(
        "gongkai_writer_batch_commands",
        "Commands taken into one transaction",
        writer.batches.clone(),
    );
    for (name, help, seconds) in [
        ("gongkai_writer_wait", "Time of commands in the queue", &writer.waits),
        (
            "gongkai_writer_batch",
            "Time of a batch, from the queue to its answers",
            &writer.batch_seconds,
        ),
        ("gongkai_writer_commit", "Time of a commit alone", &writer.commit_seconds),
    ] {
        registry.register_with_unit(name, help, Unit::Seconds, seconds.clone());
    }
}

/// What the health thread has noted, read when the page is.
#[derive(Debug)]
struct StateCollector {
    health: Arc<Health>,
    clock: Clocked,
}

struct Clocked(Arc<dyn Clock>);

impl std::fmt::Debug for Clocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a clock")
    }
}

impl Collector for StateCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: f64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)
        };
        let ready = if self.health.ready().is_ok() { 1.0 } else { 0.0 };
        gauge("gongkai_ready", "1 when /readyz says 200", None, ready)?;
        if let Some(lag) = self.health.outbox() {
            let age = lag.oldest.map_or(0.0, |at| (self.clock.0.now() - at).as_seconds_f64());
            gauge(
                "gongkai_outbox_undelivered_messages",
                "Messages that wait for delivery, counted up to 10000",
                None,
                exact(lag.messages),
            )?;
            let help = "Age of the oldest message that waits for delivery";
            gauge("gongkai_outbox_oldest_age", help, Some(&Unit::Seconds), age.max(0.0))?;
        }
        if let Some(owing) = self.health.owing() {
            let help = "Cases in the register, neither answered nor closed";
            gauge("gongkai_open_cases", help, None, exact(owing.open))?;
            let help = "Of these, due within three working days";
            gauge("gongkai_due_soon_cases", help, None, exact(owing.due_soon))?;
            let help = "Of these, past their due date";
            gauge("gongkai_overdue_cases", help, None, exact(owing.overdue))?;
        }
        for room in self.health.room() {
            let name = |what: &str| format!("gongkai_{}_{what}", room.of.name());
            let bytes = |bytes| exact(i64::try_from(bytes).unwrap_or(i64::MAX));
            let help = "Bytes that can still be written on its volume";
            gauge(&name("free"), help, Some(&Unit::Bytes), bytes(room.free))?;
            let help = "Bytes of its volume";
            gauge(&name("volume"), help, Some(&Unit::Bytes), bytes(room.size))?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
const fn exact(count: i64) -> f64 {
    count as f64
}
