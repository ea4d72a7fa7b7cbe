//! The thread that fetches keys.

use std::{io, sync::Arc, thread};

use tokio::{runtime, sync::oneshot, time::timeout};

use super::{
    Settings,
    documents::{Documents, Trouble},
    keys::NetworkKeys,
};
use crate::{
    clock::Clock,
    fetch::{FetchError, Fetcher},
};

/// Fetches the keys of some issuers until it is dropped.
pub(crate) struct Refresher {
    /// Dropping it wakes the thread, which then ends.
    _stop: oneshot::Sender<()>,
}

/// Keys cannot be fetched on this machine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefresherError {
    #[error("keys cannot be fetched: {0}")]
    Fetcher(#[from] FetchError),
    #[error("keys cannot be fetched, since no thread can be started for it: {0}")]
    Thread(#[from] io::Error),
}

impl Refresher {
    /// Starts to fetch, and returns at once. Without issuers there is nothing to do, and `None`.
    pub(crate) fn start(
        issuers: Vec<Arc<NetworkKeys>>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Self>, RefresherError> {
        if issuers.is_empty() {
            return Ok(None);
        }
        let mut tasks = Vec::with_capacity(issuers.len());
        for keys in issuers {
            let Settings { timeout, limit, roots, .. } = &keys.settings;
            let fetcher = Fetcher::new(*timeout, *limit, roots)?;
            tasks.push(keep_fresh(Ending(keys), Documents::new(fetcher), Arc::clone(clock)));
        }
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("auth-keys".to_owned()).spawn(move || run(tasks, stopped))?;
        Ok(Some(Self { _stop: stop }))
    }
}

fn run<T: Future<Output = ()> + Send + 'static>(tasks: Vec<T>, stopped: oneshot::Receiver<()>) {
    // Made here and not in `build`: a runtime must not be dropped inside of another.
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(
                "keys cannot be fetched, since no runtime can be started for it: {error}"
            );
            return;
        }
    };
    for task in tasks {
        runtime.spawn(task);
    }
    // Nothing is ever sent: it ends when the sender is dropped.
    let _ = runtime.block_on(stopped);
}

/// Says so when the task ends, also by a panic: nobody is to wait for it in vain.
struct Ending(Arc<NetworkKeys>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

async fn keep_fresh(keys: Ending, mut documents: Documents, clock: Arc<dyn Clock>) {
    let Ending(keys) = &keys;
    loop {
        keys.begin();
        let asked = clock.now();
        let time = keys.settings.timeout;
        let result = timeout(time, documents.ask(&keys.settings)).await.unwrap_or_else(|_| {
            Err(Trouble::Away(format!("it took longer than {} ms", time.as_millis())))
        });
        keys.finish(asked, result, clock.now());
        keys.due(|| clock.now()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        thread::sleep,
        time::{Duration, Instant},
    };

    use super::*;
    use crate::{clock::SystemClock, issuer::Issuer};

    #[track_caller]
    fn soon(holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(10));
            sleep(Duration::from_millis(2));
        }
    }

    fn started() -> (Arc<NetworkKeys>, Refresher) {
        // Nobody listens there.
        let issuer = Issuer::new("http://127.0.0.1:9/").audience("api").jwks_discovery();
        let keys = issuer.load().unwrap().network.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let refresher = Refresher::start(vec![Arc::clone(&keys)], &clock).unwrap().unwrap();
        (keys, refresher)
    }

    #[test]
    fn the_thread_ends_with_what_started_it_and_leaves_nothing_behind() {
        let (keys, refresher) = started();
        sleep(Duration::from_millis(50));
        assert!(Arc::strong_count(&keys) > 1);
        drop(refresher);
        soon(|| Arc::strong_count(&keys) == 1);
    }

    #[test]
    fn whoever_waits_is_let_go_when_nobody_fetches_any_more() {
        let (keys, refresher) = started();
        soon(|| !keys.may_learn(None, SystemClock.now()));
        drop(refresher);
        soon(|| Arc::strong_count(&keys) == 1);
        let now = SystemClock.now() + 3_600;
        assert!(!keys.may_learn(None, now));
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(keys.learn(None, now));
        // Not 401: nobody can tell.
        assert!(keys.unknown(now).is_ours());
        assert!(keys.unknown(now).to_string().contains("start the application again"));
    }

    #[test]
    fn a_refresher_can_be_dropped_inside_of_a_runtime() {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { drop(started()) });
    }
}
