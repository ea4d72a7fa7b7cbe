//! A guarded handler: guard, then the user's extractors, then the user's function, in one future that actix-web boxes
//! once, as it boxes any handler's.

use std::{
    any::Any,
    cell::RefCell,
    fmt,
    future::Future,
    mem,
    ops::ControlFlow,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{Error, FromRequest, Handler, HttpRequest, HttpResponse, Responder};
use pin_project_lite::pin_project;

use crate::{
    audit::{self, metrics::Stopwatch},
    auth::{Auth, Known, Pinned, Serving},
    credential::Method,
    current::{Current, CurrentCell, Refused},
    guard::{Deciding, Guarding, Passed, Place, Undecided, Wanted, drop_rare, settle},
    identity::Identity,
    incoming::{Body, Incoming},
    policy::{Condition, Needs, Policy},
    rejection::{Rejection, RejectionError},
    response::{self, Answering, PendingResponse},
};

/// What the macros know about a guarded handler.
#[derive(Debug)]
pub struct Site {
    policy: Policy,
    needs: Needs,
    /// Every denial is the application's own 404.
    hides: bool,
    module: &'static str,
    handler: &'static str,
    /// Where the attribute stands.
    location: &'static Location<'static>,
}

impl Site {
    /// Called by generated code only.
    #[must_use]
    #[track_caller]
    pub const fn new(policy: Policy, module: &'static str, handler: &'static str) -> Self {
        let (needs, location) = (policy.needs(), Location::caller());
        Self { policy, needs, hides: false, module, handler, location }
    }

    /// `deny = not_found`.
    #[must_use]
    pub const fn hidden(self) -> Self {
        let Self { policy, needs, hides: _, module, handler, location } = self;
        Self { policy, needs, hides: true, module, handler, location }
    }

    fn wanted(&'static self) -> Wanted {
        Wanted { policy: &self.policy, needs: self.needs }
    }
}

/// `module::handler`.
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.module, self.handler)
    }
}

impl Place for &'static Site {
    fn handler(self) -> impl fmt::Display {
        self
    }

    fn describe(self) -> String {
        let Site { policy: _, needs: _, hides: _, module, handler, location } = self;
        format!("`{module}::{handler}` ({}:{})", location.file(), location.line())
    }

    fn hides(self) -> bool {
        self.hides
    }
}

/// What a handler's `when(…)` say about its arguments.
pub trait Conditions<Args> {
    /// Whether the condition of this index holds.
    fn hold(&self, index: u8, identity: &Identity, arguments: &Args) -> bool;
}

/// A handler without any `when(…)`.
struct NoConditions;

impl<Args> Conditions<Args> for NoConditions {
    fn hold(&self, _: u8, _: &Identity, _: &Args) -> bool {
        false
    }
}

macro_rules! conditions_over {
    ($($argument:ident)*) => {
        impl<F, $($argument),*> Conditions<($($argument,)*)> for F
        where
            F: Fn(u8, &Identity, $(&$argument),*) -> bool,
        {
            #[allow(non_snake_case, reason = "one name is a type's and a value's")]
            fn hold(&self, index: u8, identity: &Identity, arguments: &($($argument,)*)) -> bool {
                let ($($argument,)*) = arguments;
                self(index, identity, $($argument),*)
            }
        }
    };
}

conditions_over! {}
conditions_over! { A }
conditions_over! { A B }
conditions_over! { A B C }
conditions_over! { A B C D }
conditions_over! { A B C D E }
conditions_over! { A B C D E G }
conditions_over! { A B C D E G H }
conditions_over! { A B C D E G H I }
conditions_over! { A B C D E G H I J }
conditions_over! { A B C D E G H I J K }
conditions_over! { A B C D E G H I J K L }
conditions_over! { A B C D E G H I J K L M }
conditions_over! { A B C D E G H I J K L M N }
conditions_over! { A B C D E G H I J K L M N O }
conditions_over! { A B C D E G H I J K L M N O P }
conditions_over! { A B C D E G H I J K L M N O P Q }

