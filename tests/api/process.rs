//! The binary as an operator meets it: its exit codes, what it says, and how it stops.

mod archives;
mod commands;
mod uploads;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::client::application;

/// A folder of its own, with the settings of one server.
struct Place {
    folder: PathBuf,
    keys: [String; 2],
}

impl Place {
    fn new() -> Self {
        let random = || gongkai::store::vault::fresh_bytes::<32>().expect("randomness");
        let name = format!("gongkai-process-{}", gongkai::domain::hex::encode(&random()[..8]));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        let key = || base64::engine::general_purpose::STANDARD.encode(random());
        Self { folder, keys: [key(), key()] }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The binary with this place's settings, and none of the caller's.
    fn gongkai(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gongkai"));
        command.args(args).env_clear().stdin(Stdio::null());
        command.env("GONGKAI_DATABASE_URL", format!("sqlite:{}", self.file("g.db").display()));
        command.env("GONGKAI_TOKEN_KEY", &self.keys[0]).env("GONGKAI_DATA_KEY", &self.keys[1]);
        command.env("GONGKAI_LISTEN", "127.0.0.1:0").env("RUST_BACKTRACE", "0");
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

fn done(mut command: Command) -> Output {
    let output = command.output().expect("the binary");
    assert!(output.status.success(), "{}", said(&output));
    output
}

/// A server of its own process, ended with this value.
struct Running {
    child: Child,
    address: SocketAddr,
    /// What it said before it listened.
    said: Vec<String>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary");
        let mut lines = BufReader::new(child.stderr.take().expect("its messages")).lines();
        let mut said = Vec::new();
        let address = loop {
            let line = lines.next().expect("a server that starts").expect("text");
            if let Some((_, address)) = line.split_once("gongkai: listening on http://") {
                break address.parse().expect("an address");
            }
            said.push(line);
        };
        // Its messages have to go somewhere, or it would wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, said }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }

    fn get(&self, path: &str) -> Option<u16> {
        ask(self.address, &format!("GET {path} HTTP/1.1\r\n"), "").map(|(status, _)| status)
    }

    fn ended(&mut self) -> ExitStatus {
        self.child.wait().expect("an end")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// One request on a connection of its own; none when there is no complete answer.
fn ask(address: SocketAddr, head: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    let length = body.len();
    write!(stream, "{head}Host: test\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.get(9..12)?.parse().ok()?, body.to_owned()))
}

fn post(address: SocketAddr, path: &str, token: &str, body: &Value) -> Option<(u16, Value)> {
    let head = format!("POST {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n");
    let (status, text) = ask(address, &head, &body.to_string())?;
    Some((status, serde_json::from_str(&text).ok()?))
}

#[test]
fn the_first_administrator_is_invited_to_where_it_listens() {
    let place = Place::new();
    let server = Running::start(place.gongkai(&["serve"]));
    let link = format!("    http://{}/set-up/", server.address);
    assert!(server.said.iter().any(|line| line.starts_with(&link)), "{:?}", server.said);
    drop(server);
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_PUBLIC_URL", "https://gongkai.example/");
    let server = Running::start(serve);
    let link = "    https://gongkai.example/set-up/";
    assert!(server.said.iter().any(|line| line.starts_with(link)), "{:?}", server.said);
    drop(server);
    let place = bureau();
    let server = Running::start(place.gongkai(&["serve"]));
    assert!(!server.said.iter().any(|line| line.contains("/set-up/")), "{:?}", server.said);
}

/// A place with the bureau's units and one clerk.
fn bureau() -> Place {
    let place = Place::new();
    done(place.gongkai(&["unit", "import"]));
    let args = ["user", "create", "clerk", "--role", "query_room", "--unit", "query_room"];
    let mut create = place.gongkai(&args);
    create.arg("--password-stdin").stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = create.spawn().expect("the binary");
    let mut words = child.stdin.take().expect("a pipe");
    words.write_all(b"correct horse battery\n").expect("a password");
    drop(words);
    assert!(child.wait().expect("an end").success());
    place
}

fn log_in(address: SocketAddr) -> String {
    let body = json!({ "username": "clerk", "password": "correct horse battery" });
    let (status, session) = post(address, "/api/v1/sessions", "", &body).expect("an answer");
    assert_eq!(status, 201, "{session}");
    session["access_token"].as_str().expect("a token").to_owned()
}

/// Clients that record cases until they learn, as a proxy does, that the server is not ready.
struct Load {
    acknowledged: Vec<String>,
    failed: usize,
}

fn load(server: &Running, token: &str, stop_after: usize) -> Load {
    let (count, away) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let mut load = Load { acknowledged: Vec::new(), failed: 0 };
                    while !away.load(Ordering::SeqCst) {
                        match post(server.address, "/api/v1/cases", token, &application()) {
                            Some((201, case)) => {
                                load.acknowledged
                                    .push(case["id"].as_str().expect("an id").to_owned());
                                count.fetch_add(1, Ordering::SeqCst);
                            }
                            _ => load.failed += 1,
                        }
                    }
                    load
                })
            })
            .collect();
        while count.load(Ordering::SeqCst) < stop_after {
            std::thread::yield_now();
        }
        server.signal("-TERM");
        // The proxy's own probe. While it is refused an answer, the test has failed.
        while server.get("/readyz").expect("readiness is told before connections are refused")
            == 200
        {}
        away.store(true, Ordering::SeqCst);
        let mut all = Load { acknowledged: Vec::new(), failed: 0 };
        for client in clients {
            let load = client.join().expect("a client");
            all.acknowledged.extend(load.acknowledged);
            all.failed += load.failed;
        }
        all
    })
}

