//! Who is at the other end, when proxies may stand between.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpRequest, web};

use super::edge::Edge;
use crate::config::transport::Proxies;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The address of the client: the peer's, or, when the peer is a trusted proxy, the last address in
/// `X-Forwarded-For` that is not one. Everything to the left of it the client can have written
/// himself. `Forwarded` and `X-Real-IP` are not read: a proxy that does not know them passes them on
/// as they came.
#[must_use]
pub fn client_address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    match request.app_data::<web::Data<Edge>>() {
        Some(edge) => behind(peer.to_canonical(), request.headers(), &edge.transport.proxies),
        None => peer.to_canonical(),
    }
}

fn behind(peer: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> IpAddr {
    let mut nearest = peer;
    if !proxies.trust(nearest) {
        return nearest;
    }
    let values: Vec<&str> =
        headers.get_all(FORWARDED_FOR).filter_map(|v| v.to_str().ok()).collect();
    for hop in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        // What is no address nobody can have been: the one who wrote it is the last known.
        let Some(address) = address_of(hop.trim()) else { break };
        nearest = address;
        if !proxies.trust(nearest) {
            break;
        }
    }
    nearest
}

/// An address, possibly with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address_of(hop: &str) -> Option<IpAddr> {
    let address = hop.parse().ok().or_else(|| {
        let socket: std::net::SocketAddr = hop.parse().ok()?;
        Some(socket.ip())
    });
    let bare = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(bare).map(|address: IpAddr| address.to_canonical())
}

/// Did the client speak https, by the word of a trusted proxy?
#[must_use]
pub fn came_by_https(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &Proxies) -> bool {
    let trusted = peer.is_some_and(|peer| proxies.trust(peer.to_canonical()));
    let last = || headers.get_all(FORWARDED_PROTO).last()?.to_str().ok()?.rsplit(',').next();
    trusted && last().is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[&'static str]) -> String {
        let proxies = Proxies::parse("10.0.0.0/8,fd00::/8").unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        behind(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        for (peer, lines, address) in [
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["1.1.1.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1, _hidden, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::9]:4711"], "2001:db8::9"),
            ("10.0.0.1", &["[2001:db8::9]"], "2001:db8::9"),
            ("fd00::1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[""], "10.0.0.1"),
        ] {
            assert_eq!(client(peer, lines), address, "{peer} {lines:?}");
        }
    }

    #[test]
    fn https_is_believed_of_a_trusted_proxy_alone() {
        let proxies = Proxies::parse("10.0.0.1").unwrap();
        let secure = |peer: &str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append(FORWARDED_PROTO, HeaderValue::from_static(value));
            came_by_https(peer.parse().ok(), &headers, &proxies)
        };
        assert!(secure("10.0.0.1", "https") && secure("10.0.0.1", "http, HTTPS"));
        assert!(!secure("10.0.0.1", "http") && !secure("10.0.0.1", "https, http"));
        assert!(!secure("10.0.0.2", "https"));
    }
}
