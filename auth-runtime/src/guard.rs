//! The one function that sees the whole chain: `Auth` → credential → identity → decision.

use std::{
    cell::Cell,
    fmt,
    future::{Future, poll_fn},
    mem,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, Location},
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{Error, HttpRequest, HttpResponse};
use tracing::{Level, Span, level_filters::LevelFilter};

use crate::{
    audit::{self, Asked, metrics::Stopwatch},
    auth::{Auth, Authenticated, Authenticating, Known, Looked, Panicked, TurnedAway, poll_caught},
    decision::{Answered, Conditions, Decision, Denial, Facts, Missing, decide, decide_at_once},
    identity::Identity,
    parameter::Parameter,
    policy::{Answer, Check, Condition, Needs, Policy, Said},
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
    let wanted = Wanted::new(policy);
    let mut guarding = Guarding::default();
    poll_fn(move |context| {
        let auth = match policy {
            Policy::Public => None,
            _ => Auth::of(request),
        };
        let deciding = Deciding { request, wanted, place: location };
        let passed = ready!(guarding.poll(auth.as_deref(), &deciding, context))
            .map_err(|rejection| in_mode(rejection, auth.as_deref()))?;
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

fn in_mode(rejection: Rejection, auth: Option<&Auth>) -> Rejection {
    match auth {
        Some(auth) => auth.in_mode(&rejection).clone(),
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

/// One request on its way to a decision. Nothing is kept as long as nothing makes us wait.
#[derive(Default)]
pub(crate) struct Guarding(Option<Box<Waiting>>);

// rustc would call a function for each request to see that there is nothing.
impl Drop for Guarding {
    #[inline]
    fn drop(&mut self) {
        if let Some(waiting) = self.0.take() {
            drop_rare(waiting);
        }
    }
}

/// Drops what nearly no request has, by a function of its own: everybody else only looks whether there is something.
#[cold]
#[inline(never)]
pub(crate) fn drop_rare<T>(rare: T) {
    drop(rare);
}

/// What makes us wait.
struct Waiting {
    waiting_for: WaitingFor,
    /// Everything that is logged on the way stands in it.
    span: Option<Span>,
}

enum WaitingFor {
    /// Whoever can vouch for the credential.
    Identity(Authenticating, Stopwatch),
    /// A check, and what those before it said.
    Answer(Option<Identity>, Vec<Answered>, &'static Check, PendingAnswer),
}

type PendingAnswer = Pin<Box<dyn Future<Output = Said>>>;

/// A request that may go on to its extractors.
pub(crate) struct Passed {
    /// `None` where the policy holds without one, so that credentials were not looked at.
    pub(crate) identity: Option<Identity>,
    /// Set if the policy still hangs on the handler's arguments: [`settle`] it.
    pub(crate) undecided: Option<Undecided>,
}

impl Passed {
    /// By all that was asked, who is this.
    #[inline]
    pub(crate) fn by(identity: Identity) -> Self {
        Self { identity: Some(identity), undecided: None }
    }
}

/// What is known already of a policy that hangs on arguments.
pub(crate) struct Undecided {
    answers: Box<[Answered]>,
}

/// What a place asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) policy: &'static Policy,
    /// What the policy needs, found out where it was written.
    pub(crate) needs: Needs,
}

impl Wanted {
    pub(crate) const fn new(policy: &'static Policy) -> Self {
        Self { policy, needs: policy.needs() }
    }
}

impl Guarding {
    /// Goes on as far as possible: to the end, unless a verifier or a check makes us wait. Every outcome is an event.
    ///
    /// `auth` is the request's; without one, nothing but [`Policy::Public`] lets it through.
    pub(crate) fn poll(
        &mut self,
        auth: Option<&Auth>,
        deciding: &Deciding<'_, impl Place>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Passed, Rejection>> {
        let watch = Stopwatch::start();
        match self.at_once(auth, deciding, &watch) {
            ControlFlow::Break(decided) => Poll::Ready(decided.map(Passed::by)),
            ControlFlow::Continue(known) => self.poll_on(auth, deciding, known, watch, context),
        }
    }

    /// The usual request in one piece: somebody whose token was seen before or nobody, and one thing asked of him. Whatever
    /// else it is has to go [the way of all requests](Self::poll_on), with what is known by now.
    ///
    /// The same as there, without what cannot make a difference here: passing that on from one to the other takes longer
    /// than all that is done.
    #[inline]
    pub(crate) fn at_once(
        &self,
        auth: Option<&Auth>,
        deciding: &Deciding<'_, impl Place>,
        watch: &Stopwatch,
    ) -> ControlFlow<Result<Identity, Rejection>, Known> {
        let Deciding { request, wanted, place: _ } = deciding;
        let go_on = ControlFlow::Continue;
        let (Some(auth), None) = (auth, &self.0) else { return go_on(Known::Open(Looked::Not)) };
        // Where a request comes from counts before who sends it (RESPONSES Z3), and what is logged stands in a span.
        if wanted.needs.address() || spans_are_heard() {
            return go_on(Known::Open(Looked::Not));
        }
        let known = auth.look(request);
        let caller = match &known {
            Known::Stands(identity) => Some(identity),
            Known::Nobody => None,
            Known::Open(_) => return go_on(known),
        };
        // By reference: whoever moved it would wait for what was just written.
        match &decide_at_once(wanted.policy, caller) {
            Some(Decision::Deny(denial)) => {
                watch.stop();
                ControlFlow::Break(Err(deciding.denied(denial, caller)))
            }
            Some(Decision::Allow) => match known {
                Known::Stands(identity) => {
                    watch.stop();
                    deciding.granted(Some(&identity));
                    ControlFlow::Break(Ok(identity))
                }
                known => go_on(known),
            },
            _ => go_on(known),
        }
    }

    /// `known` is what [`at_once`](Self::at_once) says, and `watch` what it was given.
    pub(crate) fn poll_on(
        &mut self,
        auth: Option<&Auth>,
        deciding: &Deciding<'_, impl Place>,
        known: Known,
        watch: Stopwatch,
        context: &mut Context<'_>,
    ) -> Poll<Result<Passed, Rejection>> {
        if !spans_are_heard() {
            return self.advance(auth, deciding, known, watch, context);
        }
        let span = self.0.as_mut().and_then(|waiting| waiting.span.take()).unwrap_or_else(|| {
            tracing::debug_span!(target: "auth_runtime::decision", "authorize", handler = %deciding.place.handler())
        });
        let polled = span.in_scope(|| self.advance(auth, deciding, known, watch, context));
        if let Some(waiting) = &mut self.0 {
            waiting.span = Some(span);
        }
        polled
    }

    fn advance(
        &mut self,
        auth: Option<&Auth>,
        deciding: &Deciding<'_, impl Place>,
        known: Known,
        watch: Stopwatch,
        context: &mut Context<'_>,
    ) -> Poll<Result<Passed, Rejection>> {
        if let Policy::Public = deciding.wanted.policy {
            return Poll::Ready(Ok(deciding.passed(None)));
        }
        let Some(auth) = auth else {
            let rejection = no_auth(&deciding.place.describe());
            return Poll::Ready(Err(deciding.refused(rejection, None, None)));
        };
        let waiting = match self.0.take() {
            Some(waiting) => waiting,
            None => match deciding.begin(auth, known, watch) {
                Step::Done(result) => return Poll::Ready(result),
                Step::Wait(waiting) => waiting,
            },
        };
        self.wait(waiting, auth, deciding, context)
    }

    fn wait(
        &mut self,
        mut waiting: Box<Waiting>,
        auth: &Auth,
        deciding: &Deciding<'_, impl Place>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Passed, Rejection>> {
        loop {
            match waiting.waiting_for.poll(auth, deciding, context) {
                Poll::Ready(Step::Done(result)) => return Poll::Ready(result),
                Poll::Ready(Step::Wait(next)) => waiting = next,
                Poll::Pending => {
                    self.0 = Some(waiting);
                    return Poll::Pending;
                }
            }
        }
    }
}

impl WaitingFor {
    fn poll(
        &mut self,
        auth: &Auth,
        deciding: &Deciding<'_, impl Place>,
        context: &mut Context<'_>,
    ) -> Poll<Step> {
        Poll::Ready(match self {
            Self::Identity(authenticating, watch) => {
                let found = ready!(authenticating.poll(auth, deciding.request, context));
                watch.stop();
                deciding.authenticated(auth, found)
            }
            Self::Answer(identity, answers, check, answer) => {
                let answer = ready!(poll_caught(answer.as_mut(), context));
                let (identity, mut answers) = (identity.take(), mem::take(answers));
                match heard(check, answer, deciding.place) {
                    Ok(held) => {
                        answers.push((check, held));
                        deciding.decide(auth, identity, answers)
                    }
                    Err(rejection) => {
                        Step::Done(Err(deciding.refused(rejection, None, identity.as_ref())))
                    }
                }
            }
        })
    }
}

/// Asked first, since `tracing` would write a span that nobody listens to into `log`, which actix-web turns on.
#[inline]
fn spans_are_heard() -> bool {
    LevelFilter::current() >= Level::DEBUG
}

/// How far it went.
enum Step {
    Done(Result<Passed, Rejection>),
    Wait(Box<Waiting>),
}

impl Step {
    fn wait(waiting_for: WaitingFor) -> Self {
        Self::Wait(Box::new(Waiting { waiting_for, span: None }))
    }
}

/// What is decided about, and where.
pub(crate) struct Deciding<'a, P> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) wanted: Wanted,
    pub(crate) place: P,
}

impl<P: Place> Deciding<'_, P> {
    #[inline]
    fn begin(&self, auth: &Auth, known: Known, watch: Stopwatch) -> Step {
        let Self { request, wanted, place } = *self;
        // Where a request comes from counts before who sends it (RESPONSES Z3).
        if wanted.needs.address() {
            match decide(wanted.policy, &facts(auth, request, wanted, None, &[])) {
                Decision::Allow => return Step::Done(Ok(self.passed(None))),
                Decision::Undecided(Missing::Network(name)) => {
                    let rejection = no_network(name, place);
                    return Step::Done(Err(self.refused(rejection, None, None)));
                }
                // About the caller, who is not known yet.
                Decision::Deny(Denial::Unauthenticated { .. }) | Decision::Undecided(_) => {}
                Decision::Deny(denial) => return Step::Done(Err(self.denied(&denial, None))),
            }
        }
        match auth.authenticate(request, known) {
            Authenticated::Now(found) => {
                watch.stop();
                self.authenticated(auth, found)
            }
            Authenticated::Later(authenticating) => {
                Step::wait(WaitingFor::Identity(authenticating, watch))
            }
        }
    }

    #[inline]
    fn authenticated(&self, auth: &Auth, found: Result<Option<Identity>, TurnedAway>) -> Step {
        match found {
            Ok(identity) => self.decide(auth, identity, Vec::new()),
            Err(TurnedAway { rejection, owner }) => {
                let rejection = for_policy(rejection, self.wanted, auth, self.request);
                Step::Done(Err(self.refused(rejection, None, owner.as_ref())))
            }
        }
    }

    /// Finds out what is missing, until nothing is or somebody makes us wait for it.
    #[inline]
    fn decide(&self, auth: &Auth, identity: Option<Identity>, mut answers: Vec<Answered>) -> Step {
        let Self { request, wanted, place } = *self;
        let refused = |rejection| Step::Done(Err(self.refused(rejection, None, identity.as_ref())));
        loop {
            let facts = facts(auth, request, wanted, identity.as_ref(), &answers);
            let check = match decide(wanted.policy, &facts) {
                Decision::Allow => return Step::Done(Ok(self.passed(identity))),
                Decision::Deny(denial) => {
                    return Step::Done(Err(self.denied(&denial, identity.as_ref())));
                }
                // The arguments decide, and say so.
                Decision::Undecided(Missing::Arguments(_)) => {
                    let undecided = Some(Undecided { answers: answers.into() });
                    return Step::Done(Ok(Passed { identity, undecided }));
                }
                Decision::Undecided(Missing::Check(check)) => check,
                Decision::Undecided(Missing::Network(name)) => {
                    return refused(no_network(name, place));
                }
                Decision::Undecided(Missing::Owners) => return refused(no_owners(place)),
                Decision::Undecided(Missing::Parameter(name)) => {
                    return refused(no_parameter(name, request, place));
                }
            };
            let answer = match ask(check, request, identity.as_ref()) {
                Ok(Answer::Ready(answer)) => Ok(answer),
                Ok(Answer::Later(answer)) => {
                    return Step::wait(WaitingFor::Answer(identity, answers, check, answer));
                }
                Err(panicked) => Err(panicked),
            };
            match heard(check, answer, place) {
                Ok(held) => answers.push((check, held)),
                Err(rejection) => return refused(rejection),
            }
        }
    }

    #[inline]
    fn granted(&self, identity: Option<&Identity>) {
        let handler = self.place.handler();
        audit::granted(self.place.asked(&handler, self.request), identity);
    }

    #[inline]
    fn passed(&self, identity: Option<Identity>) -> Passed {
        self.granted(identity.as_ref());
        Passed { identity, undecided: None }
    }

    fn denied(&self, denial: &Denial, identity: Option<&Identity>) -> Rejection {
        let rejection = Rejection::from(denial);
        self.tell(&rejection, Some(denial), identity);
        rejection
    }

    /// `denial` is why the policy denied, if it did; `identity` whoever the caller turned out to be.
    fn refused(
        &self,
        rejection: Rejection,
        denial: Option<&Denial>,
        identity: Option<&Identity>,
    ) -> Rejection {
        self.tell(&rejection, denial, identity);
        rejection
    }

    #[inline]
    fn tell(&self, rejection: &Rejection, denial: Option<&Denial>, identity: Option<&Identity>) {
        let handler = self.place.handler();
        let asked = self.place.asked(&handler, self.request);
        audit::denied(asked, rejection, denial, identity);
    }
}

/// Decides the rest, now that the handler's arguments are known. Each condition that matters is evaluated once.
pub(crate) fn settle(
    request: &HttpRequest,
    wanted: Wanted,
    place: impl Place,
    identity: Option<&Identity>,
    undecided: &Undecided,
    holds: &dyn Fn(Condition, &Identity) -> bool,
) -> Result<(), Rejection> {
    let mut denial = None;
    let result = settle_by(request, wanted, place, identity, undecided, holds, &mut denial);
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
    wanted: Wanted,
    place: impl Place,
    identity: Option<&Identity>,
    undecided: &Undecided,
    holds: &dyn Fn(Condition, &Identity) -> bool,
    reason: &mut Option<Denial>,
) -> Result<(), Rejection> {
    let Some(auth) = &Auth::of(request) else {
        return Err(no_auth(&place.describe()));
    };
    let mut conditions = Conditions::default();
    loop {
        let facts = facts(auth, request, wanted, identity, &undecided.answers);
        match (decide(wanted.policy, &facts.conditions(conditions)), identity) {
            (Decision::Allow, _) => return Ok(()),
            (Decision::Deny(denial), _) => {
                let rejection = Rejection::from(&denial);
                *reason = Some(denial);
                return Err(rejection);
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
    wanted: Wanted,
    auth: &Auth,
    request: &HttpRequest,
) -> Rejection {
    if !matches!(rejection, Rejection::InvalidApiKey) {
        return rejection;
    }
    match decide(wanted.policy, &facts(auth, request, wanted, None, &[])) {
        Decision::Deny(Denial::Unauthenticated { api_key: true, .. }) => Rejection::NoApiKey,
        _ => rejection,
    }
}

#[inline]
fn facts<'a>(
    auth: &'a Auth,
    request: &'a HttpRequest,
    Wanted { policy: _, needs }: Wanted,
    identity: Option<&'a Identity>,
    answers: &'a [Answered],
) -> Facts<'a> {
    let mut facts = Facts::new(identity).of_request(request).owners(auth.owners()).answers(answers);
    if needs.time() {
        facts = facts.now(auth.now());
    }
    if needs.address() {
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
            Some(auth) => auth.responses().answer_now(auth.in_mode(&self), request),
            None => response::plain(&self),
        }
    }

    /// The same as [`into_response`](Self::into_response), and waits for the application's own not-found handler.
    pub async fn respond(self, request: &HttpRequest) -> HttpResponse {
        match self.answer(Auth::of(request).as_deref(), request) {
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

    /// `auth` is the request's.
    pub(crate) fn answer(&self, auth: Option<&Auth>, request: &HttpRequest) -> Answering {
        match (self, auth) {
            (Self::NotFound, Some(auth)) => auth.responses().not_found.start(request),
            _ => Answering::Done(self.render(auth, request)),
        }
    }

    /// The same where nobody waits, and so without the application's own not-found response.
    #[inline]
    pub(crate) fn render(&self, auth: Option<&Auth>, request: &HttpRequest) -> HttpResponse {
        match auth {
            Some(auth) => auth.responses().render(auth.in_mode(self), request),
            None => response::plain(self),
        }
    }
}
