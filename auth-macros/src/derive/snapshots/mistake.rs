::core::compile_error! {
    "a role is a name without data: write `Admin` alone"
}
#[automatically_derived]
impl Role {
    /// The name of this role, as tokens hold it.
    #[must_use]
    const fn name(&self) -> &'static ::auth_runtime::__private::str {
        ""
    }
}
#[automatically_derived]
impl ::auth_runtime::__private::RoleName for Role {
    fn role_name(&self) -> &::auth_runtime::__private::str {
        self.name()
    }
}
