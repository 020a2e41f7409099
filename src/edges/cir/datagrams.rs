//! The sockets from which wake-ups go out as datagrams (SUDP).

use std::{io, net::SocketAddr};

use tokio::net::UdpSocket;

/// A socket for each family of addresses.
pub struct Datagrams {
    v4: UdpSocket,
    /// None on a machine without IPv6.
    v6: Option<UdpSocket>,
}

impl Datagrams {
    /// Opens the sockets.
    ///
    /// # Errors
    ///
    /// There is none to be had for IPv4.
    pub async fn open() -> io::Result<Self> {
        Ok(Self {
            v4: UdpSocket::bind("0.0.0.0:0").await?,
            v6: UdpSocket::bind("[::]:0").await.ok(),
        })
    }

    /// Sends a line at once, alone in its datagram.
    ///
    /// # Errors
    ///
    /// The network does not take it now, or not at all.
    pub fn send(&self, line: &str, to: SocketAddr) -> io::Result<()> {
        let socket = match (to, &self.v6) {
            (SocketAddr::V4(_), _) => &self.v4,
            (SocketAddr::V6(_), Some(socket)) => socket,
            (SocketAddr::V6(_), None) => return Err(io::ErrorKind::AddrNotAvailable.into()),
        };
        socket.try_send_to(line.as_bytes(), to).map(drop)
    }
}
