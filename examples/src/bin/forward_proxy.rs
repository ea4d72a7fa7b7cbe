//! A small forward proxy, which asks for its own credentials with a 407.
//!
//! ```text
//! cargo run -p auth-examples --bin forward_proxy
//! ```
//!
//! It forwards plain HTTP, and only to this machine. Who may use it is none of the origin's business, and the other way
//! round: `Proxy-Authorization` is not forwarded, `Authorization` is not looked at.

use std::net::IpAddr;

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Responder,
    http::header::{CONNECTION, HOST, PROXY_AUTHORIZATION, TRANSFER_ENCODING},
    web,
};
use auth_examples::{DAY, listen, paste, url};
use auth_runtime::{Auth, require_role, testing::TestIssuer};
use awc::Client;

/// Forwards a request to the origin that its absolute URL names.
#[require_role("surfer")]
async fn forward(request: HttpRequest, body: web::Payload) -> impl Responder {
    let target = request.uri();
    let Some(host) = target.host().filter(|_| target.scheme_str() == Some("http")) else {
        return HttpResponse::BadRequest().body("this is a proxy: write `curl -x`\n");
    };
    // An example has no business elsewhere.
    if !host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
        return HttpResponse::Forbidden().body("this example forwards to 127.0.0.1 only\n");
    }
    let client = Client::builder().no_default_headers().disable_redirects().finish();
    let mut outgoing = client.request(request.method().clone(), target.to_string()).no_decompress();
    for (name, value) in request.headers() {
        // These are between two neighbours (RFC 9110 §7.6.1).
        if ![CONNECTION, HOST, PROXY_AUTHORIZATION, TRANSFER_ENCODING].contains(name) {
            outgoing = outgoing.append_header((name.clone(), value.clone()));
        }
    }
    match outgoing.send_stream(body).await {
        Ok(answer) => {
            let mut response = HttpResponse::build(answer.status());
            for (name, value) in answer.headers() {
                if ![CONNECTION, TRANSFER_ENCODING].contains(name) {
                    response.append_header((name.clone(), value.clone()));
                }
            }
            response.streaming(answer)
        }
        Err(error) => HttpResponse::BadGateway().body(format!("{error}\n")),
    }
}

/// The origin, which has rules of its own.
async fn origin(request: HttpRequest) -> impl Responder {
    let seen = request.headers().contains_key(PROXY_AUTHORIZATION);
    format!(
        "hello from the origin, which {} the proxy's credentials\n",
        if seen { "sees" } else { "does not see" }
    )
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("A small forward proxy, which asks for its own credentials with a 407.");
    let proxy = url(&listener);
    let issuer = TestIssuer::new();
    let auth = Auth::builder().issuer(issuer.issuer()).proxy_mode().build()?;

    let origin = HttpServer::new(|| App::new().default_service(web::to(origin)))
        .workers(1)
        .bind(("127.0.0.1", 0))?;
    let behind = origin.addrs().first().map(|address| format!("http://{address}/"));
    let behind = behind.ok_or("the origin has no address")?;

    let surfer = issuer.token("ann").role("surfer").expires_in(DAY).mint();
    let other = issuer.token("bob").expires_in(DAY).mint();
    paste(
        "407, and Proxy-Authenticate says how to log in",
        &format!("curl -i -x {proxy} {behind}"),
    );
    for (answers, token) in [("200", &surfer), ("403", &other)] {
        let header = format!("--proxy-header 'Proxy-Authorization: Bearer {token}'");
        paste(answers, &format!("curl -i -x {proxy} {header} {behind}"));
    }
    let proxy = HttpServer::new(move || {
        App::new().app_data(auth.clone()).default_service(web::to(forward))
    });
    let proxy = proxy.workers(1).listen(listener)?.run();
    actix_web::rt::spawn(origin.run());
    proxy.await?;
    Ok(())
}
