//! The trace of a request (W3C Trace Context) is found again in its log line.

use std::io;
use std::sync::{Arc, Mutex};

use actix_web::test::TestRequest;
use tracing_subscriber::filter::LevelFilter;

use crate::support::client::Api;
use crate::support::on_both;

/// A place for log lines.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// All of them.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The trace id in the line of a request.
    fn trace_of(&self, request: &str) -> String {
        let text = self.text();
        let mut lines =
            text.lines().filter(|line| line.contains(&format!("request_id=\"{request}\"")));
        let line = lines.next().unwrap_or_else(|| panic!("no line of {request}: {text}"));
        let (_, rest) = line.split_once("trace_id=").expect("a trace id");
        rest.split(' ').next().expect("its end").to_owned()
    }
}

on_both! {
    async fn a_trace_is_continued_in_the_log(api: Api) {
        const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
        let lines = Lines::default();
        let place = lines.clone();
        let log = tracing_subscriber::fmt().with_max_level(LevelFilter::INFO).with_ansi(false)
            .with_writer(move || place.clone()).finish();
        let _guard = tracing::subscriber::set_default(log);
        let ask = async |id: &'static str, parent: Option<&str>| {
            let request = TestRequest::get().uri("/livez").insert_header(("x-request-id", id));
            let request = parent.into_iter().fold(request, |request, parent| request.insert_header(("traceparent", parent)));
            let answer = api.send(request).await;
            assert_eq!(answer.header("x-request-id"), Some(id));
            assert_eq!((answer.header("traceparent"), answer.header("traceresponse")), (None, None));
            lines.trace_of(id)
        };
        assert_eq!(ask("given", Some(&format!("00-{TRACE}-b7ad6b7169203331-01"))).await, TRACE);
        let malformed = ask("malformed", Some(&format!("00-{TRACE}-0000000000000000-01"))).await;
        let (absent, another) = (ask("absent", None).await, ask("another", None).await);
        for fresh in [&malformed, &absent, &another] {
            assert!(fresh.len() == 32 && fresh.bytes().all(|b| b.is_ascii_hexdigit()), "{fresh}");
            assert_ne!(fresh, TRACE);
            assert_ne!(fresh.as_str(), "0".repeat(32));
        }
        assert_ne!(absent, another);
    }
}
