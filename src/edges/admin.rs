//! The door for the operator: is the process there, is it of use, what has it done.

use std::net::SocketAddr;

use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header};

use crate::{
    base::counters, edges::http::listen::Body, edges::link::LinkStatus, services::context::Services,
};

/// Answers one request.
pub async fn answer(
    services: Services,
    link: tokio::sync::watch::Receiver<LinkStatus>,
    _remote: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET is served here\n".into());
    }
    match request.uri().path() {
        "/healthz" => text(StatusCode::OK, "ok\n".into()),
        "/readyz" => ready(&services, &link).await,
        "/metrics" => text(StatusCode::OK, counters::as_text()),
        _ => text(StatusCode::NOT_FOUND, "/healthz, /readyz and /metrics are served here\n".into()),
    }
}

async fn ready(
    services: &Services,
    link: &tokio::sync::watch::Receiver<LinkStatus>,
) -> Response<Body> {
    let link = link.borrow().clone();
    let why = match link {
        LinkStatus::Up => None,
        LinkStatus::Connecting => Some("connecting".to_owned()),
        LinkStatus::Refused(why) | LinkStatus::Down(why) => Some(why),
    };
    if let Some(why) = why {
        return text(StatusCode::SERVICE_UNAVAILABLE, format!("link: {why}\n"));
    }
    match services.store.ping_write().await {
        Ok(()) => text(StatusCode::OK, "ready\n".into()),
        Err(error) => text(StatusCode::SERVICE_UNAVAILABLE, format!("store: {error}\n")),
    }
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::new(Bytes::from(text)));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
