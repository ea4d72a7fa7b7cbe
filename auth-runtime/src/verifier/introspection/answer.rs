//! What an endpoint says of a token (RFC 7662 §2.2), and whether that is enough.

use crate::{
    claims::{ClaimPath, methods, roles, scopes},
    credential::Method,
    identity::{Inner, Verified},
    json::{self, Object, Value},
    texts::{Quoted, Texts},
    verifier::{
        VerifyError,
        jwt::rules::{
            Round, check_audience, check_time, confirmation, is_something_else, no_expiry, seconds,
            string, subject,
        },
    },
};

/// An answer from which nothing follows, neither that the token is good nor that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unusable(&'static str);

/// An answer that says one or the other.
#[derive(Debug)]
pub(super) struct Answer {
    active: bool,
    /// One sound object.
    text: String,
}

impl Answer {
    /// Reads the body of an answer with status 200.
    pub(super) fn read(content_type: Option<&[u8]>, body: Vec<u8>) -> Result<Self, Unusable> {
        // A signed answer (RFC 9701) has a type of its own; taking one for JSON would be taking it without its signature.
        if !content_type.is_some_and(is_json) {
            return Err(Unusable("its content type is not `application/json`"));
        }
        let text = String::from_utf8(body).map_err(|_| Unusable("it is not UTF-8"))?;
        let claims = json::read(&text).map_err(|_| Unusable("it is no sound JSON object"))?;
        let Some(&Value::Bool(active)) = claims.get("active") else {
            return Err(Unusable("`active` is neither `true` nor `false`"));
        };
        Ok(Self { active, text })
    }
}

/// Whether an answer with status 400 is about the token, and not about whoever asks: `unsupported_token_type`, registered
/// for revocation (RFC 7009 §2.2.1), is also what `oidc-provider` says of everything that begins like a JWT.
pub(super) fn is_about_the_token(body: &[u8]) -> bool {
    let said = std::str::from_utf8(body).ok().and_then(|text| json::read(text).ok());
    said.is_some_and(|said| {
        said.get("error").and_then(Value::as_str) == Some("unsupported_token_type")
    })
}

/// Parameters do not matter; the type itself compares without regard to case (RFC 9110 §8.3.1).
fn is_json(content_type: &[u8]) -> bool {
    content_type
        .split(|byte| *byte == b';')
        .next()
        .is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"application/json"))
}

/// What an active token has to be.
pub(super) struct Rules {
    pub(super) issuer: Box<str>,
    /// `None` takes any, and none.
    pub(super) audiences: Option<Vec<String>>,
    pub(super) needs_expiry: bool,
    /// In seconds.
    pub(super) leeway: u64,
    pub(super) roles: ClaimPath,
    pub(super) scopes: Option<ClaimPath>,
}

impl Rules {
    /// Activity, issuer, time, audience, type, and the rest, in this order: what a JWT would have to say, except that the
    /// endpoint, being asked, may leave `iss` out.
    ///
    /// `now` is in seconds since the Unix epoch.
    pub(super) fn judge(&self, answer: Answer, now: u64) -> Result<Verified, VerifyError> {
        let Answer { active, text } = answer;
        if !active {
            return Err(invalid("the endpoint says that it is not active"));
        }
        let claims = json::read(&text).map_err(|_| invalid("it is no sound JSON object"))?;
        if string(&claims, "iss")?.is_some_and(|issuer| *issuer != *self.issuer) {
            return Err(invalid("`iss` names another issuer"));
        }
        let expires_at = check_time(self.leeway, &claims, now)?.expires_at;
        if expires_at.is_none() && self.needs_expiry {
            return Err(no_expiry());
        }
        check_audience(self.audiences.as_deref(), &claims)?;
        let bound_to = confirmation(&claims)?;
        check_kind(&claims, bound_to.is_some())?;
        string(&claims, "client_id")?;

        let quotes = Quoted {
            subject: subject(&claims)?,
            acr: string(&claims, "acr")?,
            jti: string(&claims, "jti")?,
            bound_to,
            roles: roles(&claims, &self.roles),
            scopes: scopes(&claims, self.scopes.as_ref()),
            amr: methods(&claims),
        }
        .find(&text);
        let caller = Inner {
            issuer: (&*self.issuer).into(),
            method: Method::Bearer,
            auth_time: seconds(&claims, "auth_time", Round::Down)?,
            expires_at,
            issued_at: seconds(&claims, "iat", Round::Down)?,
            texts: Texts::of_claims(text, quotes),
        };
        Ok(Verified { leeway: self.leeway, ..Verified::of(caller) })
    }
}