/// What generated functions do. Without `when(…)` there is nothing that rustc would have to find out about conditions.
#[inline]
pub fn call<F, Args>(
    incoming: Incoming,
    site: &'static Site,
    handler: F,
) -> impl Future<Output = HttpResponse>
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest,
{
    call_when(incoming, site, handler, NoConditions)
}

/// The same, with what the handler's `when(…)` say.
#[inline]
pub fn call_when<F, Args, C>(
    Incoming { request, body }: Incoming,
    site: &'static Site,
    handler: F,
    conditions: C,
) -> impl Future<Output = HttpResponse>
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest,
    C: Conditions<Args>,
{
    Call {
        // Where nobody can tell which one it is, the guard says so.
        pinned: Pinned::begin(&request).unwrap_or(None),
        answer: Answer {
            request,
            site,
            handler,
            conditions,
            guarding: Guarding::default(),
            body,
            current: RefCell::default(),
            undecided: None,
            extracting: None,
            running: None,
            refusing: None,
        },
    }
}

pin_project! {
    /// The future of a guarded handler. Nothing happens before it is polled.
    struct Call<A> {
        // What this request goes on with, if the application may change its `Auth`.
        pinned: Option<Pinned>,
        #[pin]
        answer: A,
    }
}

impl<A: Future> Future for Call<A> {
    type Output = A::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<A::Output> {
        let this = self.project();
        if this.pinned.is_none() {
            return this.answer.poll(context);
        }
        Pinned::during(this.pinned, || this.answer.poll(context))
    }
}

/// A refusal that has to be waited for. In one more box, since nearly no request has one, and it takes one word instead of
/// two.
type Refusing = Option<Pin<Box<PendingResponse>>>;

pin_project! {
    /// The guard; then, with what it found in the slot, extractors and handler.
    ///
    /// They stand side by side, and not one after the other in the same place: what is in a place that several share has to
    /// be asked what it is before it can go, by a call each time.
    struct Answer<F, Args, C>
    where
        F: Handler<Args>,
        Args: FromRequest,
    {
        request: HttpRequest,
        site: &'static Site,
        handler: F,
        conditions: C,
        guarding: Guarding,
        body: Body,
        // What the guard found, for extractors and handler, while they are waited for.
        current: CurrentCell,
        // What hangs on the arguments. Once the handler runs nobody asks for it any more.
        undecided: Option<Undecided>,
        // Until it is here the guard is asked.
        #[pin]
        extracting: Option<Args::Future>,
        #[pin]
        running: Option<F::Future>,
        // Where it is the guard's, the body is kept as it is, as the handler of an unknown path does.
        refusing: Refusing,
    }
}

impl<F, Args, C> Future for Answer<F, Args, C>
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest,
    C: Conditions<Args>,
{
    type Output = HttpResponse;

    /// From the guard to the answer, as far as possible.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HttpResponse> {
        let mut this = self.project();
        let (request, site) = (&*this.request, *this.site);
        if let Some(response) = this.refusing {
            return response.as_mut().poll(context);
        }
        // An extractor that panics before its future is there leaves it so: whoever polls again is asked again.
        let begins = this.extracting.is_none() && this.running.is_none();
        if begins {
            let mut guard = Guard::new(request, site);
            let watch = Stopwatch::start();
            // Rejections by reference: whoever moved one would wait for what was just written.
            let Passed { identity, undecided } = match guard.at_once(this.guarding, &watch) {
                ControlFlow::Break(Ok(identity)) => Passed::by(identity),
                ControlFlow::Break(Err(ref rejection)) => {
                    return guard.refuse(rejection, this.refusing, context);
                }
                ControlFlow::Continue(known) => {
                    match ready!(guard.poll_on(this.guarding, known, watch, context)) {
                        Ok(passed) => passed,
                        Err(ref rejection) => {
                            return guard.refuse(rejection, this.refusing, context);
                        }
                    }
                }
            };
            *this.undecided = undecided;
            let found = Current::new(request, identity, site.hides);
            // What there may be is from before a panic.
            if let Some(before) = this.current.get_mut().replace(found) {
                drop_rare(before);
            }
        }
        let current = &*this.current;
        let behind = Behind {
            request,
            site,
            handler: this.handler,
            conditions: this.conditions,
            current,
            undecided: this.undecided,
            extracting: this.extracting.as_mut(),
            running: this.running.as_mut(),
        };
        let body = begins.then_some(this.body);
        // It is written where it stays: whoever passed it on would copy it each time.
        let mut answer = Poll::Pending;
        let result = Current::during(current, || behind.advance(body, context, &mut answer));
        if let Poll::Ready(result) = result {
            let end = End { request, refusing: this.refusing, answer: &mut answer };
            end.finish(result, this.current.get_mut().as_ref(), context);
            if this.refusing.is_some() {
                let_go(this.extracting, this.running);
            }
        }
        answer
    }
}

