/**
# Authorization

Public: anybody may call this, without credentials.*/
#[allow(clippy::future_not_send)]
fn home(
    __home_request: ::auth_runtime::__private::Incoming,
) -> impl ::auth_runtime::__private::Future<
    Output = ::auth_runtime::__private::HttpResponse,
> {
    async fn home() -> &'static str {
        "home"
    }
    ::auth_runtime::__private::body! {
        -> [& 'static str] __home_site[::auth_runtime::__private::Policy::Public]
        "home"[]
    }
    ::auth_runtime::__private::call::<_, ()>(__home_request, __home_site, home)
}
