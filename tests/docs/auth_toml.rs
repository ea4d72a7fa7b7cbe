//! `examples/auth.toml`: it loads, it holds every key there is, and each stands below a comment.

use std::{collections::BTreeSet, fs};

use auth_runtime::{Config, api_key::ApiKey};
use auth_tests::Folder;
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use toml::{Table, Value};

const EXAMPLE: &str = include_str!("../../examples/auth.toml");

/// The public key of a pair that nobody keeps, as DER.
fn ec_key() -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key())
        .unwrap()
        .as_ref()
        .to_vec()
}

/// An RSA key without `alg`, so that the issuer's `algorithms` are needed.
fn rsa_jwk() -> serde_json::Value {
    let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = pair.public_key();
    let modulus = public.modulus().big_endian_without_leading_zero();
    let exponent = public.exponent().big_endian_without_leading_zero();
    json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(exponent)})
}

/// The example file, with everything beside it that it names.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    let write = |name: &str, text: &[u8]| drop(folder.write(name, text));
    write("auth.toml", EXAMPLE.as_bytes());
    let (_, key) = ApiKey::generate("svc").unwrap();
    write("keys.toml", key.to_toml().as_bytes());
    write("id.example.com.pem", pem::encode(&pem::Pem::new("PUBLIC KEY", ec_key())).as_bytes());
    let ours = rcgen::generate_simple_self_signed(["id.internal".to_owned()]).unwrap();
    let ours = pem::Pem::new("CERTIFICATE", ours.cert.der().to_vec());
    write("company-root.pem", pem::encode(&ours).as_bytes());
    write("id.example.com.der", &ec_key());
    write("id.example.com.jwk.json", rsa_jwk().to_string().as_bytes());
    write("id.example.com.jwks.json", json!({"keys": [rsa_jwk()]}).to_string().as_bytes());
    let mut secret = [0; 32];
    aws_lc_rs::rand::SecureRandom::fill(&SystemRandom::new(), &mut secret).unwrap();
    write("client.secret", b"of the client");
    write("dpop.secret", "0123456789abcdef".repeat(4).as_bytes());
    // Nobody is there; that is found out later.
    write("redis.url", b"redis://127.0.0.1:1/");
    write("batch.secret", format!("{}\n", STANDARD.encode(secret)).as_bytes());
    folder
}

/// The example, but for what the features of this build refuse.
fn possible() -> Table {
    let mut example: Table = toml::from_str(EXAMPLE).unwrap();
    if cfg!(not(feature = "redis")) {
        let revocations = example.get_mut("revocations").unwrap().as_table_mut().unwrap();
        revocations.remove("redis").unwrap();
    }
    example
}

/// The example without the issuers that publish their keys: a test asks nobody on the network.
fn local() -> String {
    let mut example = possible();
    let issuers = example.get_mut("issuers").unwrap().as_array_mut().unwrap();
    let all = issuers.len();
    issuers.retain(|issuer| issuer.get("discovery").is_none() && issuer.get("jwks_url").is_none());
    assert_eq!((all, issuers.len()), (9, 2));
    toml::to_string(&example).unwrap()
}

#[test]
fn it_loads() {
    let folder = folder("loads");
    let possible_file = folder.write("auth.toml", toml::to_string(&possible()).unwrap());
    drop(Config::from_file(&possible_file).unwrap().into_builder().unwrap());
    let local_file = folder.write("local.toml", local());
    Config::from_file(&local_file).unwrap().build().unwrap();
    // Every file that it names is read: without any of them it does not load.
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let needs_redis = path.ends_with("redis.url") && cfg!(not(feature = "redis"));
        if path.ends_with("auth.toml") || needs_redis {
            continue;
        }
        let text = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let result = Config::from_file(&local_file).and_then(Config::build);
        assert!(result.is_err(), "{path:?}");
        fs::write(&path, text).unwrap();
    }
}

/// Tables whose keys are the operator's own words.
const OWN_NAMES: [&str; 2] = ["role_implies", "networks"];

