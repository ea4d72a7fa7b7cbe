//! Questions that only the application can answer.

use std::{error::Error, fmt, future::Future, pin::Pin};

use actix_web::HttpRequest;

use crate::identity::Identity;

/// A question that only the application can answer.
///
/// It is asked only of a verified identity, only if its answer matters for the outcome, and at most once a request.
/// An error or a panic in it is neither yes nor no: it denies the request with a 500, and the log names check and handler.
///
/// An attribute takes the function itself: `#[authorize(check(office_hours))]`. By hand it is made of a function that
/// returns an [`Answer`].
///
/// # Examples
///
/// ```
/// use actix_web::HttpRequest;
/// use auth_runtime::{Identity, Policy, policy::{Answer, Check}};
///
/// fn office_hours(_request: &HttpRequest, identity: &Identity) -> Answer {
///     Answer::Ready(Ok(identity.has_role("night-shift")))
/// }
///
/// const POLICY: Policy = Policy::Check(Check::new("office_hours", office_hours));
/// ```
#[derive(Clone, Copy)]
pub struct Check {
    name: &'static str,
    ask: fn(&HttpRequest, &Identity) -> Answer,
    /// The name is the function's path, so within one policy the same name is the same function.
    by_path: bool,
}

impl Check {
    /// `name` stands in logs.
    #[must_use]
    pub const fn new(name: &'static str, ask: fn(&HttpRequest, &Identity) -> Answer) -> Self {
        Self { name, ask, by_path: false }
    }

    /// Called by generated code only: a function by its path, as the attribute holds it.
    #[doc(hidden)]
    #[must_use]
    pub const fn by_path(path: &'static str, ask: fn(&HttpRequest, &Identity) -> Answer) -> Self {
        Self { name: path, ask, by_path: true }
    }

    /// The name given to [`new`](Self::new).
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether this is the same question. By hand, that is the same place in the policy.
    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.by_path && other.by_path && self.name == other.name)
    }

    pub(crate) fn ask(&self, request: &HttpRequest, identity: &Identity) -> Answer {
        (self.ask)(request, identity)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// What a [`Check`] says: yes, no, or why it cannot tell. An error denies with a 500 and is logged.
pub type Said = Result<bool, Box<dyn Error>>;

/// A [`Check`]'s answer, now or later.
#[non_exhaustive]
pub enum Answer {
    /// The answer is known.
    Ready(Said),
    /// The answer has to be waited for.
    Later(Pin<Box<dyn Future<Output = Said>>>),
}

impl Answer {
    /// An answer that has to be waited for.
    pub fn later(answer: impl Future<Output = Said> + 'static) -> Self {
        Self::Later(Box::pin(answer))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(answer) => f.debug_tuple("Ready").field(answer).finish(),
            Self::Later(_) => f.write_str("Later(..)"),
        }
    }
}

/// A function that an attribute's `check(…)` can name: `fn(&Identity, &HttpRequest) -> bool`, or with `Result<bool, E>`,
/// or the same with `async`.
///
/// `Kind` is inferred; it keeps the four apart.
#[diagnostic::on_unimplemented(
    message = "`check(…)` cannot ask this function",
    label = "not a check",
    note = "write `fn(identity: &Identity, request: &HttpRequest) -> bool`; it may be `async`, and may return `Result<bool, E>` with an error that becomes a `Box<dyn Error>`"
)]
pub trait IntoCheck<Kind>: Copy + 'static {
    /// Asks the function.
    fn ask(self, identity: &Identity, request: &HttpRequest) -> Answer;
}

/// The four kinds of function that `check(…)` takes.
#[derive(Debug)]
pub struct Kind<const ASYNC: bool, E>(std::marker::PhantomData<E>);

/// The kind that cannot fail.
#[derive(Debug)]
pub struct Never;

impl<F> IntoCheck<Kind<false, Never>> for F
where
    F: Fn(&Identity, &HttpRequest) -> bool + Copy + 'static,
{
    fn ask(self, identity: &Identity, request: &HttpRequest) -> Answer {
        Answer::Ready(Ok(self(identity, request)))
    }
}

impl<F, E> IntoCheck<Kind<false, E>> for F
where
    F: Fn(&Identity, &HttpRequest) -> Result<bool, E> + Copy + 'static,
    E: Into<Box<dyn Error>>,
{
    fn ask(self, identity: &Identity, request: &HttpRequest) -> Answer {
        Answer::Ready(self(identity, request).map_err(Into::into))
    }
}

impl<F> IntoCheck<Kind<true, Never>> for F
where
    F: AsyncFn(&Identity, &HttpRequest) -> bool + Copy + 'static,
{
    fn ask(self, identity: &Identity, request: &HttpRequest) -> Answer {
        let (identity, request) = (identity.clone(), request.clone());
        Answer::later(async move { Ok(self(&identity, &request).await) })
    }
}

impl<F, E> IntoCheck<Kind<true, E>> for F
where
    F: AsyncFn(&Identity, &HttpRequest) -> Result<bool, E> + Copy + 'static,
    E: Into<Box<dyn Error>>,
{
    fn ask(self, identity: &Identity, request: &HttpRequest) -> Answer {
        let (identity, request) = (identity.clone(), request.clone());
        Answer::later(async move { self(&identity, &request).await.map_err(Into::into) })
    }
}
