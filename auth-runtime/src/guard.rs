//! The one function that sees the whole chain: `Auth` → credential → identity → decision.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, Location},
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{HttpRequest, HttpResponse};

use crate::{
    auth::{Auth, Authenticating, Panicked, poll_caught},
    decision::{Answered, Decision, Facts, decide},
    identity::Identity,
    policy::{Answer, Check, Policy, Said},
    rejection::Rejection,
    response,
};

/// Enforces a policy where no attribute can stand: in middleware, before a WebSocket upgrade, in a handler made by hand.
///
/// Gives the verified identity, or `None` for [`Policy::Public`], under which credentials are not looked at. The body is
/// not touched.
///
/// (An actix-web `guard::Guard` is a *routing* predicate that ends in 404. This is not one.)
///
/// # Errors
///
/// A [`Rejection`] says what to answer; [`into_response`](Rejection::into_response) makes the response.
///
/// # Examples
///
/// ```
/// use actix_web::{HttpRequest, HttpResponse};
/// use auth_runtime::{Policy, guard};
///
/// static ADMINS: Policy = Policy::Role("admin");
///
/// async fn upgrade(request: HttpRequest) -> HttpResponse {
///     match guard(&request, &ADMINS).await {
///         Ok(identity) => HttpResponse::SwitchingProtocols().finish(),
///         Err(rejection) => rejection.into_response(&request), // 401 with its challenge, or 403
///     }
/// }
/// ```
#[track_caller]
pub fn guard<'a>(
    request: &'a HttpRequest,
    policy: &'static Policy,
) -> impl Future<Output = Result<Option<Identity>, Rejection>> + use<'a> {
    let location = Location::caller();
    let mut guarding = Guarding::default();
    poll_fn(move |context| guarding.poll(request, policy, location, context))
}

/// Which handler this is, for logs.
pub(crate) trait Place: Copy {
    /// Says where to look.
    fn describe(self) -> String;
}

impl Place for &'static Location<'static> {
    fn describe(self) -> String {
        format!("`guard` at {self}")
    }
}

/// One request on its way to a decision. Small while nothing has to be waited for.
#[derive(Default)]
pub(crate) struct Guarding {
    stage: Stage,
    answers: Vec<Answered>,
}

#[derive(Default)]
enum Stage {
    #[default]
    Start,
    Authenticating(Authenticating),
    Deciding(Option<Identity>),
    Asking(Option<Identity>, &'static Check, PendingAnswer),
}

type PendingAnswer = Pin<Box<dyn Future<Output = Said>>>;

impl Guarding {
    /// Goes on as far as possible: to the end, unless a verifier or a check makes us wait.
    pub(crate) fn poll(
        &mut self,
        request: &HttpRequest,
        policy: &'static Policy,
        place: impl Place,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Identity>, Rejection>> {
        loop {
            match &mut self.stage {
                Stage::Start if matches!(policy, Policy::Public) => return Poll::Ready(Ok(None)),
                Stage::Start => self.stage = Stage::Authenticating(Authenticating::default()),
                Stage::Authenticating(authenticating) => {
                    let Some(auth) = Auth::of(request) else {
                        return Poll::Ready(Err(no_auth(&place.describe())));
                    };
                    let identity = ready!(authenticating.poll(auth, request, context))?;
                    self.stage = Stage::Deciding(identity);
                }
                Stage::Deciding(identity) => {
                    let facts = Facts::new(identity.as_ref()).answers(&self.answers);
                    match decide(policy, &facts) {
                        Decision::Allow => return Poll::Ready(Ok(identity.take())),
                        Decision::Deny(denial) => {
                            tracing::debug!(handler = %place.describe(), ?denial, "denied");
                            return Poll::Ready(Err(denial.into()));
                        }
                        Decision::Undecided(check) => {
                            match ask(check, request, identity.as_ref()) {
                                Ok(Answer::Ready(answer)) => {
                                    self.answers.push((check, heard(check, Ok(answer))?));
                                }
                                Ok(Answer::Later(answer)) => {
                                    self.stage = Stage::Asking(identity.take(), check, answer);
                                }
                                Err(panicked) => {
                                    self.answers.push((check, heard(check, Err(panicked))?));
                                }
                            }
                        }
                    }
                }
                Stage::Asking(identity, check, answer) => {
                    let answer = ready!(poll_caught(answer.as_mut(), context));
                    self.answers.push((check, heard(check, answer)?));
                    self.stage = Stage::Deciding(identity.take());
                }
            }
        }
    }
}

fn ask(
    check: &'static Check,
    request: &HttpRequest,
    identity: Option<&Identity>,
) -> Result<Answer, Panicked> {
    // `decide` leaves nothing to ask about an anonymous caller; if it did, the answer is no.
    let Some(identity) = identity else {
        return Ok(Answer::Ready(Ok(false)));
    };
    std::panic::catch_unwind(AssertUnwindSafe(|| check.ask(request, identity)))
        .map_err(|_| Panicked)
}

/// An error or a panic is neither yes nor no: the request is denied, and the client told that it is our fault (Z8).
fn heard(check: &Check, answer: Result<Said, Panicked>) -> Result<bool, Rejection> {
    match answer {
        Ok(Ok(held)) => Ok(held),
        Ok(Err(error)) => {
            tracing::error!(check = check.name(), %error, "a check failed, so the request was denied");
            Err(Rejection::NotAvailable)
        }
        Err(Panicked) => {
            tracing::error!(check = check.name(), "a check panicked, so the request was denied");
            Err(Rejection::NotAvailable)
        }
    }
}

pub(crate) fn no_auth(place: &str) -> Rejection {
    tracing::error!(
        "{place} is guarded, and the application that serves it has no `Auth`, so every request is answered 500: \
         add `.app_data(auth.clone())` to the `App`"
    );
    Rejection::NotAvailable
}

impl Rejection {
    /// The response that RESPONSES.md fixes for this, in the application's own style if its [`Auth`] has one.
    #[must_use]
    pub fn into_response(self, request: &HttpRequest) -> HttpResponse {
        match Auth::of(request) {
            Some(auth) => auth.responses().render(&self, request),
            None => response::plain(&self),
        }
    }
}
