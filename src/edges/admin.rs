//! The door for the operator: is the process there, is it of use, what has it done.

use std::net::SocketAddr;

use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header};
use tokio::sync::watch;

use crate::{
    base::counters::{self, Gauges},
    edges::http::listen::Body,
    edges::link::LinkStatus,
    services::houses::Houses,
};

/// What the operator may look at.
pub struct View {
    /// All domains.
    pub houses: Houses,
    /// How their links are, in the same order.
    pub links: Vec<watch::Receiver<LinkStatus>>,
}

/// Answers one request.
pub async fn answer(
    view: &View,
    _remote: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET is served here\n".into());
    }
    match request.uri().path() {
        "/healthz" => text(StatusCode::OK, "ok\n".into()),
        "/readyz" => ready(view).await,
        "/metrics" => text(StatusCode::OK, counters::as_text(&view.gauges())),
        _ => text(StatusCode::NOT_FOUND, "/healthz, /readyz and /metrics are served here\n".into()),
    }
}

async fn ready(view: &View) -> Response<Body> {
    let mut faults = String::new();
    for (house, link) in view.houses.all().zip(&view.links) {
        let link = link.borrow().clone();
        let why = match (house.services(), link) {
            (None, _) => Some("store: cannot be opened, see the log".to_owned()),
            (_, LinkStatus::Connecting) => Some("link: connecting".to_owned()),
            (_, LinkStatus::Refused(why) | LinkStatus::Down(why)) => Some(format!("link: {why}")),
            (Some(services), LinkStatus::Up) => {
                services.store.ping_write().await.err().map(|error| format!("store: {error}"))
            }
        };
        if let Some(why) = why {
            faults.push_str(&format!("{}: {why}\n", house.domain()));
        }
    }
    match faults.is_empty() {
        true => text(StatusCode::OK, "ready\n".into()),
        false => text(StatusCode::SERVICE_UNAVAILABLE, faults),
    }
}

impl View {
    fn gauges(&self) -> Vec<(&str, Gauges)> {
        let domains = self.houses.all().zip(&self.links);
        let now = domains.map(|(house, link)| {
            let services = house.services();
            let gauges = Gauges {
                sessions: services.map_or(0, |services| services.people.session_count()),
                is_link_up: *link.borrow() == LinkStatus::Up,
                outbox_waiting: services.map_or(0, |services| services.outbox_waiting()),
            };
            (house.domain(), gauges)
        });
        now.collect()
    }
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::new(Bytes::from(text)));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
