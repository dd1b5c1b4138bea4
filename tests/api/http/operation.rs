//! What an operator's tools see: health, metrics, logs.

use std::io;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::config::Settings;
use gongkai::service::health::{Health, HealthLimits, Unready};
use gongkai::service::space::Volumes;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api, application};
use crate::support::databases::{Backend, execute};
use crate::support::on_both;
use crate::support::world::{PASSWORD, Who, World};

async fn probe(api: &Api, path: &str) -> Answer {
    api.send(TestRequest::get().uri(path)).await
}

/// Waits until `/readyz` says this; a test that waits in vain fails by its time limit.
async fn until_ready_says(api: &Api, status: u16) -> Answer {
    loop {
        let answer = probe(api, "/readyz").await;
        if answer.status == status {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

on_both! {
    async fn health_answers_while_every_reader_is_stuck(api: Api) {
        let readers = &api.world.app.store.readers;
        let threads = api.world.db.url().default_readers();
        let (started, mut running) = tokio::sync::mpsc::unbounded_channel();
        let (mut gates, mut stuck) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (gate, closed) = channel::<()>();
            let (readers, started) = (readers.clone(), started.clone());
            gates.push(gate);
            stuck.push(tokio::spawn(async move {
                readers.run(move |_| {
                    started.send(()).expect("the test waits");
                    // Until the gate is dropped.
                    let _ = closed.recv();
                    Ok(())
                }).await
            }));
        }
        for _ in 0..threads {
            running.recv().await.expect("a stuck reader");
        }
        let behind = { let readers = readers.clone(); tokio::spawn(async move { readers.run(|_| Ok(())).await }) };
        while readers.counts().waiting.get() == 0 {
            tokio::task::yield_now().await;
        }
        for path in ["/livez", "/readyz"] {
            assert_eq!(probe(&api, path).await.status, 200, "{path}");
        }
        let page = metrics(&api).await;
        assert!(page.contains("\ngongkai_readers_waiting_reads 1\n"), "{page}");
        assert!(!behind.is_finished(), "a read got through: nothing was stuck");
        drop(gates);
        for read in stuck.into_iter().chain([behind]) {
            read.await.expect("a read").expect("a read");
        }
    }
}

on_both! {
    async fn readiness_follows_a_database_that_hangs_or_refuses(api: Api) {
        assert_eq!(probe(&api, "/readyz").await.json(), json!({ "status": "ok", "low_volumes": [] }));
        // On PostgreSQL the table is locked until the commit, and whoever reads it hangs.
        let mut conn = api.world.db.connect();
        execute(&mut conn, "BEGIN; ALTER TABLE outbox RENAME TO elsewhere");
        if api.world.db.backend() == Backend::Postgres {
            let answer = until_ready_says(&api, 503).await;
            assert_eq!(answer.code(), "unavailable");
        }
        execute(&mut conn, "COMMIT");
        let answer = until_ready_says(&api, 503).await;
        assert_eq!((answer.code().as_str(), answer.header("retry-after")), ("unavailable", Some("1")));
        assert_eq!(probe(&api, "/livez").await.status, 200);
        assert!(metrics(&api).await.contains("\ngongkai_ready 0"), "not ready");
        execute(&mut conn, "ALTER TABLE elsewhere RENAME TO outbox");
        until_ready_says(&api, 200).await;
    }
}

on_both! {
    async fn readiness_knows_a_database_that_lacks_migrations(api: Api) {
        let (table, last) = ("__diesel_schema_migrations", "(SELECT max(version) FROM __diesel_schema_migrations)");
        api.world.db.execute(&format!("UPDATE {table} SET version = 'x' || version WHERE version = {last}"));
        assert_eq!(until_ready_says(&api, 503).await.code(), "schema_outdated");
        api.world.db.execute(&format!("UPDATE {table} SET version = substr(version, 2) WHERE version LIKE 'x%'"));
        until_ready_says(&api, 200).await;
    }
}

on_both!(little_room_is_told_and_is_no_reason_to_go_elsewhere);
async fn little_room_is_told_and_is_no_reason_to_go_elsewhere(backend: Backend) {
    // No disk is that empty, and none is emptier than that.
    let always = |settings: &mut Settings| settings.files.low_space_percent = 100;
    let never = |settings: &mut Settings| settings.files.low_space_percent = 0;
    let all = match backend {
        Backend::Sqlite => json!(["files", "database"]),
        Backend::Postgres => json!(["files"]),
    };
    for (change, told) in [(always as fn(&mut Settings), all), (never, json!([]))] {
        let api = Api::on(World::with_settings(backend, change).await).await;
        let answer = probe(&api, "/readyz").await;
        assert_eq!((answer.status.as_u16(), answer.json()["low_volumes"].clone()), (200, told));
        let page = metrics(&api).await;
        for name in ["gongkai_files_free_bytes ", "gongkai_files_volume_bytes "] {
            let line = page.lines().find(|line| line.starts_with(name)).expect("a gauge");
            let bytes: f64 = line[name.len()..].parse().expect("a number");
            assert!(bytes > 0.0, "{line}");
        }
        assert_eq!(page.contains("gongkai_database_free_bytes"), backend == Backend::Sqlite);
    }
}

on_both! {
    async fn a_note_that_is_too_old_counts_as_no_answer(api: Api) {
        let app = &api.world.app;
        let limits = HealthLimits { interval: Duration::from_hours(1), stale: Duration::ZERO, owing_every: 1 };
        let clock = Arc::clone(&app.clock);
        let watched = (app.store.shared_picture(), Volumes::default());
        let (health, watch) =
            Health::watch(api.world.db.url(), clock, watched, limits).expect("a watch");
        assert_eq!(health.ready(), Err(Unready::Database));
        drop(watch);
    }
}

on_both! {
    async fn a_server_about_to_stop_is_alive_and_not_ready(api: Api) {
        api.world.app.health.drain();
        assert_eq!(probe(&api, "/readyz").await.verdict(), (503, "draining".to_owned()));
        assert_eq!(probe(&api, "/livez").await.status, 200);
        let answer = api.get(Who::Clerk, "/api/v1/me").await;
        assert_eq!(answer.status, 200, "who comes nevertheless is served");
    }
}

fn from(peer: &str) -> TestRequest {
    TestRequest::get().uri("/metrics").peer_addr(peer.parse().expect("an address"))
}

async fn metrics(api: &Api) -> String {
    let answer = api.send(from("127.0.0.1:40000")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    answer.text
}

on_both! {
    async fn metrics_are_for_the_machine_itself_and_for_auditors(api: Api) {
        for peer in ["127.0.0.1:4", "127.8.9.1:4", "[::1]:4", "[::ffff:127.0.0.1]:4"] {
            assert_eq!(api.send(from(peer)).await.status, 200, "{peer}");
        }
        for peer in ["10.0.0.1:4", "128.0.0.1:4", "[fe80::1]:4", "[::ffff:10.0.0.1]:4", "0.0.0.0:4"] {
            assert_eq!(api.send(from(peer)).await.verdict(), (401, "unauthenticated".to_owned()), "{peer}");
        }
        // A proxy on this machine speaks for somebody elsewhere, whatever the header says.
        for (name, value) in [
            ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", ""), ("forwarded", "for=127.0.0.1"),
            ("x-real-ip", "127.0.0.1"), ("via", "1.1 proxy"),
        ] {
            let answer = api.send(from("127.0.0.1:4").insert_header((name, value))).await;
            assert_eq!(answer.status, 401, "{name}: {value}");
        }
        let far = |token: String| from("10.0.0.1:4").insert_header(("authorization", format!("Bearer {token}")));
        assert_eq!(api.send(far(api.token(Who::Auditor).await)).await.status, 200);
        for who in [Who::Clerk, Who::Admin, Who::Supervisor] {
            assert_eq!(api.send(far(api.token(who).await)).await.verdict(), (403, "role_not_permitted".to_owned()), "{who:?}");
        }
    }
}

/// The value of a series of the page.
fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

on_both! {
    async fn metrics_count_what_happens(api: Api) {
        // To log in is a command, too.
        for who in [Who::Clerk, Who::Supervisor] {
            api.token(who).await;
        }
        let before = metrics(&api).await;
        let case = api.registered().await;
        let path = format!("/api/v1/cases/{}", case["id"].as_str().expect("an id"));
        for _ in 0..3 {
            api.get(Who::Clerk, &path).await;
        }
        let refused = api.act(Who::Supervisor, &case, "decide-extension", &json!({ "verdict": "granted" })).await;
        assert_eq!(refused.status, 409, "{}", refused.text);
        let page = metrics(&api).await;
        let grown = |series: &str| value(&page, series).unwrap_or_default() - value(&before, series).unwrap_or_default();
        let request = |method: &str, route: &str, status: u16| format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",http_route=\"{route}\",http_response_status_code=\"{status}\"}}"
        );
        assert!((grown(&request("GET", "/api/v1/cases/{id}", 200)) - 3.0).abs() < 0.1, "{page}");
        assert!((grown(&request("POST", "/api/v1/cases", 201)) - 1.0).abs() < 0.1);
        assert!((grown("gongkai_commands_accepted_total") - 2.0).abs() < 0.1);
        assert!((grown("gongkai_commands_refused_total") - 1.0).abs() < 0.1);
        assert!(grown("gongkai_writer_commit_seconds_count") >= 2.0);
        assert!(grown("gongkai_writer_wait_seconds_count") >= 3.0);
        assert!(grown("gongkai_writer_batch_commands_sum") >= 3.0);
        assert!(grown("gongkai_readers_wait_seconds_count") >= 3.0);
        assert!(value(&page, "process_resident_memory_bytes").is_some_and(|n| n > 1e6));
        assert!(value(&page, "process_start_time_seconds").is_some_and(|n| n > 1.5e9));
        assert!(page.contains("gongkai_build_info{version="));
        for le in ["0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1", "2.5", "5", "7.5", "10", "+Inf"] {
            assert!(page.contains(&format!("http_response_status_code=\"201\",le=\"{le}\"}}")), "{le}");
        }
        assert!(!page.contains(case["id"].as_str().expect("an id")), "an id got in");
        named_well(&page);
    }
}

on_both! {
    async fn every_attempt_to_log_in_is_counted(api: Api) {
        let counts = |page: &str| ["succeeded", "failed"].map(|outcome| {
            value(page, &format!("gongkai_login_attempts_total{{outcome=\"{outcome}\"}}")).expect("a count")
        });
        let before = counts(&metrics(&api).await);
        for (username, password, status) in [
            (Who::Clerk.username(), PASSWORD, 201), (Who::Clerk.username(), "wrong", 401), ("nobody", PASSWORD, 401),
        ] {
            let body = json!({ "username": username, "password": password });
            let answer = api.send(TestRequest::post().uri("/api/v1/sessions").set_json(body)).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        let after = counts(&metrics(&api).await);
        let grown = [after[0] - before[0], after[1] - before[1]];
        assert!((grown[0] - 1.0).abs() < 0.1 && (grown[1] - 2.0).abs() < 0.1, "{grown:?}");
    }
}

/// The conventions of Prometheus: a name ends in what it counts or in `_total`.
fn named_well(page: &str) {
    const ENDS: [&str; 11] = [
        "_total",
        "_seconds",
        "_bytes",
        "_info",
        "_commands",
        "_reads",
        "_messages",
        "_cases",
        "_threads",
        "_fds",
        "_ready",
    ];
    let names = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(
            ENDS.iter().any(|end| name.ends_with(end)) && !name.contains("total_total"),
            "{name}"
        );
    }
}

fn label_sets(page: &str) -> usize {
    page.lines()
        .filter(|line| line.starts_with("http_server_request_duration_seconds_count{"))
        .count()
}

/// Requests of every kind that nobody should send; `chance` makes each burst another one.
async fn burst(api: &Api, chance: &str) {
    let methods =
        ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "PROPFIND", chance];
    for method in methods {
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        for entry in gongkai::http::routes() {
            let path = entry.path.replace("{id}", chance);
            api.send(TestRequest::with_uri(&path).method(method.clone())).await;
        }
        for path in [
            format!("/{chance}"),
            format!("/api/v1/{chance}/x"),
            format!("/api/v1/cases/{chance}/nothing"),
            format!("/livez?{chance}=1"),
            format!("//{chance}"),
        ] {
            api.send(TestRequest::with_uri(&path).method(method.clone())).await;
        }
    }
}

on_both! {
    async fn odd_requests_make_no_new_series(api: Api) {
        burst(&api, "x13987650417").await;
        // The page's own request is in the next one.
        metrics(&api).await;
        let first = label_sets(&metrics(&api).await);
        for chance in ["y13987650418", "z220104197712034860", "w%E5%90%8D%0a"] {
            burst(&api, &chance.replace('%', "-")).await;
        }
        let page = metrics(&api).await;
        assert_eq!(label_sets(&page), first);
        // One for each route, method and status at most, and far from the 2,000 that are allowed.
        assert!(first < 500, "{first} sets of labels");
        for chance in ["13987650417", "220104197712034860", "BREW", "PROPFIND"] {
            assert!(!page.contains(chance), "{chance} got in");
        }
    }
}

/// Log lines of this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

on_both! {
    async fn every_request_is_one_line_of_json(api: Api) {
        let token = api.token(Who::Clerk).await;
        let lines = Lines::default();
        let sink = lines.clone();
        let subscriber = tracing_subscriber::fmt().json().with_writer(move || sink.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let auth = ("authorization", format!("Bearer {token}"));
        let mut expected = Vec::new();
        for (request, method, route) in [
            (TestRequest::get().uri("/livez").insert_header(("x-request-id", "mine-1")), "GET", "/livez"),
            (TestRequest::get().uri("/api/v1/cases/13987650417").insert_header(auth.clone()), "GET", "/api/v1/cases/{id}"),
            (TestRequest::get().uri("/13987650417%0A%22?x=%0D13987650417"), "GET", "none"),
            (TestRequest::get().uri("/livez").insert_header(("x-request-id", "a\",\"level\":\"ERROR")), "GET", "/livez"),
            (TestRequest::get().uri("/livez").insert_header(("x-request-id", "13987650417 x")), "GET", "/livez"),
            (TestRequest::get().uri("/livez").insert_header(("user-agent", "13987650417")).insert_header(("referer", "13987650417")), "GET", "/livez"),
            (TestRequest::with_uri("/livez").method(Method::from_bytes(b"A13987650417").expect("a token")), "_OTHER", "/livez"),
            (TestRequest::post().uri("/api/v1/cases").insert_header(auth).set_json(application()), "POST", "/api/v1/cases"),
        ] {
            let answer = api.send(request).await;
            expected.push(json!({
                "message": "request", "method": method, "route": route, "status": answer.status.as_u16(),
                "request_id": answer.header("x-request-id").expect("an id"),
            }));
        }
        drop(guard);
        let text = String::from_utf8(lines.0.lock().expect("lines").clone()).expect("UTF-8");
        let mut seen = Vec::new();
        for line in text.lines() {
            let mut line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if line["fields"]["message"] == "request" {
                assert_eq!(line["level"], "INFO");
                let mut fields = line["fields"].take();
                let members = fields.as_object_mut().expect("fields");
                assert!(members.remove("millis").is_some_and(|n| n.is_u64()));
                assert!(members.remove("trace_id").is_some_and(|id| id.as_str().is_some_and(|id| id.len() == 32)));
                seen.push(fields);
            }
        }
        assert_eq!(seen, expected);
        assert_eq!(seen[0]["request_id"], "mine-1");
        assert!(!text.contains("13987650417") && !text.contains("王小明"), "{text}");
    }
}
