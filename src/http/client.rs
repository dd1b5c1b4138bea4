//! From where a request comes.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;

/// The address of the client: that of the peer. No header is believed.
#[must_use]
pub fn client_address(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
}