/// The application's not-found handler may wait for what an extractor holds: a connection of a pool, say.
#[cold]
#[inline(never)]
fn let_go<Extract, Run>(
    mut extracting: Pin<&mut Option<Extract>>,
    mut running: Pin<&mut Option<Run>>,
) {
    extracting.set(None);
    running.set(None);
}

/// Where the answer comes to stand. What takes longer than a look stands in a program once, and not for every handler.
struct End<'a> {
    request: &'a HttpRequest,
    refusing: &'a mut Refusing,
    answer: &'a mut Poll<HttpResponse>,
}

impl End<'_> {
    /// Nearly always there is nothing to add to what the handler says.
    #[inline]
    fn finish(
        self,
        result: Result<(), Refused>,
        current: Option<&Current>,
        context: &mut Context<'_>,
    ) {
        let method = current.and_then(Current::method);
        match self.answer {
            Poll::Ready(response)
                if result.is_ok() && response.error().is_none() && caches_know(method) => {}
            _ => self.finish_thoroughly(result, current, context),
        }
    }

    #[inline(never)]
    fn finish_thoroughly(
        self,
        result: Result<(), Refused>,
        current: Option<&Current>,
        context: &mut Context<'_>,
    ) {
        let result = result.and_then(|()| match mem::replace(self.answer, Poll::Pending) {
            Poll::Ready(response) => Ok(response),
            // Whoever is done has answered.
            Poll::Pending => Err(Rejection::NotAvailable.into()),
        });
        let answering = conclude(result, current, self.request);
        *self.answer = answered(answering, self.refusing, context);
    }
}

/// Waits for the answer if it has to be waited for.
fn answered(
    answering: Answering,
    refusing: &mut Refusing,
    context: &mut Context<'_>,
) -> Poll<HttpResponse> {
    match answering {
        Answering::Done(response) => Poll::Ready(response),
        Answering::Waiting(response) => refusing.insert(Box::pin(response)).as_mut().poll(context),
    }
}

/// The guard of one request. Nothing here depends on the handler's types, so that there is one of each function and not one
/// for every handler.
struct Guard<'a> {
    deciding: Deciding<'a, &'static Site>,
    /// The application's, where it makes a difference.
    auth: Option<Serving<'a>>,
}

impl<'a> Guard<'a> {
    fn new(request: &'a HttpRequest, site: &'static Site) -> Self {
        Self { deciding: Deciding { request, wanted: site.wanted(), place: site }, auth: None }
    }

    /// See [`Guarding::at_once`].
    #[inline(never)]
    fn at_once(
        &mut self,
        guarding: &Guarding,
        watch: &Stopwatch,
    ) -> ControlFlow<Result<Identity, Rejection>, Known> {
        let Self { deciding, auth } = self;
        *auth = match deciding.wanted.policy {
            Policy::Public => None,
            _ => Auth::of_guarded(deciding.request),
        };
        guarding.at_once(auth.as_deref(), deciding, watch)
    }

    /// See [`Guarding::poll_on`].
    #[inline(never)]
    fn poll_on(
        &self,
        guarding: &mut Guarding,
        known: Known,
        watch: Stopwatch,
        context: &mut Context<'_>,
    ) -> Poll<Result<Passed, Rejection>> {
        guarding.poll_on(self.auth.as_deref(), &self.deciding, known, watch, context)
    }

