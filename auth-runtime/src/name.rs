//! What names a role or a scope: text, or a variant of an enum, which the compiler checks.

/// The name of a role: text, or a variant of an enum with [`#[derive(Role)]`](derive@crate::Role).
///
/// # Examples
///
/// ```
/// use auth_runtime::RoleName;
///
/// /// One role for each tenant, which no enum can list.
/// struct Manager(String);
///
/// impl Manager {
///     fn of(tenant: &str) -> Self {
///         Self(format!("manager:{tenant}"))
///     }
/// }
///
/// impl RoleName for Manager {
///     fn role_name(&self) -> &str {
///         &self.0
///     }
/// }
///
/// // `identity.has_role(Manager::of("acme"))` holds for this role, and not for `manager` or `manager:other`.
/// assert_eq!(Manager::of("acme").role_name(), "manager:acme");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a role",
    label = "not the name of a role",
    note = "derive `Role` on an enum, or use a `&'static str` constant"
)]
pub trait RoleName {
    /// The name, exactly as tokens hold it.
    fn role_name(&self) -> &str;
}

impl RoleName for str {
    fn role_name(&self) -> &str {
        self
    }
}

impl RoleName for String {
    fn role_name(&self) -> &str {
        self
    }
}

impl<T: RoleName + ?Sized> RoleName for &T {
    fn role_name(&self) -> &str {
        (**self).role_name()
    }
}

/// The name of a scope: text, or a variant of an enum with [`#[derive(Scope)]`](derive@crate::Scope).
///
/// See [`RoleName`] for an implementation by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a scope",
    label = "not the name of a scope",
    note = "derive `Scope` on an enum, or use a `&'static str` constant"
)]
pub trait ScopeName {
    /// The name, exactly as tokens hold it.
    fn scope_name(&self) -> &str;
}

impl ScopeName for str {
    fn scope_name(&self) -> &str {
        self
    }
}

impl ScopeName for String {
    fn scope_name(&self) -> &str {
        self
    }
}

impl<T: ScopeName + ?Sized> ScopeName for &T {
    fn scope_name(&self) -> &str {
        (**self).scope_name()
    }
}
