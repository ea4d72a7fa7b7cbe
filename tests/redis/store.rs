//! A real `redis-server` on a free port of the loopback interface, and a way to it that can be cut.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Stops with this value; its folder goes with it.
pub(crate) struct Redis {
    port: u16,
    folder: PathBuf,
    process: Option<Child>,
}

impl Redis {
    /// `None`, with a line that says so, where there is no `redis-server`.
    pub(crate) fn start() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let folder =
            env::temp_dir().join(format!("auth-tests-redis-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut redis = Self { port: free_port(), folder, process: None };
        if redis.restart() {
            return Some(redis);
        }
        assert!(
            env::var_os("AUTH_TEST_REQUIRE_ALL").is_none(),
            "AUTH_TEST_REQUIRE_ALL is set, and there is no redis-server to test with"
        );
        // Not by a macro: the harness would keep it to itself.
        let _ = writeln!(std::io::stderr(), "skipped: redis-server is not installed");
        None
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again on the same port, with what it saved. `false` if it is not installed.
    pub(crate) fn restart(&mut self) -> bool {
        self.kill();
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            // It saves when it is told to.
            .args(["--save", "", "--appendonly", "no", "--dbfilename", "dump.rdb", "--dir"])
            .arg(&self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = process else { return false };
        self.process = Some(process);
        let begin = Instant::now();
        while !self.try_command("PING").is_some_and(|answer| answer.starts_with("+PONG")) {
            assert!(begin.elapsed() < Duration::from_secs(10), "redis-server does not answer");
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Ends it and what it saved.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(self.folder.join("dump.rdb"));
    }

    /// Sends one line and gives the first of the answer.
    pub(crate) fn command(&self, line: &str) -> String {
        self.try_command(line).expect("redis answers")
    }

    fn try_command(&self, line: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(format!("{line}\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).ok()?;
        Some(answer.trim_end().to_owned())
    }

    /// How many connections there are besides the one that asks.
    pub(crate) fn clients(&self) -> usize {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"CLIENT LIST\r\nQUIT\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().filter(|line| line.starts_with("id=")).count() - 1
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    // Not one that a test beside this one was given and has not bound yet.
    static LAST: AtomicU16 = AtomicU16::new(0);
    loop {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        if LAST.swap(port, Ordering::SeqCst) != port {
            return port;
        }
    }
}

/// Passes bytes on to a Redis, until it is cut.
pub(crate) struct Wire {
    port: u16,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    pub(crate) fn to(redis: &Redis) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, target) = (listener.local_addr().unwrap().port(), redis.port);
        let wire = Self { port, cut: Arc::default(), open: Arc::default() };
        let (cut, open) = (Arc::clone(&wire.cut), Arc::clone(&wire.open));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let near = stream.unwrap();
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let mut open = open.lock().unwrap();
                if cut.load(Ordering::SeqCst) {
                    continue;
                }
                for (mut from, mut to) in [
                    (near.try_clone().unwrap(), far.try_clone().unwrap()),
                    (far.try_clone().unwrap(), near.try_clone().unwrap()),
                ] {
                    thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
                open.extend([near, far]);
            }
        });
        wire
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends what is connected, and lets nothing through until it is mended.
    pub(crate) fn cut(&self) {
        let mut open = self.open.lock().unwrap();
        self.cut.store(true, Ordering::SeqCst);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}
