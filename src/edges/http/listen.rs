//! Accepts connections, bounds them, ends them gracefully.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    time::timeout,
};

use crate::base::stop::told;

/// A head must be there within this time, also that of the next request on a connection.
const HEAD: Duration = Duration::from_secs(30);

/// Connections at once; further phones wait to be accepted.
const MAX_CONNECTIONS: usize = 50_000;

/// What is under way when we stop may take this long.
const DRAIN: Duration = Duration::from_secs(5);

/// The body of an answer.
pub type Body = http_body_util::Full<bytes::Bytes>;

/// Serves requests with `answer` until told to stop.
pub async fn run<F, A>(listener: TcpListener, answer: F, mut stop: watch::Receiver<bool>)
where
    F: Fn(SocketAddr, Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    // COMPAT(phones, gateways): folded headers and blanks before the colon are passed over.
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .title_case_headers(true)
        // Each answer is paid for by the byte, and no phone reads it.
        .auto_date_header(false)
        .ignore_invalid_headers(true);
    loop {
        let place = tokio::select! {
            place = room.clone().acquire_owned() => place,
            () = told(&mut stop) => break,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = told(&mut stop) => break,
        };
        let Ok((stream, remote)) = accepted else {
            // Out of descriptors: some will be free in a moment.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // An answer is one segment, and nothing follows it.
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answer = answer(remote, request);
            async { Ok::<_, Infallible>(answer.await) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            let _place = place;
            // A phone that went away is nothing to report.
            let _ = connection.await;
        });
    }
    let _ = timeout(DRAIN, graceful.shutdown()).await;
}
