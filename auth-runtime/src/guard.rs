//! The one function that sees the whole chain: `Auth` → credential → identity → decision.

use std::{
    cell::Cell,
    fmt,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, Location},
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{Error, HttpRequest, HttpResponse};
use tracing::{Level, Span, level_filters::LevelFilter};

use crate::{
    audit::{self, Asked, metrics::Stopwatch},
    auth::{Auth, Authenticating, Panicked, poll_caught},
    decision::{Answered, Conditions, Decision, Denial, Facts, Missing, decide},
    identity::Identity,
    parameter::Parameter,
    policy::{Answer, Check, Condition, Policy, Said},
    rejection::{Rejection, RejectionError},
    response::{self, Answering},
};

/// Enforces a policy where no attribute can stand: in middleware, before a WebSocket upgrade, in a handler made by hand.
///
/// Gives the verified identity, or `None` where the policy holds without one: then credentials were not looked at. The
/// body is not touched. [`Policy::When`] needs an attribute; here it is a 500.
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
/// use actix_web::{Error, HttpRequest, HttpResponse};
/// use auth_runtime::{Policy, guard};
///
/// static ADMINS: Policy = Policy::role("admin");
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
    poll_fn(move |context| {
        let passed = ready!(guarding.poll(request, policy, location, context))
            .map_err(|rejection| in_mode(rejection, request))?;
        if passed.undecided.is_none() {
            return Poll::Ready(Ok(passed.identity));
        }
        let rejection = Rejection::NotAvailable;
        audit::denied(
            location.asked(&location, request),
            &rejection,
            None,
            passed.identity.as_ref(),
        );
        tracing::error!(
            "{} hangs on `Policy::When`, and only an attribute knows a handler's arguments, so the request was denied: \
             write `#[authorize(when(…))]` on the handler",
            location.describe()
        );
        Poll::Ready(Err(rejection))
    })
}

fn in_mode(rejection: Rejection, request: &HttpRequest) -> Rejection {
    match Auth::of(request) {
        Some(auth) => auth.in_mode(rejection),
        None => rejection,
    }
}

/// Which handler this is, for logs.
pub(crate) trait Place: Copy {
    /// Its name.
    fn handler(self) -> impl fmt::Display;

    /// Says where to look.
    fn describe(self) -> String;

    /// Whether every denial here is the application's own 404.
    fn hides(self) -> bool {
        false
    }

    /// What an event says of where something was decided; `by` is the handler's name.
    fn asked<'a>(self, by: &'a dyn fmt::Display, request: &'a HttpRequest) -> Asked<'a> {
        Asked { request, by, hides: self.hides() }
    }
}

impl Place for &'static Location<'static> {
    fn handler(self) -> impl fmt::Display {
        self
    }

    fn describe(self) -> String {
        format!("`guard` at {self}")
    }
}

/// One request on its way to a decision. Small while nothing has to be waited for.
#[derive(Default)]
pub(crate) struct Guarding {
    stage: Stage,
    answers: Vec<Answered>,
    /// Why the policy denied, if it did.
    denial: Option<Denial>,
    watch: Option<Stopwatch>,
    /// Everything that is logged on the way stands in it. Kept only while something makes us wait.
    span: Option<Span>,
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

/// A request that may go on to its extractors.
pub(crate) struct Passed {
    /// `None` where the policy holds without one, so that credentials were not looked at.
    pub(crate) identity: Option<Identity>,
    /// Set if the policy still hangs on the handler's arguments: [`settle`] it.
    pub(crate) undecided: Option<Undecided>,
}

/// What is known already of a policy that hangs on arguments.
pub(crate) struct Undecided {
    answers: Vec<Answered>,
}

impl Guarding {
    /// Goes on as far as possible: to the end, unless a verifier or a check makes us wait. Every outcome is an event.
    pub(crate) fn poll(
        &mut self,
        request: &HttpRequest,
        policy: &'static Policy,
        place: impl Place,
        context: &mut Context<'_>,
    ) -> Poll<Result<Passed, Rejection>> {
        // Asked first, since `tracing` would write a span that nobody listens to into `log`, which actix-web turns on.
        if LevelFilter::current() < Level::DEBUG {
            return self.decide(request, policy, place, context);
        }
        let span = self.span.take().unwrap_or_else(|| {
            tracing::debug_span!(target: "auth_runtime::decision", "authorize", handler = %place.handler())
        });
        let polled = span.in_scope(|| self.decide(request, policy, place, context));
        if polled.is_pending() {
            self.span = Some(span);
        }
        polled
    }

