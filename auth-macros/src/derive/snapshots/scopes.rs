#[automatically_derived]
impl Allowed {
    /// The name of this scope, as tokens hold it.
    #[must_use]
    pub(crate) const fn name(&self) -> &'static ::renamed::__private::str {
        match self {
            Self::ReadDocs => "read-docs",
            Self::WriteDocs => "write-docs",
        }
    }
}
#[automatically_derived]
impl ::renamed::__private::ScopeName for Allowed {
    fn scope_name(&self) -> &::renamed::__private::str {
        self.name()
    }
}