    /// Where nobody is let through. Nearly always there is nothing to wait for.
    #[inline(never)]
    fn refuse(
        &self,
        rejection: &Rejection,
        refusing: &mut Refusing,
        context: &mut Context<'_>,
    ) -> Poll<HttpResponse> {
        let Deciding { request, wanted: _, place: site } = self.deciding;
        let auth = self.auth.as_deref();
        // What makes a difference for the answer: hiding, another guarded handler around, the application's own 404.
        if site.hides || Current::is_any() || matches!(rejection, Rejection::NotFound) {
            // A guarded handler inside a hidden one hides too.
            let hides = site.hides || Current::hides(request);
            return answered(refuse(rejection, hides, auth, request), refusing, context);
        }
        Poll::Ready(rejection.render(auth, request))
    }
}

#[inline(never)]
fn refuse(
    rejection: &Rejection,
    hides: bool,
    auth: Option<&Auth>,
    request: &HttpRequest,
) -> Answering {
    let rejection = if hides && rejection.is_denial() { &Rejection::NotFound } else { rejection };
    // A guarded handler that this one runs inside of gets it like any other response.
    if Current::with(request, |_| ()).is_some() {
        return rejection.answer(auth, request).of_ours();
    }
    rejection.answer(auth, request)
}

/// What is answered where the guard let the request through, and something is left to do.
#[inline(never)]
fn conclude(
    result: Result<HttpResponse, Refused>,
    current: Option<&Current>,
    request: &HttpRequest,
) -> Answering {
    let (method, hides) = (current.and_then(Current::method), current.is_none_or(|it| it.hides));
    // What an extractor of ours said in the handler's name, in its arguments or its body, is our refusal as well.
    let ours = |error: &Error| hides && RejectionError::is_answered_as_denial(error);
    let refused =
        |rejection: &Rejection| refuse(rejection, hides, Auth::of(request).as_deref(), request);
    let response = match result {
        Ok(response) if response.error().is_some_and(ours) => return refused(&Rejection::NotFound),
        Ok(response) => response,
        Err(Refused::Error(error)) if ours(&error) => return refused(&Rejection::NotFound),
        Err(Refused::Error(error)) => HttpResponse::from_error(error),
        Err(Refused::Rejection(rejection)) => return refused(&rejection),
    };
    Answering::Done(mark(response, method, request))
}

/// What stands behind the guard. While it runs, what the guard found is in the slot.
struct Behind<'a, F, C, Extract, Run> {
    request: &'a HttpRequest,
    site: &'static Site,
    handler: &'a F,
    conditions: &'a C,
    current: &'a CurrentCell,
    undecided: &'a Option<Undecided>,
    extracting: Pin<&'a mut Option<Extract>>,
    running: Pin<&'a mut Option<Run>>,
}