/// An endpoint calls refresh tokens active as well, whatever it was hinted (RFC 7662 §2.1).
fn check_kind(claims: &Object<'_>, bound: bool) -> Result<(), VerifyError> {
    let says_another = |name: &str, fitting: &[&str]| -> Result<bool, VerifyError> {
        let said = string(claims, name)?;
        Ok(said.is_some_and(|said| !fitting.iter().any(|it| it.eq_ignore_ascii_case(said))))
    };
    // RFC 6749 §7.1; some servers say there what kind of token it is, and not how it is used.
    // A token that is bound to a key is one of `DPoP` (RFC 9449 §6.2), and only such a token is.
    let fitting: &[&str] =
        if bound { &["DPoP", "Bearer", "access_token"] } else { &["Bearer", "access_token"] };
    if says_another("token_type", fitting)? {
        return Err(invalid("`token_type` is not that of an access token"));
    }
    // Not registered, but what Ory Hydra and Amazon Cognito tell their tokens apart by.
    if says_another("token_use", &["access", "access_token"])? {
        return Err(invalid("`token_use` is not that of an access token"));
    }
    if is_something_else(claims) {
        return Err(invalid("it has the shape of an ID token, logout token or security event"));
    }
    Ok(())
}

fn invalid(reason: &'static str) -> VerifyError {
    VerifyError::invalid(reason)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Answer, Rules, Verified, VerifyError};

    const JSON: Option<&[u8]> = Some(b"application/json");

    fn rules() -> Rules {
        Rules {
            issuer: "https://id.example.com/".into(),
            audiences: Some(vec!["api".to_owned()]),
            needs_expiry: true,
            leeway: 60,
            roles: "roles".into(),
            scopes: None,
        }
    }

    fn good() -> Value {
        json!({"active": true, "sub": "ann", "aud": "api", "exp": 2_000})
    }

    fn judge(rules: &Rules, answer: &Value) -> Result<Verified, VerifyError> {
        let answer = Answer::read(JSON, answer.to_string().into_bytes()).unwrap();
        rules.judge(answer, 1_000)
    }

    fn with(name: &str, value: Value) -> Value {
        let mut answer = good();
        answer[name] = value;
        answer
    }

    fn without(name: &str) -> Value {
        let mut answer = good();
        answer.as_object_mut().unwrap().remove(name);
        answer
    }

    #[test]
    fn what_an_active_token_says_is_the_identity_s() {
        let mut answer = good();
        answer["roles"] = json!(["admin"]);
        answer["scope"] = json!("read write");
        answer["acr"] = json!("mfa");
        answer["amr"] = json!(["otp"]);
        answer["auth_time"] = json!(900.5);
        answer["iat"] = json!(899.5);
        answer["jti"] = json!("token-17");
        let verified = judge(&rules(), &answer).unwrap();
        assert_eq!(
            (&*verified.inner.issuer, verified.inner.texts.subject()),
            ("https://id.example.com/", "ann")
        );
        assert!(verified.inner.texts.roles().eq(["admin"]));
        assert!(verified.inner.texts.scopes().eq(["read", "write"]));
        assert_eq!(verified.inner.texts.acr(), Some("mfa"));
        assert!(verified.inner.texts.amr().eq(["otp"]));
        assert_eq!((verified.inner.auth_time, verified.expires_at), (Some(900), Some(2_000)));
        assert_eq!(
            (verified.inner.issued_at, verified.inner.texts.jti()),
            (Some(899), Some("token-17"))
        );
        assert_eq!(verified.inner.texts.claims().unwrap(), answer.to_string());
    }

    #[test]
    fn p3_active_has_to_be_a_boolean() {
        for wrong in
            [json!("true"), json!(1), json!(null), json!([true]), json!({}), json!("false")]
        {
            let answer = with("active", wrong).to_string().into_bytes();
            assert!(Answer::read(JSON, answer).is_err());
        }
        assert!(Answer::read(JSON, without("active").to_string().into_bytes()).is_err());
        assert!(judge(&rules(), &with("active", json!(false))).is_err());
    }

    #[test]
    fn p3_every_claim_is_held_to_what_a_jwt_s_is() {
        assert!(judge(&rules(), &good()).is_ok());
        for (name, wrong) in [
            ("exp", json!("2000")),
            ("exp", json!(-1)),
            ("exp", json!(1e300)),
            ("exp", json!(null)),
            ("exp", json!(940)),
            ("nbf", json!(1_061)),
            ("nbf", json!("0")),
            ("iat", json!(1_061)),
            ("iat", json!(true)),
            ("iss", json!("https://id.example.com")),
            ("iss", json!("https://ID.example.com/")),
            ("iss", json!(["https://id.example.com/"])),
            ("iss", json!(null)),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("aud", json!([])),
            ("aud", json!(["api", 1])),
            ("aud", json!({"api": true})),
            ("sub", json!("")),
            ("sub", json!(7)),
            ("client_id", json!(7)),
            ("jti", json!(7)),
            ("acr", json!(1)),
            ("auth_time", json!("now")),
            ("token_type", json!("DPoP")),
            ("token_type", json!("refresh_token")),
            ("token_type", json!("N_A")),
            ("token_type", json!("")),
            ("token_type", json!(null)),
            ("token_use", json!("refresh_token")),
            ("token_use", json!("id")),
            ("typ", json!("Refresh")),
            ("at_hash", json!("x")),
            ("events", json!({})),
        ] {
            let answer = with(name, wrong);
            assert!(judge(&rules(), &answer).is_err(), "{answer}");
        }
        for name in ["exp", "aud", "sub"] {
            assert!(judge(&rules(), &without(name)).is_err(), "{name}");
        }
        for (name, fine) in [
            ("exp", json!(941)),
            ("exp", json!(1_000.5)),
            ("nbf", json!(1_060)),
            ("iat", json!(1_060)),
            ("iss", json!("https://id.example.com/")),
            ("aud", json!(["other", "api"])),
            ("client_id", json!("spa")),
            ("token_type", json!("bearer")),
            ("token_type", json!("Bearer")),
            ("token_type", json!("access_token")),
            ("token_use", json!("access_token")),
            ("typ", json!("Bearer")),
            ("username", json!(7)),
        ] {
            let answer = with(name, fine);
            assert!(judge(&rules(), &answer).is_ok(), "{answer}");
        }
    }

    #[test]
    fn p1_a_token_bound_to_anything_but_one_key_is_refused_and_one_bound_to_a_key_says_so() {
        for cnf in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null), json!(1)]
        {
            assert!(judge(&rules(), &with("cnf", cnf)).is_err());
        }
        // RFC 9449 §6.2. Whether a proof came along is for the guard to see.
        let key = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        let mut bound = with("cnf", json!({"jkt": key}));
        for kind in ["DPoP", "Bearer"] {
            bound["token_type"] = json!(kind);
            assert_eq!(judge(&rules(), &bound).unwrap().inner.texts.bound_to(), Some(key));
        }
        assert_eq!(judge(&rules(), &good()).unwrap().inner.texts.bound_to(), None);
    }

    #[test]
    fn what_is_weakened_is_weakened_alone() {
        let any = Rules { audiences: None, ..rules() };
        for fine in [without("aud"), with("aud", json!("other"))] {
            assert!(judge(&any, &fine).is_ok());
        }
        for wrong in [with("aud", json!(1)), without("exp"), without("sub")] {
            assert!(judge(&any, &wrong).is_err());
        }
        let endless = Rules { needs_expiry: false, ..rules() };
        assert_eq!(judge(&endless, &without("exp")).unwrap().expires_at, None);
        for wrong in [with("exp", json!(900)), with("exp", json!("1")), without("aud")] {
            assert!(judge(&endless, &wrong).is_err());
        }
    }

    #[test]
    fn d5_roles_and_scopes_of_a_wrong_type_are_none() {
        for (name, wrong) in
            [("roles", json!("admin")), ("roles", json!(["a", 1])), ("scope", json!(1))]
        {
            let verified = judge(&rules(), &with(name, wrong)).unwrap();
            assert!(verified.inner.texts.roles().len() + verified.inner.texts.scopes().len() == 0);
        }
    }

    #[test]
    fn nothing_but_one_json_object_of_that_type_is_read() {
        let body = || good().to_string().into_bytes();
        for fine in ["application/json", "Application/JSON", "application/json; charset=UTF-8"] {
            assert!(Answer::read(Some(fine.as_bytes()), body()).is_ok(), "{fine}");
        }
        for wrong in [
            Some("application/token-introspection+jwt"),
            Some("text/html"),
            Some("application/jsonp"),
            Some("text/html; application/json"),
            Some(""),
            None,
        ] {
            assert!(Answer::read(wrong.map(str::as_bytes), body()).is_err(), "{wrong:?}");
        }
        for wrong in [
            "",
            "true",
            "[]",
            "<html>",
            r#"{"active":true"#,
            r#"{"active":true}{}"#,
            r#"{"active":false,"active":true}"#,
            r#"{"active":true,"sub":"a","sub":"b"}"#,
            "eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9.",
        ] {
            assert!(Answer::read(JSON, wrong.as_bytes().to_vec()).is_err(), "{wrong}");
        }
        assert!(Answer::read(JSON, b"{\"active\":true,\"sub\":\"\xff\"}".to_vec()).is_err());
    }
}
