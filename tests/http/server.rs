//! A server on a free port of the loopback interface, spoken to in raw bytes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use actix_web::{App, HttpServer, middleware, web};

/// Runs on a thread of its own, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
}

impl Server {
    /// Serves what `configure` sets up.
    pub(crate) fn start(
        configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        Self::start_with(false, configure)
    }

    /// The same behind `NormalizePath`, if `normalize`.
    pub(crate) fn start_with(
        normalize: bool,
        configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let run = async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .wrap(middleware::Condition::new(
                            normalize,
                            middleware::NormalizePath::trim(),
                        ))
                        .configure(configure.clone())
                })
                .workers(1)
                .disable_signals()
                .bind(("127.0.0.1", 0))
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).unwrap();
                server.await.unwrap();
            };
            actix_web::rt::System::new().block_on(run);
        });
        let (address, handle) = receiver.recv().unwrap();
        Self { address, handle }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends raw bytes and reads until the server closes the connection or falls silent.
    pub(crate) fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        // A connection that is reset after the answer has still answered.
        let _ = stream.read_to_end(&mut response);
        String::from_utf8(response).unwrap()
    }

    /// The head of the answer to raw bytes, on a connection that the server may leave open.
    pub(crate) fn head(&self, request: &str) -> String {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        std::thread::scope(|scope| {
            // Who answers before everything is read may let the rest wait, or close.
            scope.spawn(|| (&stream).write_all(request.as_bytes()));
            let lines = BufReader::new(&stream).lines().map(Result::unwrap);
            let head = lines.take_while(|line| !line.is_empty());
            let head = head.map(|line| line + "\r\n").collect();
            let _ = stream.shutdown(Shutdown::Both);
            head
        })
    }

    /// Sends one request; `more` are further header lines, each with its end.
    pub(crate) fn ask(&self, method: &str, target: &str, more: &str) -> String {
        self.send(&format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n"
        ))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}
