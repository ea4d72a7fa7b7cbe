#[doc(hidden)]
#[allow(clippy::unused_async)]
async fn __auth_runtime_of_self<'a, T, const N: usize>(
    #[cfg(feature = "x")]
    request: HttpRequest,
    mut value: web::Data<Self>,
) -> HttpResponse
where
    T: FromRequest + 'static,
{
    Self::answer(value)
}
/**
# Authorization

Requires role `admin`.

| status | when | what to do |
|---|---|---|
| 401 Unauthorized | no token, or one that is invalid or has expired | log in or refresh, then try again |
| 403 Forbidden | the caller is known and lacks what is required | do not retry: ask for access |
| 400 Bad Request | repeated credentials | send one `Authorization` line |*/
#[allow(clippy::future_not_send)]
pub fn of_self<'a, T, const N: usize>(
    __of_self_request: ::renamed::__private::Incoming,
) -> impl ::renamed::__private::Future<Output = ::renamed::__private::HttpResponse>
where
    T: FromRequest + 'static,
{
    ::renamed::__private::body! {
        #[cfg(feature = "x")] [HttpRequest] [web::Data < Self >] -> [HttpResponse]
        __of_self_site[::renamed::__private::Policy::role("admin")] "of_self"[]
    }
    ::renamed::__private::call::<
        _,
        _,
    >(__of_self_request, __of_self_site, Self::__auth_runtime_of_self::<T, N>)
}
