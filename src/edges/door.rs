//! A door: a listener with so many places in all, and so many for one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::base::counters::Counter;

/// Connections from one address at once: many phones share one behind an operator's gateway, and
/// still a single machine must not take all places.
const PER_ADDRESS: usize = 5_000;

/// Out of descriptors, some will be free in a moment.
const PAUSE: Duration = Duration::from_millis(100);

/// A listener and its places.
pub struct Door {
    listener: TcpListener,
    room: Arc<Semaphore>,
    per_address: usize,
    exempt: Vec<IpNet>,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Door {
    /// Returns a door with so many places; further phones wait to be accepted.
    pub fn new(listener: TcpListener, places: usize) -> Self {
        Self {
            listener,
            room: Arc::new(Semaphore::new(places)),
            per_address: PER_ADDRESS,
            exempt: Vec::new(),
            taken: Arc::default(),
        }
    }

    /// Does not count those who bring many others.
    pub fn exempting(self, exempt: Vec<IpNet>) -> Self {
        Self { exempt, ..self }
    }

    /// Waits for the next connection that may have a place; those that may not are closed.
    pub async fn next(&self) -> (TcpStream, SocketAddr, Place) {
        loop {
            let permit = Arc::clone(&self.room).acquire_owned().await;
            let permit = permit.expect("the room is never closed");
            match self.listener.accept().await {
                Ok((stream, remote)) => {
                    if let Some(place) = self.place(permit, remote.ip()) {
                        return (stream, remote, place);
                    }
                    Counter::ConnectionsRefused.count();
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn place(&self, permit: OwnedSemaphorePermit, remote: IpAddr) -> Option<Place> {
        let remote = remote.to_canonical();
        let is_counted = !self.exempt.iter().any(|network| network.contains(&remote));
        let counted = is_counted.then(|| household(remote));
        if let Some(address) = counted {
            let mut taken = self.taken.lock().expect("no holder of this lock panics");
            let count = taken.entry(address).or_default();
            if *count >= self.per_address {
                return None;
            }
            *count += 1;
        }
        Some(Place { taken: Arc::clone(&self.taken), counted, _permit: permit })
    }
}

/// A place that a connection has until this is dropped.
pub struct Place {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    counted: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.counted else { return };
        let mut taken = self.taken.lock().expect("no holder of this lock panics");
        if let Some(count) = taken.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&address);
            }
        }
    }
}

/// Returns what one household has: an address of IPv4, or a network of 64 bits of IPv6.
fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_address_has_not_all_places() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = vec!["192.0.2.7/32".parse().unwrap()];
        let door = Door { per_address: 2, ..Door::new(listener, 20).exempting(gateway) };
        let enter = |remote: &str| {
            let permit = Arc::clone(&door.room).try_acquire_owned().unwrap();
            door.place(permit, remote.parse().unwrap())
        };
        let first = enter("192.0.2.1").unwrap();
        let _second = enter("::ffff:192.0.2.1").unwrap();
        assert!(enter("192.0.2.1").is_none());
        let _other = enter("192.0.2.2").unwrap();
        drop(first);
        let _third = enter("192.0.2.1").expect("one has left");
        let _network = [enter("2001:db8::1").unwrap(), enter("2001:db8::2").unwrap()];
        assert!(enter("2001:db8::3").is_none(), "the same network");
        let _next = enter("2001:db8:0:1::3").unwrap();
        let many: Vec<_> = (0..5).filter_map(|_| enter("192.0.2.7")).collect();
        assert_eq!(many.len(), 5, "a gateway brings many");
    }
}
