::core::compile_error! {
    "several roles do not say whether one is enough: write `any(\"admin\", \"editor\")` or `all(\"admin\", \"editor\")`"
}
async fn wrong() -> &'static str {
    "x"
}