impl<F, C, Extract, Run> Behind<'_, F, C, Extract, Run> {
    /// From the arguments to the answer, as far as possible. `body` is there where the guard let the request through in
    /// this very poll.
    #[inline]
    fn advance<Args>(
        mut self,
        body: Option<&mut Body>,
        context: &mut Context<'_>,
        answer: &mut Poll<HttpResponse>,
    ) -> Poll<Result<(), Refused>>
    where
        F: Handler<Args, Future = Run>,
        F::Output: Responder + 'static,
        Args: FromRequest<Future = Extract>,
        C: Conditions<Args>,
        Extract: Future<Output = Result<Args, Args::Error>>,
        Run: Future<Output = F::Output>,
    {
        let Self { request, site, handler, conditions, current, undecided, .. } = self;
        let hides = || current.borrow().as_ref().is_none_or(|found| found.hides);
        if let Some(body) = body {
            self.extracting.set(Some(body.extract::<Args>(request)));
            body.give_back();
        }
        if self.running.is_none() {
            // It was set when the guard let the request through.
            let Some(extracting) = self.extracting.as_mut().as_pin_mut() else {
                return Poll::Ready(Err(Rejection::NotAvailable.into()));
            };
            // Resources that decide for themselves whether the caller may have them come before all other extractors.
            if let Err(refused) = ready!(Current::poll_first(current, context)) {
                // As below: nothing is told before the decision.
                let untold = matches!(refused, Refused::Error(_)) && undecided.is_some() && hides();
                let refused = if untold { hidden(request, site) } else { refused };
                return Poll::Ready(Err(refused));
            }
            let extracted = ready!(extracting.poll(context));
            // An `Option<Identity>` swallows the error; bad credentials are refused all the same (A23).
            let rejection = current.borrow().as_ref().and_then(Current::rejection);
            if let Some(rejection) = rejection {
                return Poll::Ready(Err(Refused::Rejection(rejection)));
            }
            let arguments = match extracted {
                Ok(arguments) => arguments,
                Err(error) => {
                    // As long as it is not decided, what is wrong with the arguments would tell that there is something.
                    let untold = undecided.is_some() && hides();
                    let refused = if untold { hidden(request, site) } else { error.into().into() };
                    return Poll::Ready(Err(refused));
                }
            };
            // It stays where it is until the handler runs: nothing that panics here can leave the handler without it.
            if let Some(undecided) = undecided {
                settle_here(request, site, undecided, &|condition, identity| {
                    conditions.hold(condition.index(), identity, &arguments)
                })?;
            }
            let running = handler.call(arguments);
            self.running.set(Some(running));
            self.extracting.set(None);
        }
        let Some(running) = self.running.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(Rejection::NotAvailable.into()));
        };
        respond(ready!(running.poll(context)), request, answer);
        Poll::Ready(Ok(()))
    }
}

/// Writes what the handler says where it stays. Nearly every body is boxed as it is, and boxing it again would copy the
/// response once more.
#[inline]
fn respond<R: Responder + 'static>(
    output: R,
    request: &HttpRequest,
    answer: &mut Poll<HttpResponse>,
) {
    let place: &mut dyn Any = answer;
    if let Some(place) = place.downcast_mut::<Poll<HttpResponse<R::Body>>>() {
        *place = Poll::Ready(output.respond_to(request));
    } else {
        *answer = Poll::Ready(output.respond_to(request).map_into_boxed_body());
    }
}

/// See [`settle`].
#[inline(never)]
fn settle_here(
    request: &HttpRequest,
    site: &'static Site,
    undecided: &Undecided,
    holds: &dyn Fn(Condition, &Identity) -> bool,
) -> Result<(), Rejection> {
    settle(request, site.wanted(), site, found(request).as_ref(), undecided, holds)
}

/// Whom the guard found.
fn found(request: &HttpRequest) -> Option<Identity> {
    Current::with(request, |current| current.identity.clone()).flatten()
}

/// Whether caches know by themselves whom a response is for, as they do of `Authorization`.
#[inline]
fn caches_know(method: Option<Method>) -> bool {
    matches!(method, None | Some(Method::Bearer))
}

/// Says whom a response is for, and gives its client the next nonce.
fn mark(mut response: HttpResponse, method: Option<Method>, request: &HttpRequest) -> HttpResponse {
    let (Some(method), false) = (method, caches_know(method)) else { return response };
    // What is ours is stored nowhere, and a 404 that hides something has nothing that others have not.
    if response::is_ours(&response) {
        return response;
    }
    let Some(auth) = Auth::of(request) else { return response };
    response::mark(&mut response, method, auth.places());
    if method == Method::Dpop
        && let Some(nonce) = auth.next_nonce(request)
    {
        response::renew_nonce(&mut response, nonce);
    }
    response
}

/// Arguments that cannot be read, where telling so would tell that there is something.
#[inline(never)]
fn hidden(request: &HttpRequest, site: &'static Site) -> Refused {
    let identity = found(request);
    audit::denied(site.asked(&site, request), &Rejection::NotFound, None, identity.as_ref());
    Rejection::NotFound.into()
}
