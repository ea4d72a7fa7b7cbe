#[automatically_derived]
impl Role {
    /// The name of this role, as tokens hold it.
    #[must_use]
    pub const fn name(&self) -> &'static ::auth_runtime::__private::str {
        match self {
            Self::Admin => "admin",
            Self::NightShift => "night_shift",
            Self::r#type => "type",
            Self::Writer => "docs:write",
        }
    }
}
#[automatically_derived]
impl ::auth_runtime::__private::RoleName for Role {
    fn role_name(&self) -> &::auth_runtime::__private::str {
        self.name()
    }
}
