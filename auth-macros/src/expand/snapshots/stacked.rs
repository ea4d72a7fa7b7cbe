#[get("/x")]
/**
# Authorization

Requires (role `admin` or role `editor`) and role `staff` and role `auditor`.

| status | when | what to do |
|---|---|---|
| 401 Unauthorized | no token, or one that is invalid or has expired | log in or refresh, then try again |
| 403 Forbidden | the caller is known and lacks what is required | do not retry: ask for access |
| 400 Bad Request | repeated credentials | send one `Authorization` line |*/
#[allow(clippy::future_not_send)]
pub(crate) fn stacked(
    __stacked_request: ::auth_runtime::__private::Incoming,
) -> impl ::auth_runtime::__private::Future<
    Output = ::auth_runtime::__private::HttpResponse,
> {
    #[tracing::instrument]
    async fn stacked() -> String {
        String::new()
    }
    #[allow(unused_imports)]
    use require_role as _;
    ::auth_runtime::__private::body! {
        -> [String] __stacked_site[::auth_runtime::__private::Policy::All(const { &
        [::auth_runtime::__private::Policy::Any(const { &
        [::auth_runtime::__private::Policy::role("admin"),
        ::auth_runtime::__private::Policy::role("editor")] }),
        ::auth_runtime::__private::Policy::role("staff"),
        ::auth_runtime::__private::Policy::role("auditor")] })] "stacked"[]
    }
    ::auth_runtime::__private::call::<_, _>(__stacked_request, __stacked_site, stacked)
}
