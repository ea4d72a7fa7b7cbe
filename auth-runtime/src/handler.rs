//! A guarded handler: guard, then the user's extractors, then the user's function, in one future that actix-web boxes
//! once, as it boxes any handler's.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, dev, web};
use pin_project_lite::pin_project;

use crate::{
    current::Current,
    guard::{Guarding, Place},
    policy::Policy,
    rejection::Rejection,
};

/// What the macros know about a guarded handler.
#[derive(Debug)]
pub struct Site {
    policy: Policy,
    module: &'static str,
    handler: &'static str,
    file: &'static str,
    line: u32,
}

impl Site {
    /// Called by generated code only.
    #[must_use]
    pub const fn new(
        policy: Policy,
        module: &'static str,
        handler: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self { policy, module, handler, file, line }
    }
}

impl Place for &'static Site {
    fn describe(self) -> String {
        let Site { policy: _, module, handler, file, line } = self;
        format!("`{module}::{handler}` ({file}:{line})")
    }
}

/// What every generated function does.
pub fn call<F, Args>(
    request: HttpRequest,
    payload: web::Payload,
    site: &'static Site,
    handler: F,
) -> impl Future<Output = HttpResponse>
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest,
{
    Call {
        request,
        payload: payload.into_inner(),
        handler,
        current: None,
        stage: Stage::Guard { guarding: Guarding::default(), site },
    }
}

pin_project! {
    /// The future of a guarded handler. Nothing happens before it is polled.
    struct Call<F, Args>
    where
        F: Handler<Args>,
        Args: FromRequest,
    {
        request: HttpRequest,
        payload: dev::Payload,
        handler: F,
        // What the guard found, for extractors and handler; `None` until it has let the request through.
        current: Option<Current>,
        #[pin]
        stage: Stage<F::Future, Args::Future>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<Run, Extract> {
        Guard { guarding: Guarding, site: &'static Site },
        Extract { #[pin] extracting: Extract },
        Run { #[pin] running: Run },
    }
}

impl<F, Args> Future for Call<F, Args>
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest,
{
    type Output = HttpResponse;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HttpResponse> {
        let mut this = self.project();
        let request = &*this.request;
        loop {
            match this.stage.as_mut().project() {
                StageProjection::Guard { guarding, site } => {
                    let site: &'static Site = site;
                    match ready!(guarding.poll(request, &site.policy, site, context)) {
                        Err(rejection) => return Poll::Ready(rejection.into_response(request)),
                        Ok(identity) => *this.current = Some(Current::new(request, identity)),
                    }
                    let payload = &mut *this.payload;
                    let extracting =
                        Current::during(this.current, || Args::from_request(request, payload));
                    this.stage.set(Stage::Extract { extracting });
                }
                StageProjection::Extract { extracting } => {
                    let extracted =
                        ready!(Current::during(this.current, || extracting.poll(context)));
                    // An `Option<Identity>` swallows the error; bad credentials are refused all the same (A23).
                    if let Some(rejection) = take_rejection(this.current) {
                        return Poll::Ready(rejection.into_response(request));
                    }
                    match extracted {
                        Err(error) => return Poll::Ready(HttpResponse::from_error(error)),
                        Ok(arguments) => {
                            let handler = &*this.handler;
                            let running = Current::during(this.current, || handler.call(arguments));
                            this.stage.set(Stage::Run { running });
                        }
                    }
                }
                StageProjection::Run { running } => {
                    let output = ready!(Current::during(this.current, || running.poll(context)));
                    return Poll::Ready(output.respond_to(request).map_into_boxed_body());
                }
            }
        }
    }
}

fn take_rejection(current: &mut Option<Current>) -> Option<Rejection> {
    current.as_mut().and_then(|current| current.rejection.take())
}
