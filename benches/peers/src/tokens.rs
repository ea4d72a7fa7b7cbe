//! Keys, and tokens that everybody here accepts, or refuses for the same reason.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use auth_runtime::{Auth, AuthBuilder, Issuer, Key};
use aws_lc_rs::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use oauth_resource_server::testing;
use serde_json::{Value, json};

pub const ISSUER: &str = "https://id.example.com/";
pub const AUDIENCE: &str = "api";
pub const ROLE: &str = "user";
pub const SCOPE: &str = "docs:read";
pub const LIVE: usize = 10_000;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const SECRET_KID: &str = "test-key-hs";

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Alg {
    Hs256,
    Rs256,
    Es256,
    EdDsa,
}

impl Alg {
    pub const ALL: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.to_string() == name)
    }

    pub fn jose(self) -> Algorithm {
        match self {
            Self::Hs256 => Algorithm::HS256,
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }

    pub fn secret(self) -> Option<&'static str> {
        (self == Self::Hs256).then_some(SECRET)
    }

    /// The public key; of HS256 there is none.
    pub fn jwk(self) -> Option<Value> {
        match self {
            Self::Hs256 => None,
            Self::Rs256 => Some(testing::jwk_rsa_a()),
            Self::Es256 => Some(testing::jwk_ec()),
            Self::EdDsa => Some(testing::jwk_ed()),
        }
    }

    fn kid(self) -> &'static str {
        match self {
            Self::Hs256 => SECRET_KID,
            Self::Rs256 => testing::KID_A,
            Self::Es256 => testing::KID_EC,
            Self::EdDsa => testing::KID_ED,
        }
    }

    pub fn decoding(self) -> DecodingKey {
        match self.jwk() {
            None => DecodingKey::from_secret(SECRET.as_bytes()),
            Some(jwk) => {
                let jwk = serde_json::from_value(jwk).expect("a JWK");
                DecodingKey::from_jwk(&jwk).expect("a public key")
            }
        }
    }

    fn encoding(self) -> EncodingKey {
        match self {
            Self::Hs256 => EncodingKey::from_secret(SECRET.as_bytes()),
            Self::Rs256 => EncodingKey::from_rsa_pem(testing::KEY_A_PEM.as_bytes()).expect("PEM"),
            Self::Es256 => EncodingKey::from_ec_pem(testing::EC_PEM.as_bytes()).expect("PEM"),
            Self::EdDsa => EncodingKey::from_ed_pem(testing::ED_PEM.as_bytes()).expect("PEM"),
        }
    }

    /// The guard's own setting; `cached` unless verifying itself is to be measured.
    pub fn auth(self, cached: bool) -> AuthBuilder {
        let key = match self.jwk() {
            None => Key::secret(Algorithm::HS256, SECRET).kid(SECRET_KID),
            Some(jwk) => Key::jwk(jwk.to_string()),
        };
        let builder = Auth::builder().issuer(Issuer::new(ISSUER).audience(AUDIENCE).key(key));
        if cached { builder } else { builder.token_cache(0, 0) }
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        })
    }
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Case {
    Same,
    Many,
    NeverSeen,
    NoToken,
    Expired,
    WrongRole,
}

impl Case {
    pub const ALL: [Self; 6] =
        [Self::Same, Self::Many, Self::NeverSeen, Self::NoToken, Self::Expired, Self::WrongRole];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.to_string() == name)
    }

    /// What has to be answered.
    pub fn status(self) -> u16 {
        match self {
            Self::Same | Self::Many | Self::NeverSeen => 200,
            Self::NoToken | Self::Expired => 401,
            Self::WrongRole => 403,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "same token again",
            Self::Many => "10,000 tokens in rotation",
            Self::NeverSeen => "token never seen",
            Self::NoToken => "no token",
            Self::Expired => "expired token",
            Self::WrongRole => "role missing",
        })
    }
}

/// The values of `Authorization`, one for each request; they are sent in rotation.
pub struct Tokens {
    pub same: String,
    pub many: Vec<String>,
    pub expired: String,
    pub wrong_role: String,
}

impl Tokens {
    /// `live` of them in rotation.
    pub fn new(alg: Alg, live: usize) -> Self {
        let key = alg.encoding();
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(alg.kid().to_owned()),
            ..Header::new(alg.jose())
        };
        let now = seconds();
        let mint = |n: usize, role: &str, scope: &str, exp: u64| {
            let claims = json!({
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": format!("user-{n}"),
                "iat": exp - 3_600,
                "exp": exp,
                "jti": format!("{n:032x}"),
                "client_id": "web",
                "roles": [role],
                "scope": scope,
                "name": "A name of usual length",
                "email": format!("user-{n}@example.com"),
            });
            let token = jsonwebtoken::encode(&header, &claims, &key).expect("signed");
            format!("Bearer {token}")
        };
        let live: Vec<_> =
            (0..live).map(|n| mint(n, ROLE, "docs:read docs:write", now + 3_600)).collect();
        Self {
            same: live.first().expect("at least one").clone(),
            many: live,
            expired: mint(0, ROLE, "docs:read docs:write", now - 600),
            wrong_role: mint(0, "guest", "docs:write", now + 3_600),
        }
    }

    pub fn of(&self, case: Case) -> Vec<Option<&str>> {
        match case {
            Case::Same => vec![Some(&self.same)],
            Case::Many | Case::NeverSeen => self.many.iter().map(|token| Some(&**token)).collect(),
            Case::NoToken => vec![None],
            Case::Expired => vec![Some(&self.expired)],
            Case::WrongRole => vec![Some(&self.wrong_role)],
        }
    }
}

/// The least that a token which was never seen can cost: its signature, with a key that is ready.
pub enum Bare {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl Bare {
    pub fn new(alg: Alg) -> Self {
        let part = |name: &str| {
            let jwk = alg.jwk().expect("a public key");
            URL_SAFE_NO_PAD.decode(jwk[name].as_str().expect("text")).expect("base64url")
        };
        let parsed = |algorithm, bytes: &[u8]| {
            Self::Public(ParsedPublicKey::new(algorithm, bytes).expect("a public key"))
        };
        match alg {
            Alg::Hs256 => {
                Self::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes())))
            }
            Alg::Rs256 => {
                let components = RsaPublicKeyComponents { n: part("n"), e: part("e") };
                let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
                Self::Public(key.expect("a public key"))
            }
            Alg::Es256 => {
                parsed(&ECDSA_P256_SHA256_FIXED, &[&[4][..], &part("x"), &part("y")].concat())
            }
            Alg::EdDsa => parsed(&ED25519, &part("x")),
        }
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }

    /// What is signed, and the signature.
    pub fn parts(bearer: &str) -> (Vec<u8>, Vec<u8>) {
        let token = bearer.strip_prefix("Bearer ").expect("a bearer token");
        let (message, signature) = token.rsplit_once('.').expect("a JWT");
        (message.into(), URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
    }
}

/// Since the Unix epoch.
pub fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
