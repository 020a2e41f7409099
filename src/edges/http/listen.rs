//! Serves the connections of a door, bounds them, ends them gracefully.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{sync::watch, time::timeout};
use tokio_io_timeout::TimeoutStream;

use crate::{base::stop::told, edges::door::Door};

/// A head must be there within this time, also that of the next request on a connection.
const HEAD: Duration = Duration::from_secs(30);

/// Octets of a head at most: phones' have a few hundred. As much is read of a body at once.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A phone that takes nothing of its answer for this long is gone.
const WRITE: Duration = Duration::from_secs(30);

/// Connections at once.
pub const MAX_CONNECTIONS: usize = 50_000;

/// What is under way when we stop may take this long.
const DRAIN: Duration = Duration::from_secs(5);

/// The body of an answer.
pub type Body = http_body_util::Full<bytes::Bytes>;

/// Serves requests with `answer` until told to stop.
pub async fn run<F, A>(door: Door, answer: F, mut stop: watch::Receiver<bool>)
where
    F: Fn(SocketAddr, Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    // COMPAT(phones, gateways): folded headers and blanks before the colon are passed over.
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD_BYTES)
        .title_case_headers(true)
        // Each answer is paid for by the byte, and no phone reads it.
        .auto_date_header(false)
        .ignore_invalid_headers(true);
    loop {
        let (stream, remote, place) = tokio::select! {
            next = door.next() => next,
            () = told(&mut stop) => break,
        };
        // An answer is one segment, and nothing follows it.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE));
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answer = answer(remote, request);
            async { Ok::<_, Infallible>(answer.await) }
        });
        let connection =
            graceful.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), service));
        tokio::spawn(async move {
            let _place = place;
            // A phone that went away is nothing to report.
            let _ = connection.await;
        });
    }
    let _ = timeout(DRAIN, graceful.shutdown()).await;
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::sleep,
    };

    use super::*;

    /// More than the sockets of both sides take.
    const LONG: usize = 64 * 1024 * 1024;

    /// A connection to a door whose answers are long.
    async fn connection() -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = async |_, _| Response::new(Body::new(vec![b'x'; LONG].into()));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            let _stop = stop;
            run(Door::new(listener, 10), move |a, r| Box::pin(answer(a, r)), stopped).await;
        });
        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_an_answer_is_let_go() {
        let mut phone = connection().await;
        phone.write_all(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        phone.readable().await.unwrap();
        sleep(WRITE + Duration::from_secs(1)).await;
        let mut answer = Vec::new();
        let _ = phone.read_to_end(&mut answer).await;
        assert!(answer.len() < LONG, "the rest was not written any more");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_finish_a_head_is_let_go() {
        let mut phone = connection().await;
        phone.write_all(b"POST / HTTP/1.1\r\nHo").await.unwrap();
        sleep(HEAD + Duration::from_secs(1)).await;
        let mut answer = Vec::new();
        let _ = phone.read_to_end(&mut answer).await;
        assert!(answer.is_empty());
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused() {
        let mut phone = connection().await;
        let head = format!("POST / HTTP/1.1\r\nX: {}", "x".repeat(2 * MAX_HEAD_BYTES));
        let _ = phone.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = phone.read_to_end(&mut answer).await;
        assert!(answer.starts_with(b"HTTP/1.1 431 "));
    }
}
