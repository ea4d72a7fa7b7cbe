#[utoipa::path(responses((status = 200)))]
#[::auth_runtime::require_auth()]
#[get("/x")]
async fn documented() -> &'static str {
    "x"
}
