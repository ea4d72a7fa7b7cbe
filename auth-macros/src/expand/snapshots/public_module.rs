mod site {
    #[::auth_runtime::public]
    #[get("/")]
    async fn home() -> &'static str {
        "x"
    }
    #[require_auth]
    #[get("/me")]
    async fn me() -> &'static str {
        "x"
    }
    #[require_role("admin")]
    mod admin {
        #[get("/admin")]
        async fn admin() -> &'static str {
            "x"
        }
    }
}