/// Every table of the example, as the path that leads to it, and the keys that stand in it. Tables of one list count as one.
fn tables(path: &str, table: &Table, found: &mut Vec<(String, BTreeSet<String>)>) {
    let keys = table.keys().cloned();
    match found.iter_mut().find(|(known, _)| known == path) {
        Some((_, known)) => known.extend(keys),
        None => found.push((path.to_owned(), keys.collect())),
    }
    for (key, value) in table {
        let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Table(_) if path.is_empty() && OWN_NAMES.contains(&key.as_str()) => {}
            Value::Table(table) => tables(&inner, table, found),
            Value::Array(list) => {
                for table in list.iter().filter_map(Value::as_table) {
                    tables(&inner, table, found);
                }
            }
            _ => {}
        }
    }
}

/// Puts a key that there is not into the first table at this path.
fn spoil(table: &mut Table, path: &str) {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match table.get_mut(first) {
        None => drop(table.insert("zzzzzzzz".to_owned(), Value::Boolean(true))),
        Some(Value::Table(inner)) => spoil(inner, rest),
        Some(Value::Array(list)) => {
            let inner = list.iter_mut().filter_map(Value::as_table_mut);
            let next = rest.split('.').next().unwrap_or_default();
            let mut holding = inner.filter(|table| next.is_empty() || table.contains_key(next));
            spoil(holding.next().unwrap(), rest);
        }
        Some(_) => panic!("{path} is no table"),
    }
}

#[test]
fn every_key_stands_in_it() {
    let example: Table = toml::from_str(EXAMPLE).unwrap();
    let mut found = Vec::new();
    tables("", &example, &mut found);
    // Ways that exclude the one that is shown stand there as comments.
    for (table, keys) in [
        ("introspection", &["client_secret", "bearer", "bearer_file"][..]),
        ("dpop.nonces", &["secret"]),
        ("revocations.redis", &["url"]),
    ] {
        let (_, known) = found.iter_mut().find(|(path, _)| path == table).unwrap();
        for key in keys {
            assert!(EXAMPLE.contains(&format!("\n# {key} = \"")), "{key}");
            known.insert((*key).to_owned());
        }
    }
    assert_eq!(found.len(), 23, "{found:?}");
    for (path, keys) in found {
        let mut spoilt = example.clone();
        spoil(&mut spoilt, &path);
        let error =
            Config::from_toml(&toml::to_string(&spoilt).unwrap()).unwrap().build().unwrap_err();
        let error = error.to_string();
        // The error lists all keys that could have stood there.
        let (_, known) = error.split_once("known here are ").unwrap_or_else(|| panic!("{error}"));
        let known: BTreeSet<String> =
            known.split(", ").map(|key| key.trim_matches('`').to_owned()).collect();
        assert_eq!(keys, known, "[{path}]");
        // `AUTH_TEST_…` is not ours.
        assert!(known.iter().all(|key| !key.starts_with("test")));
    }
}

#[test]
fn every_key_has_a_comment() {
    let mut documented = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut table = "";
    let mut above = "";
    let mut quoted = false;
    for line in EXAMPLE.lines() {
        let starts = line.starts_with(|c: char| c.is_ascii_lowercase());
        if let Some((key, value)) = line.split_once(" = ").filter(|_| starts && !quoted) {
            let own = OWN_NAMES.iter().any(|name| table == format!("[{name}]"));
            // A second example of a key need not say again what it is.
            let known = !documented.insert((table.replace(['[', ']'], ""), key.to_owned()));
            assert!(above.starts_with("# ") || own || known, "{table} {key} has no comment");
            quoted = value == "\"\"\"";
        } else if line.starts_with('[') {
            table = line;
            let known = !seen.insert(line) || line.contains('.');
            assert!(above.starts_with("# ") || known, "{line} has no comment");
        } else if line == "\"\"\"" {
            quoted = false;
        }
        above = line;
    }
    assert!(documented.len() > 85, "{documented:?}");
}
