//! What an answer says about its request.

use crate::{
    csp::{outcome::StatusResult, primitive::Primitive, status::Code},
    phone::error::PhoneError,
};

/// Returns the outcome that an answer carries; one without is a success.
pub(super) fn result_of(answer: &Primitive) -> Option<&StatusResult> {
    match answer {
        Primitive::Status(it) => Some(&it.result),
        Primitive::LoginResponse(it) => Some(&it.result),
        Primitive::KeepAliveResponse(it) => Some(&it.result),
        Primitive::ListManageResponse(it) => Some(&it.result),
        Primitive::CreateListResponse(it) => Some(&it.result),
        Primitive::GetPresenceResponse(it) => Some(&it.result),
        Primitive::GetAttributeListResponse(it) => Some(&it.result),
        Primitive::SendMessageResponse(it) => Some(&it.result),
        Primitive::Disconnect(it) => it.result.as_ref(),
        Primitive::GetWatcherListResponse(it) => it.result.as_ref(),
        Primitive::GetReactiveAuthStatusResponse(it) => it.result.as_ref(),
        Primitive::GetPublicProfileResponse(it) => Some(&it.result),
        Primitive::SearchResponse(it) => it.result.as_ref(),
        _ => None,
    }
}

/// Returns an answer if its outcome is 200 or one of these, an error otherwise.
pub(super) fn accepted(
    request: &str,
    answer: Primitive,
    also: &[Code],
) -> Result<Primitive, PhoneError> {
    match result_of(&answer) {
        Some(result) if result.code != Code::OK && !also.contains(&result.code) => {
            Err(refused(request, result))
        }
        _ => Ok(answer),
    }
}

/// Returns the error that says how a request was refused.
pub(super) fn refused(request: &str, result: &StatusResult) -> PhoneError {
    PhoneError::Refused {
        request: request.into(),
        code: result.code,
        text: result.description.as_deref().unwrap_or_default().into(),
    }
}

/// Returns the error that says that this is no answer to that: a refusal, or something else.
pub(super) fn unexpected(request: &str, answer: &Primitive) -> PhoneError {
    match result_of(answer) {
        Some(result) if !result.code.is_success() => refused(request, result),
        _ => PhoneError::Unexpected { request: request.into(), answer: answer.name().into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::outcome::Status;

    #[test]
    fn an_answer_is_accepted_by_its_code() {
        let answer = |code| Primitive::Status(Status::new(Code(code)));
        assert!(accepted("X", answer(200), &[]).is_ok());
        assert!(accepted("X", Primitive::PollingRequest, &[]).is_ok());
        assert!(accepted("X", answer(531), &[Code::UNKNOWN_USER]).is_ok());
        let refused = accepted("X", answer(201), &[]).unwrap_err();
        assert_eq!(refused.code(), Some(Code::PARTIAL));
        assert_eq!(refused.to_string(), "X was refused with 201");
        assert_eq!(unexpected("X", &answer(200)).to_string(), "X was answered by Status");
    }
}
