//! `gongkai healthcheck`: one request in plain HTTP/1.1 to a server on this machine, so that a
//! container needs no other program to ask for its health.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use clap::Args;

use crate::config;

/// Ask whether a server is ready. Exit code 0: it is; 1: it is not, or does not answer.
#[derive(Args)]
pub(super) struct HealthcheckArgs {
    /// Where to ask; /readyz of the address that GONGKAI_LISTEN names, when left out
    #[arg(long)]
    url: Option<String>,
}

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn run(args: &HealthcheckArgs) -> u8 {
    match ask(args) {
        Ok(200) => 0,
        Ok(status) => {
            super::say(&format!("gongkai: not ready: the server answers {status}"));
            1
        }
        Err(fault) => {
            super::say(&format!("gongkai: not ready: {fault}"));
            1
        }
    }
}

fn ask(args: &HealthcheckArgs) -> Result<u16, String> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => own_url()?,
    };
    let rest = url.strip_prefix("http://").ok_or("the URL does not begin with http://")?;
    let (host, path) = rest.find('/').map_or((rest, "/readyz"), |at| rest.split_at(at));
    if rest.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
        return Err("the URL holds a blank".to_owned());
    }
    let authority = if has_port(host) { host.to_owned() } else { format!("{host}:80") };
    let addresses = authority.to_socket_addrs().map_err(|error| format!("{host}: {error}"))?;
    let mut fault = format!("{host} has no address");
    for address in addresses {
        match status(address, host, path) {
            Ok(status) => return Ok(status),
            Err(error) => fault = format!("{address}: {error}"),
        }
    }
    Err(fault)
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

/// A server that listens everywhere is asked on the loopback address.
fn own_url() -> Result<String, String> {
    let listen = config::listen(None).map_err(|fault| fault.to_string())?;
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    Ok(format!("http://{}/readyz", SocketAddr::new(ip, listen.port())))
}

fn status(address: SocketAddr, host: &str, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    // "HTTP/1.1 200"
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let text = std::str::from_utf8(&head).unwrap_or_default();
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..)?.parse().ok());
    status.ok_or_else(|| std::io::Error::other("this is no HTTP"))
}
