//! A stand-in for the seal service: answers, hangs, lies and fails, as told.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gongkai::config::seal::{BearerToken, SealService};

/// What the stand-in does with one letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Sends the PDF back with something behind it.
    Seal,
    /// Takes the letter and says nothing.
    Hang,
    /// Has another answer than a seal, with this status.
    Status(u16),
    /// Says that it is a PDF, which it is not.
    Lie,
    /// Sends a page of HTML.
    Page,
    /// Sends back what it was sent.
    Echo,
    /// Sends more than anybody takes.
    Flood,
    /// Breaks off in the middle.
    BreakOff,
}

/// One letter as it came.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The head, in lower case.
    pub head: String,
    /// The PDF.
    pub body: Vec<u8>,
}

/// The service.
pub struct StandIn {
    address: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl StandIn {
    /// A service that treats the letters that come one after the other like this, and all that follow
    /// like the last.
    pub fn with(manners: &[Manners]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/seals", listener.local_addr().expect("an address"));
        let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let (manners, kept) = (manners.to_vec(), Arc::clone(&sent));
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for (at, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { continue };
                let Some(letter) = read(&mut stream) else { continue };
                let manner = manners[at.min(manners.len() - 1)];
                kept.lock().expect("the list").push(letter.clone());
                answer(&mut stream, manner, &letter.body);
                if manner == Manners::Hang {
                    held.push(stream);
                }
            }
        });
        Self { address, sent }
    }

    /// The letters that have come.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("the list").clone()
    }

    /// The settings that lead to it: it is asked at once again, so many times.
    pub fn settings(&self, again: usize) -> SealService {
        SealService {
            token: Some(BearerToken("s3cret".to_owned())),
            pauses: vec![Duration::ZERO; again],
            ..SealService::at(&self.address).expect("an address")
        }
    }
}

fn read(stream: &mut TcpStream) -> Option<Sent> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 65536];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1)?.lines().next()?;
            let length: usize = length.trim().parse().ok()?;
            if bytes.len() >= end + 4 + length {
                return Some(Sent { head, body: bytes[end + 4..].to_vec() });
            }
        }
        let got = stream.read(&mut chunk).ok().filter(|got| *got > 0)?;
        bytes.extend_from_slice(&chunk[..got]);
    }
}

fn answer(stream: &mut TcpStream, manner: Manners, sent: &[u8]) {
    let mut say = |status: u16, media_type: &str, length: usize, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\
             location: http://127.0.0.1:9/elsewhere\r\nconnection: close\r\n\r\n"
        );
        // A client that has heard enough may have gone.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    };
    match manner {
        Manners::Hang => {}
        Manners::Seal => {
            let body = [sent, b"\n% sealed\n%%EOF\n"].concat();
            say(200, "application/pdf", body.len(), &body);
        }
        Manners::Status(status) => say(status, "text/plain", 0, b""),
        Manners::Lie => say(200, "application/pdf", 15, b"<html>x</html>\n"),
        Manners::Page => say(200, "text/html", 4, b"%PDF"),
        Manners::Echo => say(200, "application/pdf", sent.len(), sent),
        Manners::Flood => {
            let body = [sent, &vec![b' '; 21 * 1024 * 1024]].concat();
            say(200, "application/pdf", body.len(), &body);
        }
        Manners::BreakOff => say(200, "application/pdf", sent.len() + 100, sent),
    }
}
