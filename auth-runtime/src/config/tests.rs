use std::{fs, path::PathBuf};

use super::*;

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("auth-config-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const SECRET: &str = "s3cret-s3cret-s3cret-s3cret-s3cret";

/// An issuer with one key, and more.
fn with(more: &str) -> String {
    format!(
        "{more}\n[[issuers]]\nname = \"https://id.test/\"\naudience = \"api\"\n[[issuers.keys]]\nalgorithms = \"HS256\"\nsecret = \"{SECRET}\"\n"
    )
}

fn key(more: &str) -> String {
    format!(
        "[[issuers]]\nname = \"https://id.test/\"\naudience = \"api\"\n[[issuers.keys]]\n{more}"
    )
}

fn issuer(more: &str) -> String {
    format!(
        "[[issuers]]\n{more}\n[[issuers.keys]]\nalgorithms = \"HS256\"\nsecret = \"{SECRET}\"\n"
    )
}

fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn problem(text: &str) -> String {
    Auth::from_toml(text).unwrap_err().to_string()
}

fn problem_with(list: &[(&str, &str)]) -> String {
    let config = Config::from_toml(&with("")).unwrap();
    match config.apply_vars(PREFIX, variables(list)) {
        Ok(config) => config.build().unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn assert_messages(list: &[(String, &str)]) {
    Auth::from_toml(&with("")).unwrap();
    for (text, message) in list {
        let found = problem(text);
        assert_eq!(found, *message, "{text}");
        assert!(!found.contains("s3cret"), "{found}");
    }
}

#[test]
fn what_is_no_toml_or_no_setting_has_a_message() {
    assert_messages(&[
        (
            "realm = \"a\"\nrealm = \"b\"".to_owned(),
            "the configuration: line 2, column 1: no TOML: duplicate key",
        ),
        (
            with("reaml = \"x\""),
            "the configuration: `reaml` is no setting: did you mean `realm`? Known here are `realm`, `problem_details`, \
             `token_limit`, `token_cache`, `proxy_mode`, `owners_from`, `role_implies`, `networks`, `trusted_proxies`, `failed_attempts`, \
             `protected_resource`, `cookie`, `api_keys`, `dpop`, `revocations`, `introspection`, `issuers`",
        ),
        (
            issuer("name = \"n\"\naudiences = \"api\""),
            "the configuration: `issuers[0].audiences` is no setting: did you mean `audience`? Known here are `name`, \
             `keycloak`, `auth0`, `okta`, `cognito`, `entra`, `google`, `audience`, `client`, `algorithms`, `leeway`, \
             `roles_claim`, `scopes_claim`, `profile`, `discovery`, `jwks_url`, `jwks_cooldown`, `jwks_refresh`, \
             `jwks_max_stale`, `jwks_timeout`, `jwks_limit`, `jwks_root_certificates_file`, `jwk_set_file`, `keys`, `danger`",
        ),
        (
            with("[failed_attempts]\nlimit = 1\nper = \"1m\"\ncolour = 1"),
            "the configuration: `failed_attempts.colour` is no setting: known here are `limit`, `per`",
        ),
    ]);
}

#[test]
fn another_kind_of_value_has_a_message() {
    assert_messages(&[
        (with("realm = 1"), "the configuration: `realm` is a whole number: write text"),
        (
            with("problem_details = \"yes\""),
            "the configuration: `problem_details` is text: write `true` or `false`",
        ),
        (
            with("token_limit = \"16 KiB\""),
            "the configuration: `token_limit` is text: write a whole number from 0 on",
        ),
        (
            with("token_limit = -1"),
            "the configuration: `token_limit` is a whole number out of range: write a whole number from 0 on",
        ),
        (with("realm = 1979-05-27"), "the configuration: `realm` is a date or time: write text"),
        (
            with("cookie = \"session\""),
            "the configuration: `cookie` is text: write a table with `name`, `origins`",
        ),
        (
            "[issuers]\nname = \"x\"".to_owned(),
            "the configuration: `issuers` is a table: write a list (of tables: `[[…]]`)",
        ),
        (
            with("[networks]\noffice = [\"192.0.2.0/24\", 7]"),
            "the configuration: `networks.office[1]` is a whole number: write text",
        ),
        (
            with("[networks]\n\"the office\" = true"),
            "the configuration: `networks.\"the office\"` is `true` or `false`: write a list",
        ),
        (
            issuer("name = \"n\"\naudience = \"api\"\nleeway = 60"),
            "the configuration: `issuers[0].leeway` is a whole number: write a time as text: numbers with `s`, `m`, `h` or \
             `d` behind them, such as `\"90s\"` or `\"5m\"`",
        ),
        (
            issuer("name = \"n\"\naudience = \"api\"\nleeway = \"60\""),
            "the configuration: `issuers[0].leeway` is text that is no time: write a time as text: numbers with `s`, `m`, \
             `h` or `d` behind them, such as `\"90s\"` or `\"5m\"`",
        ),
        (
            issuer("name = \"n\"\naudience = \"api\"\nleeway = \"6m\""),
            "the configuration: `issuers[0].leeway` is too long: write at most `\"5m\"`",
        ),
        (
            issuer("name = \"n\"\naudience = \"api\"\nalgorithms = [\"RS265\"]"),
            "the configuration: `issuers[0].algorithms[0]` is text: did you mean `RS256`? Taken are `HS256`, `HS384`, \
             `HS512`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384`, `EdDSA`",
        ),
        (
            issuer("name = \"n\"\naudience = \"api\"\nprofile = \"rfc9086\""),
            "the configuration: `issuers[0].profile` is text: did you mean `rfc9068`? Taken are `access-token`, `rfc9068`, \
             `id-token`",
        ),
        (
            issuer("name = \"n\"\naudience = \"api\"\nprofile = true"),
            "the configuration: `issuers[0].profile` is `true` or `false`: write one of `access-token`, `rfc9068`, \
             `id-token`",
        ),
        (
            issuer("name = \"n\"\naudience = \"api\"\nroles_claim = 7"),
            "the configuration: `issuers[0].roles_claim` is a whole number: write the claim's name, a JSON Pointer such as \
             `\"/realm_access/roles\"`, or a list of names",
        ),
    ]);
}

#[test]
fn what_has_to_be_there_has_a_message() {
    assert_messages(&[
        (
            issuer("audience = \"api\""),
            "the configuration: `issuers[0].name` is missing: write the exact value of the tokens' `iss`, such as \
             `\"https://id.example.com/\"`",
        ),
        (
            issuer("name = \"n\""),
            "the configuration: `issuers[0].audience` is missing: write the name by which tokens call this API, such as \
             `\"api\"`",
        ),
        (
            issuer("name = \"n\"\naudience = []"),
            "the configuration: `issuers[0].audience` is missing: write the name by which tokens call this API, such as \
             `\"api\"`",
        ),
        (
            "[[issuers]]\nname = \"n\"\naudience = \"api\"".to_owned(),
            "the configuration: `issuers[0].keys` is missing: write `[[issuers.keys]]` with a key, `jwk_set_file`, `jwks_url`, or \
             `discovery = true`",
        ),
        (
            with("[trusted_proxies]\nnetworks = \"10.0.0.0/8\""),
            "the configuration: `trusted_proxies.header` is missing: write `\"x-forwarded-for\"` or `\"forwarded\"`, \
             whichever the proxies write",
        ),
        (
            with("[failed_attempts]\nlimit = 10"),
            "the configuration: `failed_attempts.per` is missing: write in which time, such as `\"1m\"`",
        ),
        (
            with("[failed_attempts]\nlimit = 0\nper = \"1m\""),
            "the configuration: `failed_attempts.limit` is 0, which lets nobody in: write at least 1",
        ),
        (
            with("[cookie]\norigins = \"https://app.example.com\""),
            "the configuration: `cookie.name` is missing: write the cookie's name, such as `\"__Host-session\"`",
        ),
        (
            with("[api_keys]\nheader = \"X-Key\""),
            "the configuration: `api_keys.file` is missing: write the path of the file that holds the keys",
        ),
        (
            with("[protected_resource]\nname = \"Documents\""),
            "the configuration: `protected_resource.resource` is missing: write the API's URL, such as \
             `\"https://api.example.com\"`",
        ),
    ]);
}

#[test]
fn mistakes_in_keys_have_messages() {
    assert_messages(&[
        (
            key("algorithms = \"HS256\""),
            "the configuration: `issuers[0].keys[0]` holds no key: write one of `secret`, `secret_file`, `pem`, `pem_file`, \
             `der_file`, `jwk_file`",
        ),
        (
            key(&format!("algorithms = \"HS256\"\nsecret = \"{SECRET}\"\nsecret_file = \"f\"")),
            "the configuration: `issuers[0].keys[0].secret` and `issuers[0].keys[0].secret_file` are both given: leave one of \
             them out",
        ),
        (
            key(&format!("secret = \"{SECRET}\"")),
            "the configuration: `issuers[0].keys[0].algorithms` is missing: write those this key may be used with, such as \
             `[\"RS256\"]`",
        ),
        (
            key(&format!("algorithms = [\"HS256\", \"HS384\"]\nsecret = \"{SECRET}\"")),
            "the configuration: `issuers[0].keys[0].algorithms` has several entries: a secret is for one algorithm",
        ),
        (
            key("algorithms = \"RS256\"\njwk_file = \"f\""),
            "the configuration: `issuers[0].keys[0].algorithms` is not for a JWK, which names its own: leave it out",
        ),
        (
            key("algorithms = \"RS256\"\npem = \"\"\nencoding = \"hex\""),
            "the configuration: `issuers[0].keys[0].encoding` is about secrets, and this key is none: leave it out",
        ),
        (
            key(&format!("algorithms = \"HS256\"\nsecret = \"{SECRET}\"\nencoding = \"hex\"")),
            "the configuration: `issuers[0].keys[0].secret` holds no pairs of hexadecimal digits: write it so, or another \
             `encoding`",
        ),
        (
            key("algorithms = \"RS256\"\npem_file = \"no/such.pem\""),
            "the configuration: `issuers[0].keys[0].pem_file` names no/such.pem, which cannot be read: No such file or \
             directory (os error 2); relative paths begin at the file that names them",
        ),
        // What can be read and does not build.
        (
            key("algorithms = \"HS256\"\nsecret = \"s3cret\""),
            "the configuration: `issuers[0]`: issuer `https://id.test/`: key 1: a secret for HS256 has at least 32 bytes \
             (RFC 7518 §3.2), this one has 6",
        ),
        (
            with("[networks]\noffice = \"10.0.0.1/8\""),
            "the configuration: `10.0.0.1/8` has bits set behind its prefix: write `10.0.0.0/8` (network `office`)",
        ),
    ]);
}

#[test]
fn mistakes_about_providers_have_messages() {
    assert_messages(&[
        (
            issuer("audience = \"api\"\nkeycloak = { base = \"https://sso.test\" }"),
            "the configuration: `issuers[0].keycloak.realm` is missing: write the realm's name, such as `\"main\"`",
        ),
        (
            issuer(
                "audience = \"api\"\nkeycloak = { base = \"https://sso.test\", reaml = \"main\" }",
            ),
            "the configuration: `issuers[0].keycloak.reaml` is no setting: did you mean `realm`? Known here are `base`, \
             `realm`, `client`",
        ),
        (
            issuer("name = \"n\"\naudience = \"api\"\nauth0 = { domain = \"d\" }"),
            "the configuration: `issuers[0].name` is what the preset beside it says: leave one of them out",
        ),
        (
            issuer("audience = \"api\"\nauth0 = { domain = \"d\" }\nentra = { tenant = \"t\" }"),
            "the configuration: `issuers[0].auth0` and `entra` are two providers: write one issuer for each",
        ),
        (
            issuer("okta = { domain = \"d\", server = \"default\" }"),
            "the configuration: `issuers[0].audience` is missing: write the name by which tokens call this API, such as \
             `\"api\"`",
        ),
    ]);
    // For these the client stands in for the audience.
    Auth::from_toml(&issuer("cognito = { region = \"r\", pool = \"p\", client = \"c\" }")).unwrap();
    Auth::from_toml(&issuer("google = { client = \"c\" }")).unwrap();
}

/// Never a setting that silently does nothing.
#[cfg(not(feature = "jwks"))]
#[test]
fn what_needs_the_network_is_refused_without_it() {
    for more in ["discovery = true", "jwks_url = \"https://id.test/keys\"", "jwks_limit = 7"] {
        let text = format!("name = \"n\"\naudience = \"api\"\n{more}");
        let (key, _) = more.split_once(' ').unwrap();
        let message =
            format!("the configuration: `issuers[0].{key}` needs an HTTP client: turn on");
        assert!(problem(&issuer(&text)).starts_with(&message));
    }
    assert!(problem("introspection = {}").contains("`introspection` needs an HTTP client"));
}

#[cfg(feature = "jwks")]
#[test]
fn mistakes_about_the_network_have_messages() {
    let asks = |more: &str| {
        format!("[introspection]\nendpoint = \"https://id.test/\"\nissuer = \"i\"\n{more}")
    };
    assert_messages(&[
        (
            issuer(
                "name = \"https://id.test/\"\naudience = \"api\"\ndiscovery = true\njwks_url = \"https://id.test/keys\"",
            ),
            "the configuration: `issuers[0].jwks_url` says where the keys are, and so does `discovery`: leave one of them out",
        ),
        (
            "[introspection]\nissuer = \"i\"".to_owned(),
            "the configuration: `introspection.endpoint` is missing: write the server's `introspection_endpoint`, an `https` \
             URL",
        ),
        (
            asks("audience = \"api\""),
            "the configuration: `introspection.client_id` is missing: write it with `client_secret_file`, as the server \
             registered this API; or `bearer_file`",
        ),
        (
            asks("audience = \"api\"\nclient_id = \"c\""),
            "the configuration: `introspection.client_secret_file` is missing: write the path of the file with the client's \
             secret",
        ),
        (
            asks(
                "audience = \"api\"\nclient_id = \"c\"\nclient_secret = \"s3cret\"\nclient_secret_file = \"f\"",
            ),
            "the configuration: `introspection.client_secret` and `introspection.client_secret_file` are both given: leave \
             one of them out",
        ),
        (
            asks(
                "audience = \"api\"\nclient_id = \"c\"\nclient_secret = \"s3cret\"\nbearer = \"s3cret\"",
            ),
            "the configuration: `introspection.client_id` and `bearer` are two ways to show who asks: leave one of them out, \
             with its secret",
        ),
        (
            asks("bearer = \"s3cret\""),
            "the configuration: `introspection.audience` is missing: write the name by which tokens call this API, such as \
             `\"api\"`",
        ),
        (
            asks("audience = \"api\"\nbearer = \"s3cret\"\nmax_age = \"2h\""),
            "the configuration: `introspection`: token introspection: a maximum age of 7200 s is too long for tokens that may \
             be revoked: give at most 3600 s",
        ),
    ]);
    Auth::from_toml(&asks(
        "audience = \"api\"\nclient_id = \"c\"\nclient_secret = \"s3cret\"\nclient_auth = \"post\"",
    ))
    .unwrap();
}

#[test]
fn every_mistake_in_a_variable_has_a_message() {
    for (list, message) in [
        (
            [("AUTH_REAML", "x")].as_slice(),
            "`AUTH_REAML` is no setting: did you mean `AUTH_REALM`?",
        ),
        (
            &[("AUTH_ISSUER__0__AUDIENCE", "x")],
            "`AUTH_ISSUER__0__AUDIENCE` is no setting: did you mean `AUTH_ISSUERS__0__AUDIENCE`?",
        ),
        (
            &[("AUTH_ISSUERS__0__AUDIENCES", "x")],
            "`AUTH_ISSUERS__0__AUDIENCES` is no setting: did you mean `AUTH_ISSUERS__0__AUDIENCE`?",
        ),
        (
            &[("AUTH_ISSUERS__0__KEYS__0__SECRET_FIEL", "x")],
            "`AUTH_ISSUERS__0__KEYS__0__SECRET_FIEL` is no setting: did you mean `AUTH_ISSUERS__0__KEYS__0__SECRET_FILE`?",
        ),
        (
            &[("AUTH_FAILED_ATTEMPTS__COLOUR", "x")],
            "`AUTH_FAILED_ATTEMPTS__COLOUR` is no setting: known here are `AUTH_FAILED_ATTEMPTS__LIMIT`, \
             `AUTH_FAILED_ATTEMPTS__PER`; if it belongs to another program, choose another prefix (`Config::apply_vars`)",
        ),
        (
            &[("AUTH_ISSUERS__2__NAME", "x")],
            "`AUTH_ISSUERS__2__NAME` leaves a gap: the list has 1 entries, so the next one is 1",
        ),
        (
            &[("AUTH_ISSUERS__NAME", "x")],
            "`AUTH_ISSUERS__NAME` is no setting: a list stands there, so write a number in the place of `NAME`, from 0 to 1",
        ),
        (
            &[("AUTH_ISSUERS__0__NAME__FIRST", "x")],
            "`AUTH_ISSUERS__0__NAME__FIRST` is no setting: text stands in its place, which has no parts",
        ),
        (
            &[("AUTH_", "x")],
            "`AUTH_` is no setting: write the prefix, then keys with `__` between them, such as `AUTH_ISSUERS__0__LEEWAY`",
        ),
        (
            &[("AUTH_NETWORKS", "{ a = \"::1\" }"), ("AUTH_NETWORKS__B", "::1")],
            "`AUTH_NETWORKS__B` is no setting: `AUTH_NETWORKS` gives the whole, and this a part of it: give one of them",
        ),
        (
            &[("AUTH_PROBLEM_DETAILS", "yes")],
            "`AUTH_PROBLEM_DETAILS` is text: write `true` or `false`",
        ),
        (
            &[("AUTH_TOKEN_LIMIT", "s3cret")],
            "`AUTH_TOKEN_LIMIT` is text: write a whole number from 0 on",
        ),
        (
            &[("AUTH_ISSUERS__0__ALGORITHMS", "RS256, s3cret")],
            "`AUTH_ISSUERS__0__ALGORITHMS`: `issuers[0].algorithms[1]` is text: write one of `HS256`, `HS384`, `HS512`, \
             `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384`, `EdDSA`",
        ),
        (
            &[("AUTH_NETWORKS", "{ a = s3cret }")],
            "`AUTH_NETWORKS` is no TOML value: string values must be quoted, expected literal string",
        ),
        (
            &[("AUTH_NETWORKS", "{ a = \"::1\" }\nb = \"s3cret\"")],
            "`AUTH_NETWORKS` is more than one TOML value: write one",
        ),
        // A variable that somebody forgot to fill in must not lift a rule.
        (
            &[("AUTH_ISSUERS__0__CLIENT", "")],
            "`AUTH_ISSUERS__0__CLIENT` is empty: leave it out, or write `[]` if nothing is meant",
        ),
        (
            &[("AUTH_ISSUERS__0__CLIENT", " , ")],
            "`AUTH_ISSUERS__0__CLIENT` is empty: leave it out, or write `[]` if nothing is meant",
        ),
        (
            &[("AUTH_COOKIE", "{ nam = \"x\" }")],
            "`AUTH_COOKIE`: `cookie.nam` is no setting: did you mean `name`? Known here are `name`, `origins`",
        ),
        (
            &[("AUTH_ISSUERS__0__KEYS__0__SECRET_FILE", "/no/such")],
            "the configuration: `issuers[0].keys[0].secret` and `AUTH_ISSUERS__0__KEYS__0__SECRET_FILE` are both given: leave \
             one of them out",
        ),
        (
            &[("AUTH_ISSUERS__1__AUDIENCE", "api")],
            "the configuration: `issuers[1].name` is missing: write the exact value of the tokens' `iss`, such as \
             `\"https://id.example.com/\"`",
        ),
    ] {
        let found = problem_with(list);
        assert_eq!(found, message, "{list:?}");
        assert!(!found.contains("s3cret"), "{found}");
    }
}

#[test]
fn variables_count_more_than_the_file() {
    let build = |list: &[(&str, &str)]| {
        let config = Config::from_toml(&with("realm = \"file\"")).unwrap();
        config.apply_vars(PREFIX, variables(list)).unwrap().build().unwrap()
    };
    let realm = |auth: &Auth| format!("{:?}", auth.responses());
    assert!(realm(&build(&[])).contains("file"));
    assert!(realm(&build(&[("AUTH_REALM", "variable")])).contains("variable"));
    // Not ours, whatever it says.
    for name in ["AUTH_TEST_REQUIRE_ALL", "AUTHOR", "REALM", "AUTH"] {
        assert!(realm(&build(&[(name, "1")])).contains("file"), "{name}");
    }
}

#[test]
fn the_environment_alone_is_enough() {
    let folder = Folder::new("environment");
    let file = folder.write("secret", format!("{SECRET}\n"));
    let list = [
        ("AUTH_ISSUERS__0__KEYS__0__SECRET_FILE", file.to_str().unwrap()),
        ("AUTH_ISSUERS__0__KEYS__0__ALGORITHMS", "HS256"),
        ("AUTH_ISSUERS__0__NAME", "https://id.test/"),
        ("AUTH_ISSUERS__0__AUDIENCE", "api, api-v2"),
        ("AUTH_ISSUERS__0__LEEWAY", "30s"),
        ("AUTH_ISSUERS__0__ROLES_CLAIM", "[\"realm_access\", \"roles\"]"),
        (
            "AUTH_ISSUERS__1",
            "{ name = \"n\", audience = \"a\", keys = [{ algorithms = \"HS256\", secret = \"0123456789012345678901234567890123456789\" }] }",
        ),
        ("AUTH_PROBLEM_DETAILS", "true"),
        ("AUTH_TOKEN_LIMIT", "4096"),
        ("AUTH_NETWORKS__OFFICE", "192.0.2.0/24,2001:db8::/48"),
        ("AUTH_ROLE_IMPLIES", "{ Admin = [\"Editor\"] }"),
        ("AUTH_FAILED_ATTEMPTS__LIMIT", "10"),
        ("AUTH_FAILED_ATTEMPTS__PER", "1m"),
        ("AUTH_TRUSTED_PROXIES__HEADER", "forwarded"),
        ("AUTH_TRUSTED_PROXIES__NETWORKS__0", "10.0.0.0/8"),
    ];
    let auth = Config::empty().apply_vars(PREFIX, variables(&list)).unwrap().build().unwrap();
    assert_eq!(auth.networks().named("office").unwrap().len(), 2);
    assert!(auth.networks().named("OFFICE").is_none());
}

#[test]
fn paths_begin_at_the_file_that_names_them() {
    let folder = Folder::new("paths");
    folder.write("my.secret", SECRET);
    let text = key("algorithms = \"HS256\"\nsecret_file = \"my.secret\"");
    let path = folder.write("auth.toml", text);
    Config::from_file(&path).unwrap().build().unwrap();

    let error =
        Config::from_toml(&fs::read_to_string(&path).unwrap()).unwrap().build().unwrap_err();
    assert!(error.to_string().contains("names my.secret, which cannot be read"), "{error}");
    // In a variable, they begin where the program was started.
    let config = Config::from_file(&path).unwrap();
    let list = variables(&[("AUTH_ISSUERS__0__KEYS__0__SECRET_FILE", "my.secret")]);
    let error = config.apply_vars(PREFIX, list).unwrap().build().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`AUTH_ISSUERS__0__KEYS__0__SECRET_FILE` names my.secret, which"),
        "{error}"
    );

    let text = key("algorithms = \"HS256\"\nsecret_file = \".\"");
    let path = folder.write("auth.toml", text);
    let error = Config::from_file(&path).unwrap().build().unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{}: `issuers[0].keys[0].secret_file` names ", path.display())),
        "{error}"
    );
    assert!(error.ends_with("which is a directory: name a file in it"), "{error}");
}

fn dpop(more: &str) -> String {
    with(&format!("[dpop]\norigins = \"https://api.test\"\n{more}"))
}

#[test]
fn proofs_that_could_not_be_judged_have_a_message() {
    Auth::from_toml(&dpop("required = true")).unwrap();
    assert_messages(&[
        (
            with("[dpop]"),
            "the configuration: `dpop.origins` is missing: write where clients reach this application: scheme and host, such \
             as `\"https://api.example.com\"`",
        ),
        (
            with("dpop = { origins = [\"https://api.test\", \"api.test\"] }"),
            "the configuration: `dpop.origins[1]` is no origin: write scheme, host, and a port that is not the scheme's own, \
             such as `\"https://api.example.com\"`",
        ),
        (
            dpop("origin = 1"),
            "the configuration: `dpop.origin` is no setting: did you mean `origins`? Known here are `origins`, `path_prefix`, \
             `algorithms`, `lifetime`, `leeway`, `memory`, `required`, `nonces`",
        ),
        (
            dpop("path_prefix = \"api/\""),
            "the configuration: `dpop.path_prefix` is no prefix of a path: begin it with `/` and end it without one, such as \
             `\"/api\"`",
        ),
        (
            dpop("algorithms = []"),
            "the configuration: `dpop.algorithms` is empty: leave it out for `ES256`, or write some, such as `[\"ES256\"]`",
        ),
        (
            dpop("algorithms = [\"ES256\", \"HS256\"]"),
            "the configuration: `dpop.algorithms` has a symmetric one, with which whoever checks a proof could make one: write \
             `ES256`, `ES384`, `EdDSA` or another asymmetric one",
        ),
        (
            dpop("lifetime = \"6m\""),
            "the configuration: `dpop.lifetime` is out of range: write `\"1s\"` to `\"5m\"`",
        ),
        (
            dpop("lifetime = \"0s\""),
            "the configuration: `dpop.lifetime` is out of range: write `\"1s\"` to `\"5m\"`",
        ),
        (
            dpop("leeway = \"301s\""),
            "the configuration: `dpop.leeway` is too long: write at most `\"5m\"`",
        ),
        (
            dpop("memory = 0"),
            "the configuration: `dpop.memory` is 0, which takes no proof: leave it out, or write how many are to be remembered",
        ),
        (
            dpop("required = \"yes\""),
            "the configuration: `dpop.required` is text: write `true` or `false`",
        ),
        (
            dpop("nonces = { lifetime = \"2h\" }"),
            "the configuration: `dpop.nonces.lifetime` is out of range: write `\"1s\"` to `\"1h\"`",
        ),
        (
            dpop("nonces = { encoding = \"hex\" }"),
            "the configuration: `dpop.nonces.encoding` is about a secret, and there is none: leave it out",
        ),
        (
            dpop("nonces = { secret = \"s3cret\" }"),
            "the configuration: `dpop.nonces.secret` holds 6 bytes: write at least 32 random ones, as `openssl rand -hex 32` \
             makes them, with `encoding = \"hex\"`",
        ),
        (
            dpop("nonces = { secret = \"s3cret\", secret_file = \"x\" }"),
            "the configuration: `dpop.nonces.secret` and `dpop.nonces.secret_file` are both given: leave one of them out",
        ),
        (
            dpop("required = true\n[cookie]\nname = \"session\""),
            "the configuration: a token in a cookie comes without a proof, and `Dpop::required` takes none like that: leave \
             `.cookie(…)` out, or `.required()`",
        ),
    ]);
}

#[test]
fn revocations_that_make_no_sense_have_a_message() {
    assert!(Auth::from_toml(&with("[revocations]")).unwrap().revocations().is_some());
    assert!(Auth::from_toml(&with("")).unwrap().revocations().is_none());
    assert_messages(&[
        (
            with("[revocations]\nlongest = \"1d\""),
            "the configuration: `revocations.longest` is no setting: known here are `longest_lifetime`, `redis`",
        ),
        (
            with("[revocations]\nlongest_lifetime = 30"),
            "the configuration: `revocations.longest_lifetime` is a whole number: write a time as text: numbers with `s`, `m`, \
             `h` or `d` behind them, such as `\"90s\"` or `\"5m\"`",
        ),
        (
            with("[revocations]\nlongest_lifetime = \"0s\""),
            "the configuration: `revocations.longest_lifetime` is no time at all: write how old a credential may get, such as \
             `\"1d\"`",
        ),
    ]);
}

/// Never passed over: an operator would believe that all instances know.
#[cfg(not(feature = "redis"))]
#[test]
fn redis_needs_a_feature() {
    for redis in ["redis = {}", "redis = { url = \"redis://127.0.0.1:1/\" }"] {
        assert_eq!(
            problem(&with(&format!("[revocations]\n{redis}"))),
            "the configuration: `revocations.redis` needs a client for Redis: turn on the feature `redis` of `auth-runtime` in \
             Cargo.toml"
        );
    }
}

#[cfg(feature = "redis")]
#[test]
fn a_redis_that_makes_no_sense_has_a_message() {
    let redis = |more: &str| with(&format!("[revocations.redis]\n{more}"));
    let url = "url = \"redis://s3cret@127.0.0.1:1/\"";
    Auth::from_toml(&redis(url)).unwrap();
    assert_messages(&[
        (
            redis(""),
            "the configuration: `revocations.redis.url_file` is missing: write the path of a file with the URL of Redis, such as \
             `redis://user:password@host:6379/0`; or `url` with the URL itself",
        ),
        (
            redis("urls = 1"),
            "the configuration: `revocations.redis.urls` is no setting: did you mean `url`? Known here are `url`, `url_file`, \
             `prefix`, `stale_after`, `danger`",
        ),
        (
            redis("url = \"s3cret\""),
            "the configuration: `revocations.redis`: this is no URL of a Redis (it is not repeated here, since it can hold a \
             password): write `redis://user:password@host:6379/0`, where all but `redis://host` can be left out",
        ),
        (
            redis(&format!("{url}\nurl_file = \"x\"")),
            "the configuration: `revocations.redis.url` and `revocations.redis.url_file` are both given: leave one of them out",
        ),
        (
            redis(&format!("{url}\nstale_after = \"0s\"")),
            "the configuration: `revocations.redis.stale_after` is no time at all: write at least `\"1s\"`",
        ),
        (
            redis(&format!(
                "{url}\nstale_after = \"5s\"\ndanger.accept_tokens_while_redis_is_away = true"
            )),
            "the configuration: `revocations.redis.stale_after` and \
             `revocations.redis.danger.accept_tokens_while_redis_is_away` exclude each other: leave one of them out",
        ),
    ]);
}

#[test]
fn proofs_and_revocations_come_from_variables_too() {
    assert_eq!(
        problem_with(&[("AUTH_DPOP__LIFETIME", "6m"), ("AUTH_DPOP__ORIGINS", "https://api.test")]),
        "`AUTH_DPOP__LIFETIME` is out of range: write `\"1s\"` to `\"5m\"`"
    );
    assert_eq!(
        problem_with(&[
            ("AUTH_DPOP__NONCES__SECRET", "s3cret"),
            ("AUTH_DPOP__ORIGINS", "https://api.test")
        ]),
        "`AUTH_DPOP__NONCES__SECRET` holds 6 bytes: write at least 32 random ones, as `openssl rand -hex 32` makes them, with \
         `encoding = \"hex\"`"
    );
    assert_eq!(
        problem_with(&[("AUTH_REVOCATIONS__LONGEST_LIFETIM", "1d")]),
        "`AUTH_REVOCATIONS__LONGEST_LIFETIM` is no setting: did you mean `AUTH_REVOCATIONS__LONGEST_LIFETIME`?"
    );
    let list = [
        ("AUTH_DPOP__ORIGINS", "https://api.test,https://api2.test"),
        ("AUTH_DPOP__REQUIRED", "true"),
        ("AUTH_DPOP__NONCES", "{}"),
        ("AUTH_REVOCATIONS__LONGEST_LIFETIME", "1d"),
    ];
    let config = Config::from_toml(&with("")).unwrap().apply_vars(PREFIX, variables(&list));
    assert!(config.unwrap().build().unwrap().revocations().is_some());
}

#[test]
fn one_end_of_line_behind_a_secret_does_not_count() {
    let folder = Folder::new("newline");
    let config = |text: &str, encoding: &str| {
        folder.write("secret", text);
        let text =
            format!("algorithms = \"HS256\"\nsecret_file = \"secret\"\nencoding = \"{encoding}\"");
        let path = folder.write("auth.toml", key(&text));
        Config::from_file(path).unwrap().build()
    };
    // Exactly as long as it has to be, so that a byte too few is an error.
    let least = "x".repeat(32);
    let short = "x".repeat(31);
    for end in ["", "\n", "\r\n"] {
        config(&format!("{least}{end}"), "text").unwrap();
        assert!(config(&format!("{short}{end}"), "text").is_err());
        config(&format!("{}{end}", "ab".repeat(32)), "hex").unwrap();
        assert!(config(&format!("{}{end}", "ab".repeat(31)), "hex").is_err());
        config(&format!("{}{end}", "A-_/".repeat(11)), "base64").unwrap();
        assert!(config(&format!("{}{end}", "A-_/".repeat(10)), "base64").is_err());
    }
    // A second one is the secret's own.
    config(&format!("{short}\n\n"), "text").unwrap();
    let error = config("\n", "text").unwrap_err().to_string();
    assert!(error.ends_with("names an empty file: write the secret into it"), "{error}");
}

#[test]
fn l4_nothing_that_was_written_is_shown() {
    let text = with("");
    let config = Config::from_toml(&text).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
    assert_eq!(format!("{:?}", values::Secret(SECRET.to_owned())), "Secret(..)");
    for broken in [
        format!("secret = \"{SECRET}"),
        SECRET.to_owned(),
        format!("[[issuers]]\nkeys = [{{ secret = {SECRET} }}]"),
        format!("[[issuers]]\nkeys = \"{SECRET}\""),
        format!("[[issuers]]\nkeys = [\"{SECRET}\"]"),
        format!("issuers = \"{SECRET}\""),
        format!("token_limit = \"{SECRET}\""),
        format!("problem_details = \"{SECRET}\""),
        format!("cookie = \"{SECRET}\""),
        format!("failed_attempts = {{ per = \"{SECRET}\" }}"),
        format!("dpop = {{ origins = \"https://api.test\", nonces = \"{SECRET}\" }}"),
        format!("dpop = {{ origins = \"{SECRET}\" }}"),
        format!("revocations = {{ redis = \"{SECRET}\" }}"),
        format!("revocations = {{ redis = {{ url = \"{SECRET}\" }} }}"),
        format!("trusted_proxies = {{ header = \"{SECRET}\" }}"),
        format!("issuers = [{{ profile = \"{SECRET}\" }}]"),
        format!("issuers = [{{ algorithms = \"{SECRET}\" }}]"),
    ] {
        let error = Auth::from_toml(&broken).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}
