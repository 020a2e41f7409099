//! The port at which all phones wait for their wake-up datagrams.

use std::{
    io,
    mem::{size_of, zeroed},
    net::{SocketAddr, UdpSocket as StdSocket},
    os::fd::{AsRawFd, RawFd},
    ptr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use futures_util::FutureExt;
use tokio::{io::Interest, net::UdpSocket, sync::Notify};

/// Who is woken, and when that was.
pub struct Wakes {
    bells: Vec<Notify>,
    /// When the kernel got the last datagram for each user, in nanoseconds since 1970.
    arrivals: Vec<AtomicU64>,
}

/// Room for datagrams that arrive while the generator does something else.
const RECEIVE_BYTES: libc::c_int = 8 << 20;

impl Wakes {
    /// Opens the port; it is read for as long as the runtime lives.
    pub fn open(users: usize) -> io::Result<(Arc<Self>, SocketAddr)> {
        let socket = StdSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        let fd = socket.as_raw_fd();
        set(fd, libc::SO_TIMESTAMPNS, 1)?;
        if set(fd, libc::SO_RCVBUFFORCE, RECEIVE_BYTES).is_err() {
            set(fd, libc::SO_RCVBUF, RECEIVE_BYTES)?;
        }
        let address = socket.local_addr()?;
        let socket = UdpSocket::from_std(socket)?;
        let wakes = Arc::new(Self {
            bells: (0..users).map(|_| Notify::new()).collect(),
            arrivals: (0..users).map(|_| AtomicU64::new(0)).collect(),
        });
        let all = wakes.clone();
        tokio::spawn(async move {
            loop {
                match socket.async_io(Interest::READABLE, || receive(fd)).await {
                    Ok((line, at)) => all.ring(&line, at),
                    Err(error) => eprintln!("wake-ups: {error}"),
                }
            }
        });
        Ok((wakes, address))
    }

    /// Wakes the user whose number ends the line.
    fn ring(&self, line: &[u8], at: u64) {
        let text = String::from_utf8_lossy(line);
        let number = text.trim_end().rsplit('.').next().and_then(|text| text.parse::<usize>().ok());
        let Some(user) =
            number.filter(|&user| text.starts_with("WVCI ") && user < self.bells.len())
        else {
            eprintln!("odd wake-up: {text:?}");
            return;
        };
        self.arrivals[user].store(at, Relaxed);
        self.bells[user].notify_one();
    }

    /// Waits until a user is woken; at once if that was since the last time. Cancel safe.
    pub async fn woken(&self, user: usize) {
        self.bells[user].notified().await;
    }

    /// Takes a wake-up as answered by the poll that follows.
    pub fn settle(&self, user: usize) {
        let _ = self.bells[user].notified().now_or_never();
    }

    /// When the last wake-up of a user arrived, in nanoseconds since 1970.
    pub fn arrival(&self, user: usize) -> u64 {
        self.arrivals[user].load(Relaxed)
    }
}

fn set(fd: RawFd, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option takes an int, which lives through the call.
    let done = unsafe {
        libc::setsockopt(fd, libc::SOL_SOCKET, option, ptr::from_ref(&value).cast(), len)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Takes one datagram, with the moment at which the kernel got it.
fn receive(fd: RawFd) -> io::Result<(Vec<u8>, u64)> {
    let mut line = vec![0u8; 600];
    // Aligned as its headers are.
    let mut control = [0u64; 16];
    let mut part = libc::iovec { iov_base: line.as_mut_ptr().cast(), iov_len: line.len() };
    // SAFETY: all fields are integers and pointers, for which zero is a value.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control);
    // SAFETY: the message names buffers that live through the call, with their lengths.
    let received = unsafe { libc::recvmsg(fd, &raw mut message, 0) };
    let Ok(received) = usize::try_from(received) else { return Err(io::Error::last_os_error()) };
    line.truncate(received);
    // SAFETY: the kernel has filled in the control messages that the macros walk.
    let at = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null() || (*header).cmsg_type != libc::SCM_TIMESTAMPNS {
            return Err(io::Error::other("no time of arrival"));
        }
        ptr::read_unaligned(libc::CMSG_DATA(header).cast::<libc::timespec>())
    };
    Ok((line, at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64))
}
