//! Issuers whose certificate comes from an authority of the company's own: K2, over TLS.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use auth_runtime::{Auth, Config, Introspection, Issuer};
use auth_tests::Folder;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer as Authority, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::json;

use crate::{
    Time, ask, assert_ann, assert_away,
    provider::{Provider, Reply, Signer},
};

/// A company's certificate authority.
struct Root {
    pem: String,
    authority: Authority<'static, KeyPair>,
}

impl Root {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = params.self_signed(&key).unwrap();
        let pem = pem::encode(&pem::Pem::new("CERTIFICATE", own.der().to_vec()));
        Self { pem, authority: Authority::new(params, key) }
    }

    /// Passes what comes over TLS, with a certificate of this authority for `localhost`, on to the provider. Gives the port.
    fn guard(&self, provider: &Provider) -> u16 {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let (config, far) = (Arc::new(config), provider.port());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, config) = (stream.unwrap(), Arc::clone(&config));
                // Whoever does not trust us leaves, which is no concern of ours.
                thread::spawn(move || pass_on(stream, config, far));
            }
        });
        port
    }
}

fn pass_on(stream: TcpStream, config: Arc<ServerConfig>, far: u16) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let session = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut near = StreamOwned::new(session, stream);
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        near.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    near.read_exact(&mut body)?;
    let mut provider = TcpStream::connect(("127.0.0.1", far))?;
    provider.write_all(&request)?;
    let mut answer = Vec::new();
    provider.read_to_end(&mut answer)?;
    // Introspection asks for it (RFC 7662 §2.2).
    let answer = String::from_utf8_lossy(&answer);
    let answer = answer.replacen("\r\n", "\r\nContent-Type: application/json\r\n", 1);
    near.write_all(answer.as_bytes())?;
    near.conn.send_close_notify();
    near.flush()
}

#[actix_web::test]
async fn k2_keys_come_from_a_host_that_the_given_root_vouches_for() {
    let (root, other) = (Root::new(), Root::new());
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    let name = format!("https://localhost:{}/", root.guard(&provider));
    let metadata = json!({"issuer": name, "jwks_uri": format!("{name}keys")}).to_string();
    provider.reply("/.well-known/openid-configuration", Reply::Text(metadata));
    provider.publish(&[&key]);
    let token = key.token(&name, time.now());

    let folder = Folder::new("keys");
    let configured = |pem: &str| {
        folder.write("company-root.pem", pem);
        let text = format!(
            "[[issuers]]\nname = \"{name}\"\naudience = \"api\"\ndiscovery = true\njwks_root_certificates_file = \"company-root.pem\""
        );
        Config::from_file(folder.write("auth.toml", text)).unwrap().into_builder().unwrap()
    };
    let issuer = || Issuer::new(&*name).audience("api");
    let built = |issuer: Issuer| Auth::builder().issuer(issuer);
    let both = format!("{}{}", other.pem, root.pem);
    for builder in [
        built(issuer().jwks_discovery().jwks_root_certificates(&root.pem)),
        built(issuer().jwks_url(format!("{name}keys")).jwks_root_certificates(&both)),
        built(
            issuer()
                .jwks_discovery()
                .jwks_root_certificates(other.pem.trim())
                .jwks_root_certificates(root.pem.trim()),
        ),
        configured(&root.pem),
    ] {
        let clock = time.clone();
        assert_ann(&ask(&builder.clock(move || clock.now()).build().unwrap(), &token).await);
    }
    // Neither the system nor another authority vouches for it.
    let asked = provider.requests().len();
    for builder in [
        built(issuer().jwks_discovery()),
        built(issuer().jwks_discovery().jwks_root_certificates(&other.pem)),
        configured(&other.pem),
    ] {
        let clock = time.clone();
        assert_away(&ask(&builder.clock(move || clock.now()).build().unwrap(), &token).await);
    }
    assert_eq!(provider.requests().len(), asked);
}

#[actix_web::test]
async fn k2_tokens_are_shown_to_an_endpoint_that_the_given_root_vouches_for() {
    let (root, other) = (Root::new(), Root::new());
    let (provider, time) = (Provider::start(), Time::start());
    let url = format!("https://localhost:{}/introspect", root.guard(&provider));
    let answer = json!({"active": true, "sub": "ann", "aud": "api", "exp": time.now() + 600});
    provider.reply("/introspect", Reply::Text(answer.to_string()));

    let folder = Folder::new("introspection");
    let configured = |pem: &str| {
        folder.write("company-root.pem", pem);
        let text = format!(
            "[introspection]\nendpoint = \"{url}\"\nissuer = \"https://id.test/\"\naudience = \"api\"\nbearer = \"x\"\nroot_certificates_file = \"company-root.pem\""
        );
        Auth::from_config(folder.write("auth.toml", text)).unwrap()
    };
    let introspection =
        || Introspection::new(&*url).issuer("https://id.test/").audience("api").bearer("x");
    let built = |it: Introspection| Auth::builder().verifier(it.build().unwrap()).build().unwrap();
    for auth in [built(introspection().root_certificates(&root.pem)), configured(&root.pem)] {
        assert_ann(&ask(&auth, "opaque").await);
    }
    let asked = provider.requests().len();
    for auth in [
        built(introspection()),
        built(introspection().root_certificates(&other.pem)),
        configured(&other.pem),
    ] {
        assert_away(&ask(&auth, "opaque").await);
    }
    assert_eq!(provider.requests().len(), asked);
}

#[test]
fn what_is_no_certificate_does_not_build() {
    let root = Root::new();
    let folder = Folder::new("broken");
    let (first, last) = root.pem.split_at(root.pem.len() / 2);
    for (pem, why) in [
        ("", "no certificate stands there"),
        ("company-root.pem", "no certificate stands there"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        (&*format!("{first}!{last}"), "cannot be read"),
        (
            &*format!("{}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", root.pem),
            "cannot be read",
        ),
    ] {
        let issuer = Issuer::new("https://id.test/").audience("api").jwks_discovery();
        let error = Auth::builder().issuer(issuer.jwks_root_certificates(pem)).build().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.to_string().contains("`.jwks_root_certificates(…)`"), "{error}");
        let introspection = Introspection::new("https://id.test/introspect")
            .issuer("https://id.test/")
            .audience("api")
            .bearer("x")
            .root_certificates(pem);
        let error = introspection.build().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");

        folder.write("company-root.pem", pem);
        let text = "[[issuers]]\nname = \"https://id.test/\"\naudience = \"api\"\ndiscovery = true\njwks_root_certificates_file = \"company-root.pem\"";
        let error = Auth::from_config(folder.write("auth.toml", text)).unwrap_err().to_string();
        assert!(error.contains("issuers[0]") && error.contains(why), "{error}");
    }
}
