//! One request of a phone: read, understand, have it answered, write.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body as _, Incoming},
    header::{self, HeaderMap, HeaderValue},
};
use ipnet::IpNet;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    base::counters::Counter,
    csp::{
        document::{Document, MediaType, Spelling},
        envelope::Message,
        version::Version,
    },
    domain::refusal::Refusal,
    edges::http::{listen::Body, origin},
    services::{
        houses::Houses,
        transaction::{Origin, refuse_all},
    },
};

/// Octets of a body at most: more than the largest message that phones announce.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// Octets of an ordinary message; longer ones carry pictures.
const LONG_BODY_BYTES: u64 = 8 * 1024;

/// Long bodies that are read at once: what is half there for all of them fits into memory.
const MAX_LONG_BODIES: usize = 200;

/// A body must be there within this time; radio is slow.
const BODY: Duration = Duration::from_secs(40);

static LONG_BODIES: Semaphore = Semaphore::const_new(MAX_LONG_BODIES);

/// Answers one request; `proxies` are believed when they say for whom they speak.
pub async fn answer(
    houses: Houses,
    proxies: Arc<[IpNet]>,
    remote: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    if !matches!(request.uri().path(), "/" | "/csp" | "") {
        return refuse(StatusCode::NOT_FOUND, "phones are served at / and /csp");
    }
    if request.method() != Method::POST {
        let mut refused =
            refuse(StatusCode::METHOD_NOT_ALLOWED, "this is the door for IMPS phones: POST");
        refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return refused;
    }
    Counter::HttpRequests.count();
    let (head, body) = request.into_parts();
    // Whoever sends many long bodies slowly is in the way of other long ones only.
    let is_long = body.size_hint().exact().is_none_or(|size| size > LONG_BODY_BYTES);
    let place = is_long.then(|| LONG_BODIES.try_acquire());
    if let Some(Err(_)) = place {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "too many long messages, try later");
    }
    let body = match timeout(BODY, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the message is longer than 512 KiB");
        }
        Ok(Err(_)) => return refuse(StatusCode::BAD_REQUEST, "the message ended too early"),
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "the message took too long"),
    };
    drop(place);
    let remote = origin::of_phone(remote.ip(), &head.headers, &proxies);
    let host = head.uri.host().unwrap_or_else(|| text_of(&head.headers, header::HOST));
    exchange(&houses, remote, host, &head.headers, &body).await
}

async fn exchange(
    houses: &Houses,
    remote: IpAddr,
    host: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response<Body> {
    let named = text_of(headers, header::CONTENT_TYPE);
    let Some(media) = media_type(named, body) else {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "neither WBXML nor XML of CSP");
    };
    let document = match Document::read(media.spelling, body) {
        Ok(document) => document,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let message = match Message::read(&document) {
        Ok(message) => message,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let origin = Origin {
        remote,
        user_agent: text_of(headers, header::USER_AGENT),
        spelling: media.spelling,
    };
    let reply = match houses.of_message(&message, host).services() {
        Some(services) => services.exchange(message, origin).await.unwrap_or_else(|_| {
            // It panicked: that costs one request, and only then is it read a second time.
            let message = Message::read(&document).ok()?;
            refuse_all(&message, Refusal::Unavailable)
        }),
        None => refuse_all(&message, Refusal::Unavailable),
    };
    let Some(reply) = reply else {
        // handset: Android G1: 200 without a body, never 204.
        return Response::new(Body::default());
    };
    let bytes = reply.message.write().write(media.spelling, reply.options);
    let mut response = Response::new(Body::new(Bytes::from(bytes)));
    let kind = HeaderValue::from_static(media.as_str());
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// What the header names, unless the body is plainly something else.
fn media_type(named: &str, body: &[u8]) -> Option<MediaType> {
    let sniffed = Spelling::sniff(body)?;
    let named = MediaType::parse(named).filter(|media| media.spelling == sniffed);
    Some(named.unwrap_or(MediaType::of(sniffed, Version::V1_2)))
}

fn text_of(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn refuse(status: StatusCode, why: &str) -> Response<Body> {
    Counter::HttpRefused.count();
    let mut response = Response::new(Body::new(Bytes::from(format!("{why}\n"))));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
