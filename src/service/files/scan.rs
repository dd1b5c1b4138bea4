//! Scanning uploads for malware by a clamd, in its protocol INSTREAM: pieces with their lengths before
//! them, an empty one at the end, and one line in answer (clamd(8)).

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::FilesError;
use super::spool::Spooled;

/// How long the scanner may take to be reached.
const CONNECT: Duration = Duration::from_secs(5);

/// How long it may take for a file.
const SCAN: Duration = Duration::from_mins(1);

/// The longest answer that is read, in bytes.
const ANSWER: u64 = 1024;

/// Has a file scanned.
///
/// # Errors
/// Malware was found, or the scanner cannot be reached, refuses the file or says something else.
pub(super) async fn scan(address: &str, file: &mut Spooled) -> Result<(), FilesError> {
    let answer = timeout(SCAN, asked(address, file)).await;
    let answer = answer.map_err(|_| FilesError::Unscanned("it took too long".to_owned()))??;
    verdict(&answer)
}

async fn asked(address: &str, file: &mut Spooled) -> Result<String, FilesError> {
    let failed = |error: std::io::Error| FilesError::Unscanned(error.to_string());
    let connected = timeout(CONNECT, TcpStream::connect(address)).await;
    let connected = connected.map_err(|late| failed(late.into()))?;
    let mut scanner = connected.map_err(failed)?;
    scanner.write_all(b"zINSTREAM\0").await.map_err(failed)?;
    let sent = file
        .pieces(async |piece| {
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX).to_be_bytes();
            scanner.write_all(&length).await.map_err(failed)?;
            scanner.write_all(&piece).await.map_err(failed)
        })
        .await;
    // A scanner that refuses a file says so and hangs up before it has it all.
    let end = match sent {
        Ok(()) => scanner.write_all(&0_u32.to_be_bytes()).await.map_err(failed),
        Err(error) => Err(error),
    };
    let mut answer = Vec::new();
    let read = (&mut scanner).take(ANSWER).read_to_end(&mut answer).await;
    if answer.is_empty() {
        end?;
        read.map_err(failed)?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// `stream: OK`, `stream: NAME FOUND`, or anything else, which is no verdict.
fn verdict(answer: &str) -> Result<(), FilesError> {
    let said = answer.trim_end_matches(['\0', '\n', '\r']);
    let of_stream = said.strip_prefix("stream: ");
    if of_stream == Some("OK") {
        return Ok(());
    }
    match of_stream.and_then(|rest| rest.strip_suffix(" FOUND")) {
        Some(name) => Err(FilesError::Infected(name.to_owned())),
        None => Err(FilesError::Unscanned(format!("it said {said:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_found_clean_is_clean() {
        assert!(verdict("stream: OK\0").is_ok());
        let found = verdict("stream: Eicar-Signature FOUND\0");
        assert!(matches!(found, Err(FilesError::Infected(name)) if name == "Eicar-Signature"));
        for said in ["", "OK", "stream: ", "INSTREAM size limit exceeded. ERROR\0", "stream: OK\0x"]
        {
            assert!(matches!(verdict(said), Err(FilesError::Unscanned(_))), "{said:?}");
        }
    }
}