#[test]
fn a_stop_under_load_fails_nobody_and_loses_nothing() {
    let place = bureau();
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_DRAIN_SECS", "2").env("GONGKAI_LOG", "warn");
    let mut server = Running::start(serve);
    let token = log_in(server.address);
    let load = load(&server, &token, 100);
    assert_eq!(server.ended().code(), Some(0));
    assert_eq!(load.failed, 0, "of {}", load.acknowledged.len());
    assert!(load.acknowledged.len() >= 100);
    assert_eq!(ask(server.address, "GET /livez HTTP/1.1\r\n", ""), None, "it is gone");
    // The file is whole without its log: the writer has folded it in.
    assert!(
        !place.file("g.db-wal").exists()
            || std::fs::metadata(place.file("g.db-wal")).unwrap().len() == 0
    );
    let again = Running::start(place.gongkai(&["serve"]));
    let token = log_in(again.address);
    let head =
        |id: &str| format!("GET /api/v1/cases/{id} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n");
    let distinct: BTreeSet<&String> = load.acknowledged.iter().collect();
    assert_eq!(distinct.len(), load.acknowledged.len());
    for id in distinct {
        let status = ask(again.address, &head(id), "").map(|(status, _)| status);
        assert_eq!(status, Some(200), "{id} was acknowledged");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let place = Place::new();
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_DRAIN_SECS", "300");
    let mut server = Running::start(serve);
    server.signal("-TERM");
    while server.get("/readyz").expect("an answer") == 200 {}
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(143));
}

