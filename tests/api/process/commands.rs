//! The commands of the operator: what they read and refuse, and what they do beside a server.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use gongkai::store::DatabaseUrl;
use serde_json::json;

use super::{Place, Running, bureau, done, fails, post, said};
use crate::support::databases::{Backend, TestDatabase};

/// Runs a command that reads this from standard input.
fn fed(mut command: Command, words: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    let mut input = child.stdin.take().expect("a pipe");
    // A command that refuses may have gone before it reads.
    drop(input.write_all(words.as_bytes()));
    drop(input);
    child.wait_with_output().expect("an end")
}

#[test]
fn the_command_line_reads_names_as_the_api_does() {
    let place = bureau();
    let (long, longer) = ("王".repeat(3000), "局".repeat(101));
    let user = |name: &str, shown: &str| {
        let args = ["user", "create", name, "--role", "query_room", "--unit", "query_room"];
        let mut command = place.gongkai(&args);
        command.args(["--display-name", shown]);
        command
    };
    for name in ["", "Bad Name", "Groß Ü", "li\n"] {
        fails(user(name, "李"), 1, &["gongkai: user_name: "]);
    }
    fails(user("li", &long), 1, &["--display-name: length: ", "(1 to 50)"]);
    fails(user("li", "李\t"), 1, &["--display-name: blank_or_control_character: "]);
    let args = ["user", "change", "clerk", "--display-name", " "];
    fails(place.gongkai(&args), 1, &["--display-name: blank_or_control_character: "]);
    let unit = |code: &str, name: &str| {
        let args = ["unit", "create", code, "--kind", "department", "--parent", "bureau"];
        let mut command = place.gongkai(&args);
        command.args(["--name", name]);
        command
    };
    fails(unit("Bad Code!", "科"), 1, &["gongkai: unit_code: "]);
    fails(unit("ke", "  "), 1, &["gongkai: blank_or_control_character: "]);
    fails(unit("ke", "科\n室"), 1, &["gongkai: blank_or_control_character: "]);
    fails(unit("ke", &longer), 1, &["gongkai: length: ", "(1 to 100)"]);
    let change =
        |flag: &str, value: &str| place.gongkai(&["unit", "change", "query_room", flag, value]);
    fails(change("--new-code", "Bad Code!"), 1, &["gongkai: unit_code: "]);
    fails(change("--name", "\u{7}"), 1, &["gongkai: blank_or_control_character: "]);
    let args = ["unit", "close", "query_room", "--reason", "\n"];
    fails(place.gongkai(&args), 1, &["gongkai: blank_or_control_character: "]);
    let tree = place.file("tree.json");
    let entry = |code: &str| json!({ "code": code, "name": "科", "kind": "department", "parent": "bureau", "may_issue": false });
    let text = json!({ "units": [entry("ke"), entry("Bad Code!")] }).to_string();
    std::fs::write(&tree, text).expect("a file");
    let path = tree.display().to_string();
    fails(
        place.gongkai(&["unit", "import", &path]),
        1,
        &["gongkai: unit 2 of the file: unit_code: "],
    );
    let list = said(&done(place.gongkai(&["unit", "list"])));
    assert!(!list.contains("\tke\t"), "nothing of a refused file is taken in: {list}");
    done(user("li", "李"));
}

#[test]
fn a_password_is_set_from_standard_input() {
    let place = bureau();
    let set = |words: &str| fed(place.gongkai(&["user", "set-password", "clerk"]), words);
    let output = set("another horse battery\n");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output), "", "no link is given out");
    for (words, code) in [("", "password_length"), ("short\n", "password_length")] {
        let output = set(words);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(code), "{}", said(&output));
    }
    let server = Running::start(place.gongkai(&["serve"]));
    for (password, status) in [("correct horse battery", 401), ("another horse battery", 201)] {
        let body = json!({ "username": "clerk", "password": password });
        let answer = post(server.address, "/api/v1/sessions", "", &body);
        assert_eq!(answer.map(|(status, _)| status), Some(status), "{password}");
    }
}

#[test]
fn an_embedded_database_has_one_server() {
    let place = bureau();
    let server = Running::start(place.gongkai(&["serve"]));
    let words = "gongkai: another gongkai serves ";
    let text = fails(place.gongkai(&["serve"]), 69, &[words]);
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
    // The operator's commands go on beside it.
    done(place.gongkai(&["user", "list"]));
    done(place.gongkai(&["unit", "change", "query_room", "--name", "查询室"]));
    done(place.gongkai(&["migrate"]));
    done(place.gongkai(&["audit", "verify"]));
    assert_eq!(server.get("/readyz"), Some(200));
    // However it ends, the next one comes in.
    server.signal("-KILL");
    drop(server);
    drop(Running::start(place.gongkai(&["serve"])));
}

#[test]
fn a_link_of_a_server_that_listens_everywhere_can_be_opened() {
    let place = Place::new();
    let mut serve = place.gongkai(&["serve"]);
    serve.env("GONGKAI_LISTEN", "0.0.0.0:0");
    let server = Running::start(serve);
    let link = format!("    http://localhost:{}/set-up/", server.address.port());
    assert!(server.said.iter().any(|line| line.starts_with(&link)), "{:?}", server.said);
    let takes = "takes the place of any earlier one";
    assert!(server.said.iter().any(|line| line.contains(takes)), "{:?}", server.said);
}

#[test]
fn an_old_schema_is_a_wrong_setting_and_postgres_has_several_servers() {
    let place = Place::new();
    let database = TestDatabase::empty(Backend::Postgres);
    let DatabaseUrl::Postgres(url) = database.url() else { panic!("PostgreSQL was asked for") };
    let on = |args: &[&str]| {
        let mut command = place.gongkai(args);
        command.env("GONGKAI_DATABASE_URL", url);
        command
    };
    for args in [&["serve"][..], &["user", "list"], &["config", "check"]] {
        fails(on(args), 78, &["lacks", "0001", "run `gongkai migrate`"]);
    }
    done(on(&["migrate"]));
    let first = Running::start(on(&["serve"]));
    let second = Running::start(on(&["serve"]));
    for server in [&first, &second] {
        assert_eq!(server.get("/livez"), Some(200));
    }
}

#[test]
fn tables_that_do_not_prove_keep_the_server_from_starting() {
    let place = bureau();
    let folder = place.file("tables");
    std::fs::create_dir_all(&folder).expect("a folder");
    let on = |args: &[&str]| {
        let mut command = place.gongkai(args);
        command.env("GONGKAI_DATA_DIR", &folder);
        command
    };
    assert!(said(&done(on(&["config", "check"]))).contains("read and proved"));
    std::fs::write(folder.join("decisions.json"), "{").expect("a file");
    for args in [&["serve"][..], &["config", "check"]] {
        fails(on(args), 78, &["GONGKAI_DATA_DIR: decisions.json: "]);
    }
    let mut seals = place.gongkai(&["config", "check"]);
    seals.env("GONGKAI_SEAL_URL", "seal.example.cn");
    fails(seals, 78, &["GONGKAI_SEAL_URL must be an address"]);
}