    fn decide(
        &mut self,
        request: &HttpRequest,
        policy: &'static Policy,
        place: impl Place,
        context: &mut Context<'_>,
    ) -> Poll<Result<Passed, Rejection>> {
        let result = ready!(self.advance(request, policy, place, context));
        let handler = place.handler();
        let asked = place.asked(&handler, request);
        match &result {
            Ok(Passed { identity, undecided: None }) => audit::granted(asked, identity.as_ref()),
            // The arguments decide.
            Ok(Passed { undecided: Some(_), .. }) => {}
            Err(rejection) => {
                audit::denied(asked, rejection, self.denial.as_ref(), self.identity());
            }
        }
        Poll::Ready(result)
    }

    /// Who the caller turned out to be, for events.
    fn identity(&self) -> Option<&Identity> {
        match &self.stage {
            Stage::Deciding(identity) | Stage::Asking(identity, ..) => identity.as_ref(),
            Stage::Authenticating(authenticating) => authenticating.turned_away(),
            Stage::Start => None,
        }
    }

    fn denied(&mut self, denial: Denial) -> Rejection {
        self.denial = Some(denial.clone());
        denial.into()
    }

    #[inline]
    fn advance(
        &mut self,
        request: &HttpRequest,
        policy: &'static Policy,
        place: impl Place,
        context: &mut Context<'_>,
    ) -> Poll<Result<Passed, Rejection>> {
        let passed = |identity, undecided| Poll::Ready(Ok(Passed { identity, undecided }));
        if let (Stage::Start, Policy::Public) = (&self.stage, policy) {
            return passed(None, None);
        }
        let Some(auth) = &Auth::of(request) else {
            return Poll::Ready(Err(no_auth(&place.describe())));
        };
        loop {
            match &mut self.stage {
                Stage::Start => {
                    // Where a request comes from counts before who sends it (RESPONSES Z3).
                    if policy.needs().address {
                        match decide(policy, &facts(auth, request, policy, None, &[])) {
                            Decision::Allow => return passed(None, None),
                            Decision::Undecided(Missing::Network(name)) => {
                                return Poll::Ready(Err(no_network(name, place)));
                            }
                            // About the caller, who is not known yet.
                            Decision::Deny(Denial::Unauthenticated { .. })
                            | Decision::Undecided(_) => {}
                            Decision::Deny(denial) => {
                                return Poll::Ready(Err(self.denied(denial)));
                            }
                        }
                    }
                    self.watch = Some(Stopwatch::start());
                    self.stage = Stage::Authenticating(Authenticating::default());
                }
                Stage::Authenticating(authenticating) => {
                    let identity = ready!(authenticating.poll(auth, request, context))
                        .map_err(|rejection| for_policy(rejection, policy, auth, request));
                    if let Some(watch) = self.watch.take() {
                        watch.stop();
                    }
                    let identity = identity?;
                    self.stage = Stage::Deciding(identity);
                }
                Stage::Deciding(identity) => {
                    let facts = facts(auth, request, policy, identity.as_ref(), &self.answers);
                    match decide(policy, &facts) {
                        Decision::Allow => return passed(identity.take(), None),
                        Decision::Deny(denial) => return Poll::Ready(Err(self.denied(denial))),
                        Decision::Undecided(Missing::Network(name)) => {
                            return Poll::Ready(Err(no_network(name, place)));
                        }
                        Decision::Undecided(Missing::Owners) => {
                            return Poll::Ready(Err(no_owners(place)));
                        }
                        Decision::Undecided(Missing::Parameter(name)) => {
                            return Poll::Ready(Err(no_parameter(name, request, place)));
                        }
                        Decision::Undecided(Missing::Arguments(_)) => {
                            let answers = std::mem::take(&mut self.answers);
                            return passed(identity.take(), Some(Undecided { answers }));
                        }
                        Decision::Undecided(Missing::Check(check)) => {
                            match ask(check, request, identity.as_ref()) {
                                Ok(Answer::Ready(answer)) => {
                                    self.answers.push((check, heard(check, Ok(answer), place)?));
                                }
                                Ok(Answer::Later(answer)) => {
                                    self.stage = Stage::Asking(identity.take(), check, answer);
                                }
                                Err(panicked) => {
                                    self.answers.push((check, heard(check, Err(panicked), place)?));
                                }
                            }
                        }
                    }
                }
                Stage::Asking(identity, check, answer) => {
                    let answer = ready!(poll_caught(answer.as_mut(), context));
                    self.answers.push((check, heard(check, answer, place)?));
                    self.stage = Stage::Deciding(identity.take());
                }
            }
        }
    }
}

/// Decides the rest, now that the handler's arguments are known. Each condition that matters is evaluated once.
pub(crate) fn settle(
    request: &HttpRequest,
    policy: &'static Policy,
    place: impl Place,
    identity: Option<&Identity>,
    undecided: &Undecided,
    holds: impl Fn(Condition, &Identity) -> bool,
) -> Result<(), Rejection> {
    let mut denial = None;
    let result = settle_by(request, policy, place, identity, undecided, holds, &mut denial);
    let handler = place.handler();
    let asked = place.asked(&handler, request);
    match &result {
        Ok(()) => audit::granted(asked, identity),
        Err(rejection) => audit::denied(asked, rejection, denial.as_ref(), identity),
    }
    result
}

fn settle_by(
    request: &HttpRequest,
    policy: &'static Policy,
    place: impl Place,
    identity: Option<&Identity>,
    undecided: &Undecided,
    holds: impl Fn(Condition, &Identity) -> bool,
    reason: &mut Option<Denial>,
) -> Result<(), Rejection> {
    let Some(auth) = &Auth::of(request) else {
        return Err(no_auth(&place.describe()));
    };
    let mut conditions = Conditions::default();
    loop {
        let facts = facts(auth, request, policy, identity, &undecided.answers);
        match (decide(policy, &facts.conditions(conditions)), identity) {
            (Decision::Allow, _) => return Ok(()),
            (Decision::Deny(denial), _) => {
                *reason = Some(denial.clone());
                return Err(denial.into());
            }
            (Decision::Undecided(Missing::Arguments(condition)), Some(identity)) => {
                let held =
                    std::panic::catch_unwind(AssertUnwindSafe(|| holds(condition, identity)));
                let Ok(held) = held else {
                    tracing::error!(
                        handler = %place.describe(),
                        condition = condition.text(),
                        "a condition panicked, so the request was denied"
                    );
                    return Err(Rejection::NotAvailable);
                };
                conditions.set(condition, held);
            }
            // The guard asked every check that matters and every network; if something were left, the answer is no.
            (Decision::Undecided(missing), _) => {
                tracing::error!(handler = %place.describe(), ?missing, "undecided, so the request was denied");
                return Err(Rejection::NotAvailable);
            }
        }
    }
}

/// A bad key on a route that takes nothing else is answered with the challenge for keys alone (RESPONSES A21).
fn for_policy(
    rejection: Rejection,
    policy: &'static Policy,
    auth: &Auth,
    request: &HttpRequest,
) -> Rejection {
    if !matches!(rejection, Rejection::InvalidApiKey) {
        return rejection;
    }
    match decide(policy, &facts(auth, request, policy, None, &[])) {
        Decision::Deny(Denial::Unauthenticated { api_key: true, .. }) => Rejection::NoApiKey,
        _ => rejection,
    }
}

#[inline]
fn facts<'a>(
    auth: &'a Auth,
    request: &'a HttpRequest,
    policy: &'static Policy,
    identity: Option<&'a Identity>,
    answers: &'a [Answered],
) -> Facts<'a> {
    let needs = policy.needs();
    let mut facts = Facts::new(identity).of_request(request).owners(auth.owners()).answers(answers);
    if needs.time {
        facts = facts.now(auth.now());
    }
    if needs.address {
        facts = facts.located(auth.networks().client(request), auth.networks());
    }
    facts
}

