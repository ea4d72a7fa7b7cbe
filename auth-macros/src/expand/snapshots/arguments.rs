/// Says who the caller is.
#[get("/me/{id}")]
/**
# Authorization

Requires an authenticated caller.

| status | when | what to do |
|---|---|---|
| 401 Unauthorized | no token, or one that is invalid or has expired | log in or refresh, then try again |
| 400 Bad Request | repeated credentials | send one `Authorization` line |*/
#[allow(clippy::future_not_send)]
fn me(
    __me_request: ::auth_runtime::__private::Incoming,
) -> impl ::auth_runtime::__private::Future<
    Output = ::auth_runtime::__private::HttpResponse,
> {
    async fn me(
        identity: Identity,
        web::Path(id): web::Path<u32>,
    ) -> Result<impl Responder, AppError> {
        Ok(identity.subject().to_owned())
    }
    ::auth_runtime::__private::body! {
        [Identity] [web::Path < u32 >]
        __me_site[::auth_runtime::__private::Policy::Authenticated] "me"[]
    }
    ::auth_runtime::__private::call::<
        _,
        (Identity, web::Path<u32>),
    >(__me_request, __me_site, me)
}