#[test]
fn an_interrupt_at_a_terminal_does_not_wait_for_proxies() {
    let place = Place::new();
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_DRAIN_SECS", "300");
    let mut server = Running::start(serve);
    server.signal("-INT");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn metrics_have_an_address_of_their_own_when_wanted() {
    let place = Place::new();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_METRICS_LISTEN", free.to_string());
    let server = Running::start(serve);
    let (status, page) =
        ask(free, "GET /metrics HTTP/1.1\r\nX-Forwarded-For: 1.2.3.4\r\n", "").expect("a page");
    assert!(status == 200 && page.contains("gongkai_ready"), "{page}");
    assert_eq!(ask(free, "GET /readyz HTTP/1.1\r\n", "").map(|(status, _)| status), Some(200));
    assert_eq!(ask(free, "GET /api/v1/me HTTP/1.1\r\n", "").map(|(status, _)| status), Some(404));
    assert_eq!(server.get("/metrics"), Some(200), "this is the machine itself");
}

#[test]
fn the_health_check_asks_the_server_that_listens() {
    let place = Place::new();
    let server = Running::start(place.gongkai(&["serve"]));
    let check = |listen: String, args: &[&str]| {
        let mut command = place.gongkai(&["healthcheck"]);
        command.args(args).env("GONGKAI_LISTEN", listen).output().expect("the binary").status.code()
    };
    let port = server.address.port();
    assert_eq!(check(format!("127.0.0.1:{port}"), &[]), Some(0));
    assert_eq!(check(format!("0.0.0.0:{port}"), &[]), Some(0));
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    assert_eq!(check("127.0.0.1:1".to_owned(), &["--url", &url("/livez")]), Some(0));
    assert_eq!(check("127.0.0.1:1".to_owned(), &["--url", &url("/nothing")]), Some(1));
    assert_eq!(check("127.0.0.1:1".to_owned(), &["--url", "https://127.0.0.1/"]), Some(1));
    drop(server);
    assert_eq!(check(format!("127.0.0.1:{port}"), &[]), Some(1));
}

/// Runs a command that must fail at once, with this code and with these words.
fn fails(mut command: Command, code: i32, words: &[&str]) -> String {
    let started = Instant::now();
    let output = command.output().expect("the binary");
    let text = said(&output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    // A second is promised; a machine that runs other tests beside it gets more.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[test]
fn an_address_that_is_taken_is_told() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let text = format!("gongkai: cannot listen on {address}: ");
    fails(place.gongkai(&["serve", "--listen", &address]), 69, &[&text]);
    fails(place.gongkai(&["demo", "--listen", &address]), 69, &[&text]);
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_METRICS_LISTEN", &address);
    fails(serve, 69, &[&text]);
}

#[test]
fn a_place_that_cannot_be_written_is_told() {
    let place = Place::new();
    let (missing, file) = (place.file("missing").join("g.db"), place.file("file"));
    std::fs::write(&file, "x").expect("a file");
    let at = |path: &Path| format!("sqlite:{}", path.display());
    for command in [["serve", "--database-url"], ["migrate", "--database-url"]] {
        let fail = |path: &Path, words: &str| {
            let url = at(path);
            let args: Vec<&str> = command.iter().copied().chain([url.as_str()]).collect();
            let text = fails(place.gongkai(&args), 78, &["gongkai: ", words]);
            assert_eq!(text.lines().count(), 1, "one sentence: {text}");
        };
        fail(&missing, "does not exist");
        fail(&file.join("g.db"), "is not a folder");
        fail(&place.folder, "is a folder, not a database");
        fail(Path::new("/proc/g.db"), "cannot write into the folder /proc");
    }
    fails(
        place.gongkai(&["demo", "--data-dir", "/proc/demo"]),
        78,
        &["cannot make the folder /proc/demo"],
    );
}

#[test]
fn wrong_settings_are_told_all_at_once_and_without_secrets() {
    let place = Place::new();
    let wrong = |args: &[&str]| {
        let mut command = place.gongkai(args);
        command
            .env("GONGKAI_TOKEN_KEY", "c2VjcmV0")
            .env("GONGKAI_DATABASE_URL", "mysql://u:secret@h/d");
        command
            .env("GONGKAI_READERS", "0")
            .env("GONGKAI_LOG_FORM", "xml")
            .env_remove("GONGKAI_DATA_KEY");
        command.env("GONGKAI_DRAIN_SECS", "-1").env("GONGKAI_LISTEN", "here");
        command
            .env("GONGKAI_TOKEN_KEY_OLD", "c2VjcmV0")
            .env("GONGKAI_PUBLIC_URL", "gongkai.example")
            .env("GONGKAI_PUBLIC_DAILY_PER_ADDRESS", "0")
            .env("GONGKAI_PUBLIC_DAILY_PER_IDENTITY", "many");
        command
    };
    let names = [
        "GONGKAI_TOKEN_KEY ",
        "GONGKAI_TOKEN_KEY_OLD ",
        "GONGKAI_PUBLIC_URL",
        "GONGKAI_PUBLIC_DAILY_PER_ADDRESS",
        "GONGKAI_PUBLIC_DAILY_PER_IDENTITY",
        "GONGKAI_DATA_KEY",
        "GONGKAI_DATABASE_URL",
        "GONGKAI_READERS",
        "GONGKAI_LOG_FORM",
        "GONGKAI_DRAIN_SECS",
        "GONGKAI_LISTEN",
    ];
    let text = fails(wrong(&["serve"]), 78, &names);
    assert!(!text.contains("c2VjcmV0") && !text.contains("secret@"), "{text}");
    let mut check = wrong(&["config", "check"]);
    check.env("GONGKAI_TOKN_KEY", "x");
    let text =
        fails(check, 78, &[&names[..], &["GONGKAI_TOKN_KEY: there is no such setting"]].concat());
    assert!(!text.contains("c2VjcmV0") && !text.contains("secret@"), "{text}");
}

#[test]
fn the_check_looks_at_the_database_and_changes_nothing() {
    let place = Place::new();
    let good = done(place.gongkai(&["config", "check"]));
    assert!(said(&good).contains("does not exist yet"), "{}", said(&good));
    assert!(!place.file("g.db").exists(), "a check makes nothing");
    done(place.gongkai(&["migrate"]));
    let good = done(place.gongkai(&["config", "check", "--json"]));
    let lines: Value = serde_json::from_slice(&good.stdout).expect("JSON");
    let checks = lines
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| (line["check"].as_str(), line["ok"].as_bool()));
    let expected = ["settings", "fonts", "tables", "database", "migrations", "data key"]
        .map(|check| (Some(check), Some(true)));
    assert_eq!(checks.collect::<Vec<_>>(), expected);
    drop(Running::start(place.gongkai(&["serve"])));
    let mut other = place.gongkai(&["config", "check"]);
    other.env("GONGKAI_DATA_KEY_ID", "another");
    fails(other, 78, &["FAULT  data key", "ok     migrations"]);
    done(place.gongkai(&["config", "check"]));
    done(place.gongkai(&["migrate", "down", "--yes"]));
    fails(
        place.gongkai(&["config", "check"]),
        78,
        &["FAULT  migrations  lacks", "run `gongkai migrate`"],
    );
}

#[test]
fn the_check_tells_with_which_faces_letters_are_printed() {
    let place = Place::new();
    let found = done(place.gongkai(&["config", "check"]));
    assert!(said(&found).contains("仿宋: "), "fonts-noto-cjk is installed: {}", said(&found));
    let mut none = place.gongkai(&["config", "check"]);
    none.env("GONGKAI_FONTS", place.file("no fonts"));
    let none = done(none);
    assert!(said(&none).contains("no PDF of letters"), "{}", said(&none));
    let mut missing = place.gongkai(&["config", "check"]);
    missing.env("GONGKAI_FONT_SONG", place.file("missing.ttf"));
    fails(missing, 78, &["FAULT  fonts", "missing.ttf"]);
    let mut wrong = place.gongkai(&["config", "check"]);
    wrong.env("GONGKAI_FONT_KAI", "/a.ttc#two");
    fails(wrong, 78, &["GONGKAI_FONT_KAI must be PATH or PATH#INDEX"]);
}

#[test]
fn a_settings_file_stands_behind_the_environment_and_before_the_defaults() {
    let place = Place::new();
    let file = place.file("settings");
    let key = place.file("key");
    std::fs::write(&key, format!("{}\n", place.keys[1])).expect("a file");
    let text = format!(
        "# ours\nGONGKAI_LISTEN=127.0.0.1:81\nGONGKAI_DRAIN_SECS='7'\nGONGKAI_DATA_KEY_FILE={}\n",
        key.display()
    );
    std::fs::write(&file, text).expect("a file");
    let mut show = place.gongkai(&["config", "show", "--json", "--listen", "127.0.0.1:83"]);
    show.env("GONGKAI_CONFIG", &file)
        .env("GONGKAI_LISTEN", "127.0.0.1:82")
        .env("GONGKAI_LOG", "warn")
        .env_remove("GONGKAI_DATA_KEY");
    let shown: Value = serde_json::from_slice(&done(show).stdout).expect("JSON");
    let of = |name: &str| {
        let line =
            shown.as_array().expect("a list").iter().find(|line| line["name"] == name).expect(name);
        (line["value"].clone(), line["source"].as_str().expect("a source").to_owned())
    };
    assert_eq!(of("GONGKAI_LISTEN"), (json!("127.0.0.1:83"), "flag".to_owned()));
    assert_eq!(of("GONGKAI_LOG"), (json!("warn"), "environment".to_owned()));
    assert_eq!(of("GONGKAI_DRAIN_SECS"), (json!("7"), "settings file".to_owned()));
    assert_eq!(of("GONGKAI_LOG_FORM"), (json!("json"), "default".to_owned()));
    assert_eq!(of("GONGKAI_TOKEN_KEY"), (json!("[redacted]"), "environment".to_owned()));
    let (value, source) = of("GONGKAI_DATA_KEY");
    assert!(
        value == "[redacted]" && source.starts_with("settings file, file "),
        "{value} {source}"
    );
    let path = file.display().to_string();
    let by_flag = done(place.gongkai(&["config", "show", "--config", &path]));
    assert!(said(&by_flag).contains(&path), "{}", said(&by_flag));
    let wrong = "GONGKAI_READERS=no\nsecret words\nGONGKAI_LOG_FORM=text # secret words\n";
    std::fs::write(&file, wrong).expect("a file");
    let told = ["line 2: not NAME=VALUE", "line 3: a comment behind a value", "GONGKAI_READERS"];
    for args in [&["serve"][..], &["config", "check"]] {
        let text = fails(place.gongkai(&[&["--config", &path], args].concat()), 78, &told);
        assert!(!text.contains("secret words"), "{text}");
    }
    fails(place.gongkai(&["--config", &path, "user", "list"]), 78, &told[..2]);
    fails(
        place.gongkai(&["--config", "/missing/file", "serve"]),
        78,
        &["cannot read the settings file /missing/file"],
    );
}

#[test]
fn the_shells_are_given_their_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = done(place.gongkai(&["completions", shell]));
        let script = String::from_utf8(script.stdout).expect("text");
        assert!(
            ["healthcheck", "config", "migrate"].iter().all(|word| script.contains(word)),
            "{shell}"
        );
    }
    fails(place.gongkai(&["completions", "cmd"]), 2, &["possible values"]);
}

#[test]
fn what_was_done_before_is_told_and_not_done_twice() {
    let place = Place::new();
    fails(
        place.gongkai(&["migrate", "down", "--yes"]),
        1,
        &["no migration has run here: nothing to revert"],
    );
    done(place.gongkai(&["unit", "import"]));
    let units = done(place.gongkai(&["unit", "list"])).stdout;
    let again = done(place.gongkai(&["unit", "import"])).stdout;
    assert!(String::from_utf8_lossy(&again).contains("created 0 units"), "{again:?}");
    assert_eq!(done(place.gongkai(&["unit", "list"])).stdout, units);
}
