//! The network between the product and its server, which a test can cut.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Passes connections on to a server, until it is told to cut them. Ends with the test.
pub(crate) struct Relay {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Both ends of all that pass; none while the network is cut.
    passing: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Relay {
    /// Stands in front of a server.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let passing = Arc::new(Mutex::new(Some(Vec::new())));
        let all = Arc::clone(&passing);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let mut passing = all.lock().unwrap();
                // Where it is cut, a connection ends as it begins.
                let Some(passing) = passing.as_mut() else { continue };
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(server)) else { continue };
                passing.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                pass(near.try_clone().unwrap(), far.try_clone().unwrap());
                pass(far, near);
            }
        });
        Self { address, passing }
    }

    /// Cuts all connections, and lets none through from now on.
    pub(crate) fn cut(&self) {
        for end in self.passing.lock().unwrap().take().into_iter().flatten() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.passing.lock().unwrap().get_or_insert_default();
    }
}

/// Passes octets on in one direction.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
