//! HTTP over a socket of one's own, as far as these tests need it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The values of all headers of this name, in lower case.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value).collect()
    }

    /// The value of the only header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        match *self.all(name) {
            [] => None,
            [value] => Some(value),
            _ => panic!("several: {self:?}"),
        }
    }
}

/// Asks a server on the loopback interface; `headers` are lines without their ends.
pub(crate) fn send(method: &str, url: &str, headers: &[&str], body: &str) -> Answer {
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url}"));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    assert!(authority.starts_with("127.0.0.1:"), "{url}");
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let more: String = headers.iter().flat_map(|line| [line, "\r\n"]).collect();
    let length = body.len();
    // Each connection for one request: where it ends the answer ends.
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{url}: {answer:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line}")))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    assert!(headers.iter().all(|(name, _)| name != "transfer-encoding"), "{answer}");
    Answer { status, headers, body: body.to_owned() }
}