fn no_network(name: &str, place: impl Place) -> Rejection {
    tracing::error!(
        "{} asks for the network `{name}`, and nobody said which addresses that is, so every request is answered 500: add \
         `.network(\"{name}\", [\"192.0.2.0/24\"])` to the builder of `Auth`",
        place.describe()
    );
    Rejection::NotAvailable
}

fn no_owners(place: impl Place) -> Rejection {
    tracing::error!(
        "{} asks for the owner of a path parameter, and several vouch for callers, so every request is answered 500: say \
         whose subjects paths name, with `.owners_from(\"https://…\")` on the builder of `Auth`",
        place.describe()
    );
    Rejection::NotAvailable
}

fn no_parameter(name: &str, request: &HttpRequest, place: impl Place) -> Rejection {
    let several = Parameter::of(request, name) == Parameter::Ambiguous;
    tracing::error!(
        "{} asks for the owner of the path parameter `{name}`, and its route `{}` has {} of this name, so every request is \
         answered 500: write `{{{name}}}` once in the path of the handler or of a scope around it",
        place.describe(),
        request.match_pattern().as_deref().unwrap_or("?"),
        if several { "several" } else { "none" },
    );
    Rejection::NotAvailable
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
fn heard(
    check: &Check,
    answer: Result<Said, Panicked>,
    place: impl Place,
) -> Result<bool, Rejection> {
    match answer {
        Ok(Ok(held)) => Ok(held),
        Ok(Err(error)) => {
            tracing::error!(
                handler = %place.describe(),
                check = check.name(),
                %error,
                "a check failed, so the request was denied"
            );
            Err(Rejection::NotAvailable)
        }
        Err(Panicked) => {
            tracing::error!(
                handler = %place.describe(),
                check = check.name(),
                "a check panicked, so the request was denied"
            );
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
    /// The response for this: its status and challenge, in the application's own style if its [`Auth`] has one.
    ///
    /// A [`NotFound`](Self::NotFound) is answered by the application's own handler, which cannot be waited for here; if
    /// it has to be, [`respond`](Self::respond) does.
    #[must_use]
    pub fn into_response(self, request: &HttpRequest) -> HttpResponse {
        match Auth::of(request) {
            Some(auth) => auth.responses().answer_now(&auth.in_mode(self), request),
            None => response::plain(&self),
        }
    }

    /// The same as [`into_response`](Self::into_response), and waits for the application's own not-found handler.
    pub async fn respond(self, request: &HttpRequest) -> HttpResponse {
        match self.answer(request) {
            Answering::Done(response) => response,
            Answering::Waiting(response) => response.await,
        }
    }

    /// As an extractor's error, with its response if that had to be waited for.
    pub(crate) fn into_error(self, request: &HttpRequest, response: Option<HttpResponse>) -> Error {
        let request = request.clone();
        let render = move |rejection: &Self| rejection.clone().into_response(&request);
        let waited_for = Cell::new(response);
        let event = Cell::default();
        RejectionError { rejection: self, waited_for, render: Box::new(render), event }.into()
    }

    /// The same, with something to say once somebody looks at it.
    pub(crate) fn into_error_with(
        self,
        request: &HttpRequest,
        event: impl FnOnce(&Self) + 'static,
    ) -> Error {
        let error = self.into_error(request, None);
        if let Some(error) = error.as_error::<RejectionError>() {
            error.event.set(Some(Box::new(event)));
        }
        error
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> Answering {
        match Auth::of(request) {
            Some(auth) => auth.responses().answer(&auth.in_mode(self.clone()), request),
            None => Answering::Done(response::plain(self)),
        }
    }
}
