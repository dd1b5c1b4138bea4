//! What comes over a real socket: requests that two servers in a row could read differently, bodies
//! that do not come, heads that do not end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use gongkai::config::transport::{Pace, Transport};
use gongkai::http;
use serde_json::Value;

use crate::support::databases::{Backend, Fresh as _};
use crate::support::run;
use crate::support::world::{PASSWORD, Who, World};

/// The API of a world on a socket of its own; stops when it goes away.
struct Wire {
    address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
    _world: World,
}

impl Wire {
    async fn with(transport: Transport) -> Self {
        let world = World::fresh(Backend::Sqlite).await;
        let app = Arc::clone(&world.app);
        let (send, receive) = channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server =
                    http::serve(app, SocketAddr::from(([127, 0, 0, 1], 0)), transport).unwrap();
                send.send((server.address, server.running.handle())).unwrap();
                server.running.await.unwrap();
            });
        });
        let (address, handle) = receive.recv().unwrap();
        Self { address, handle, thread: Some(thread), _world: world }
    }

    /// Everything that the server says to these bytes until it closes the connection.
    fn say(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // The server may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut said = Vec::new();
        let end = stream.read_to_end(&mut said);
        let closed =
            end.is_ok() || end.is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset);
        assert!(closed, "the connection stays open after {:?}", String::from_utf8_lossy(&said));
        String::from_utf8_lossy(&said).into_owned()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let handle = self.handle.clone();
        std::thread::spawn(move || actix_web::rt::System::new().block_on(handle.stop(false)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The statuses of the answers in what was said.
fn statuses(said: &str) -> Vec<&str> {
    said.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect()
}

/// The problem that was said.
fn problem(said: &str) -> Value {
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/problem+json"), "{said}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {said}"))
}

const LOGIN: &str =
    "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

#[test]
fn what_two_servers_could_read_differently_is_refused() {
    run(async {
        let wire = Wire::with(Transport::default()).await;
        let smuggled = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
        for (what, head, body) in [
            ("CL.TE", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"),
            (
                "TE.CL",
                "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                "5c\r\nG\r\n0\r\n\r\n",
            ),
            ("two lengths", "Content-Length: 5\r\nContent-Length: 0\r\n", ""),
            ("two equal lengths", "Content-Length: 0\r\nContent-Length: 0\r\n", ""),
            ("a list of lengths", "Content-Length: 0, 0\r\n", ""),
            ("a signed length", "Content-Length: +0\r\n", ""),
            ("a negative length", "Content-Length: -1\r\n", ""),
            ("a length in hexadecimal", "Content-Length: 0x0\r\n", ""),
            ("TE.TE", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
            ("an unknown coding", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
            ("a list of codings", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
            ("a space before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
            ("a folded line", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
            ("a bare CR in a value", "X: a\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            ("a NUL in a value", "X: a\0b\r\n", ""),
            (
                "a chunk size that overflows",
                "Transfer-Encoding: chunked\r\n",
                "fffffffffffffffff\r\n",
            ),
            ("a chunk size that is none", "Transfer-Encoding: chunked\r\n", "zz\r\n\r\n"),
            (
                "a chunk longer than its size",
                "Transfer-Encoding: chunked\r\n",
                "1\r\nabc\r\n0\r\n\r\n",
            ),
        ] {
            let said = wire.say(format!("{LOGIN}{head}\r\n{body}{smuggled}").as_bytes());
            assert_eq!(statuses(&said), ["400"], "{what}: {said}");
        }
    });
}

#[test]
fn a_request_line_that_is_none_is_refused() {
    run(async {
        let wire = Wire::with(Transport::default()).await;
        for bytes in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            b"GET /livez\r\n\r\n",
            b"GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /livez HTTP/2.0\r\nHost: x\r\n\r\n",
            b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
            b"G\0T / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            let said = wire.say(bytes);
            assert_eq!(statuses(&said), ["400"], "{}: {said}", String::from_utf8_lossy(bytes));
        }
        let endless =
            format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(200_000));
        assert_eq!(statuses(&wire.say(endless.as_bytes())), ["431"]);
    });
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    run(async {
        let pace = Pace { grace: Duration::from_millis(50), rate: 1_000_000 };
        let wire = Wire::with(Transport { pace, ..Transport::default() }).await;
        for (what, head, body) in [
            ("nothing", "Content-Length: 100\r\n", ""),
            ("a beginning", "Content-Length: 100\r\n", "{\"username\":"),
            ("chunks without end", "Transfer-Encoding: chunked\r\n", "1\r\n{\r\n"),
            ("half a chunk", "Transfer-Encoding: chunked\r\n", "64\r\n{"),
        ] {
            let said =
                wire.say(format!("{LOGIN}Accept-Language: en\r\n{head}\r\n{body}").as_bytes());
            assert_eq!(statuses(&said), ["408"], "{what}: {said}");
            assert!(said.to_ascii_lowercase().contains("connection: close"), "{what}: {said}");
            let body = problem(&said);
            assert_eq!((&body["code"], &body["status"]), (&"request_timeout".into(), &408.into()));
            assert_eq!(body["title"], "The request took too long to arrive.");
        }
        // Nor is one that nobody reads, because the caller may not come in.
        for (what, head, body) in [
            ("a length", "Content-Length: 100\r\n", ""),
            ("chunks without end", "Transfer-Encoding: chunked\r\n", "1\r\n{\r\n"),
        ] {
            let said = wire.say(
                format!("POST /api/v1/cases HTTP/1.1\r\nHost: x\r\n{head}\r\n{body}").as_bytes(),
            );
            assert_eq!(statuses(&said), ["401"], "{what}: {said}");
        }
    });
}

#[test]
fn a_connection_goes_on_after_a_body_that_came_whole() {
    run(async {
        let wire = Wire::with(Transport::default()).await;
        let refused = "POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
        let last = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let said = wire.say(format!("{refused}{refused}{last}").as_bytes());
        assert_eq!(statuses(&said), ["401", "401", "200"], "{said}");
        // A bare LF ends a line (RFC 9112 §2.2 allows that), and begins no second request.
        let said = wire.say(b"GET /livez HTTP/1.1\nHost: x\nConnection: close\n\n");
        assert_eq!(statuses(&said), ["200"], "{said}");
        // A chunk extension is passed over (RFC 9112 §7.1.1).
        let body = "2;a=b\r\n{}\r\n0\r\n\r\n";
        let said = wire.say(
            format!("{LOGIN}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
                .as_bytes(),
        );
        assert_eq!(statuses(&said), ["422"], "{said}");
    });
}

#[test]
fn a_body_in_parts_is_read() {
    run(async {
        let wire = Wire::with(Transport::default()).await;
        let body = format!(
            "{:<200}",
            serde_json::json!({ "username": Who::Clerk.username(), "password": PASSWORD })
        );
        let head = format!("{LOGIN}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut stream = TcpStream::connect(wire.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (first, rest) = body.split_at(body.len() / 2);
        stream.write_all(format!("{head}{first}").as_bytes()).unwrap();
        stream.flush().unwrap();
        std::thread::yield_now();
        stream.write_all(rest.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert_eq!(statuses(&said), ["201"], "{said}");
    });
}
