//! The thread that keeps an instance and Redis in step.
//!
//! It does one thing after the other: writes what was revoked here, reads what changed elsewhere, loads everything. So a
//! change of this instance never comes between two halves of a load.

use std::{
    collections::HashMap,
    future::Future,
    io,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use redis::{AsyncConnectionConfig, Client, RedisError, aio::MultiplexedConnection, cmd};
use tokio::{
    runtime,
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::{
    super::{NotShared, metrics, store::Kind},
    Command, Shared, describe,
    records::{self, Change, Gap, Id, KINDS, Keys, Revoked},
};

/// How often changes of other instances are read.
const POLL: Duration = Duration::from_millis(200);
/// How often everything is loaded, in case that something changed without a record.
const RELOAD: Duration = Duration::from_secs(60);
/// How soon everything is loaded again after Redis refused a change.
const RELOAD_AFTER_REFUSAL: Duration = Duration::from_secs(5);
/// How long a connection may take to be made, and an answer to come.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait before the next attempt to connect, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(800));
/// So many changes are written in one transaction.
const BATCH: usize = 500;

pub(super) struct Fleet {
    client: Client,
    keys: Keys,
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    loading: watch::Sender<bool>,
    /// The last change that was read, of whichever connection.
    last: Id,
    reload_at: Instant,
}

/// Why the thread stops talking over a connection.
enum Stop {
    /// Nobody has a handle any more.
    Over,
    Lost(RedisError),
}

impl From<RedisError> for Stop {
    fn from(error: RedisError) -> Self {
        Self::Lost(error)
    }
}

/// What stands in Redis: the times, by kind and member.
type Seen = HashMap<(Kind, String), u64>;

impl Fleet {
    pub(super) fn new(
        client: Client,
        keys: Keys,
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
        loading: watch::Sender<bool>,
    ) -> Self {
        Self { client, keys, shared, commands, loading, last: Id::NONE, reload_at: Instant::now() }
    }

    /// Starts the thread. `prefix` is what these revocations are called by in metrics.
    pub(super) fn start(self, prefix: String) -> io::Result<()> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("auth-revocations".to_owned())
            .spawn(move || {
                // Beside the rest: it goes on while Redis makes the rest wait, and ends with it.
                runtime.spawn(measure(prefix, Arc::clone(&self.shared)));
                runtime.block_on(self.run());
            })
            .map(drop)
    }

    async fn run(mut self) {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let client = self.client.clone();
        let place = client.get_connection_info().addr().to_string();
        let (mut pause, mut away, mut told) = (PAUSES.0, false, false);
        loop {
            let connecting = client.get_multiplexed_async_connection_with_config(&config);
            let error = match meanwhile(&mut self.commands, connecting).await {
                None => return,
                Some(Err(error)) => error,
                Some(Ok(mut connection)) => {
                    let before = self.shared.up_to_date_at();
                    let Err(stop) = self.serve(&mut connection).await;
                    if self.shared.up_to_date_at() != before {
                        (pause, away, told) = (PAUSES.0, false, false);
                    }
                    match stop {
                        Stop::Over => return,
                        Stop::Lost(error) => error,
                    }
                }
            };
            let error = describe(&error);
            if away {
                tracing::debug!(redis = place, error, "revocations still cannot be shared");
            } else {
                tracing::warn!(redis = place, error, "revocations cannot be shared for now");
                away = true;
            }
            if !told && !self.shared.may_decide() && self.shared.up_to_date_at().is_some() {
                tracing::error!(
                    redis = place,
                    "what is revoked elsewhere has not been known for too long, so every credential is answered 503 until Redis is back"
                );
                told = true;
            }
            if meanwhile(&mut self.commands, sleep(pause)).await.is_none() {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Stays in step over this connection as long as that is possible.
    async fn serve(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<std::convert::Infallible, Stop> {
        self.load(connection).await?;
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = self.commands.recv() => {
                    self.obey(connection, command.ok_or(Stop::Over)?).await?;
                }
                _ = poll.tick() => {
                    if Instant::now() >= self.reload_at || self.follow(connection).await?.is_err() {
                        self.load(connection).await?;
                    }
                }
            }
        }
    }

    /// Writes one change to Redis.
    async fn obey(
        &mut self,
        connection: &mut MultiplexedConnection,
        command: Command,
    ) -> Result<(), RedisError> {
        match self.keys.write([&command.change]).exec_async(connection).await {
            Ok(()) => {
                self.written(&command.change, command.number);
                command.answer(Ok(()));
                Ok(())
            }
            Err(error) => {
                command.answer(Err(NotShared::Refused(describe(&error))));
                self.refused(error)
            }
        }
    }

    /// What was revoked here no longer depends on us, and what was restored is; unless it was revoked here once more since.
    fn written(&self, Change { name, time }: &Change, number: u64) {
        let mut unshared = self.shared.unshared();
        if unshared.is_later(name, number) {
            return;
        }
        unshared.revoked.remove(name);
        if time.is_none() {
            self.shared.store.remove(name.kind, &name.issuer, &name.name);
        }
    }

    /// A connection that broke has to be made anew; one over which Redis said no is good enough to read.
    fn refused(&mut self, error: RedisError) -> Result<(), RedisError> {
        if error.is_unrecoverable_error() || error.is_io_error() || error.is_timeout() {
            return Err(error);
        }
        tracing::error!(
            error = describe(&error),
            "Redis does not take revocations, which hold in this instance only: mend its settings or the permissions of the user in the URL"
        );
        self.reload_at = Instant::now() + RELOAD_AFTER_REFUSAL;
        Ok(())
    }

    /// Reads what changed since the last time, unless some of it may be lost.
    async fn follow(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Result<Vec<Change>, Gap>, RedisError> {
        let mut all = Vec::new();
        loop {
            let now = self.shared.store.now();
            let newest: Vec<records::Raw> = self.keys.newest().query_async(connection).await?;
            if records::newest(&newest) != self.last {
                let raw = self.keys.read(self.last).query_async(connection).await?;
                let read = match records::changes(self.last, &raw) {
                    Ok(read) => read,
                    Err(gap) => return Ok(Err(gap)),
                };
                for (place, change) in read.found.iter().enumerate() {
                    self.apply(change, read.found.get(place + 1..).unwrap_or_default());
                }
                self.last = read.last;
                all.extend(read.found);
                if !read.complete {
                    continue;
                }
            }
            // Counts once everything was loaded.
            self.shared.up_to_date_at.store(now, Ordering::Release);
            return Ok(Ok(all));
        }
    }

    /// `later` is what changed after it.
    fn apply(&self, Change { name, time }: &Change, later: &[Change]) {
        let store = &self.shared.store;
        if let Some(time) = time {
            store.raise(name.kind, &name.issuer, &name.name, *time);
            return;
        }
        let unshared = self.shared.unshared();
        // Somebody restored what was revoked here since: that is the later word, as soon as it is written.
        if unshared.revoked.contains_key(name) {
            return;
        }
        // What is revoked again already is not let in meanwhile.
        let known = store.time(name.kind, &name.issuer, &name.name);
        let again = |change: &Change| change.name == *name && change.time >= known;
        if known.is_some() && !later.iter().any(again) {
            store.remove(name.kind, &name.issuer, &name.name);
        }
    }

    /// Loads everything, and writes back what Redis does not have.
    async fn load(&mut self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        let now = self.shared.store.now();
        self.forget_what_is_over();
        let settled = self.settled();
        // What was restored while we were away is not to be written back.
        if self.follow(connection).await?.is_err() {
            let newest: Vec<records::Raw> = self.keys.newest().query_async(connection).await?;
            self.last = records::newest(&newest);
        }
        self.drop_what_is_over(connection).await?;
        let mut seen = self.scan(connection).await?;
        let Ok(changes) = self.follow(connection).await? else {
            self.reload_at = Instant::now();
            return Ok(());
        };
        correct(&mut seen, changes);
        self.reload_at = Instant::now() + RELOAD;
        self.write_back(connection, &seen, settled).await?;
        self.shared.up_to_date_at.store(now, Ordering::Release);
        // First, since whoever waits for the other expects to be let through.
        self.shared.loaded.store(true, Ordering::Release);
        if !self.loading.send_replace(true) {
            tracing::info!(entries = self.shared.store.len(), "revocations are loaded from Redis");
        }
        Ok(())
    }

    /// The number of the last change of this instance, if none of them waits to be written; otherwise of none, since what
    /// waits may restore.
    fn settled(&self) -> u64 {
        // Changes are sent under this lock.
        let unshared = self.shared.unshared();
        if self.commands.is_empty() { unshared.changes } else { 0 }
    }

    /// What is over is looked up by nobody, and nobody has to hear of it any more.
    fn forget_what_is_over(&self) {
        let store = &self.shared.store;
        store.drop_what_is_over();
        self.shared
            .unshared()
            .revoked
            .retain(|Revoked { kind, issuer, name }, _| store.time(*kind, issuer, name).is_some());
    }

    /// In Redis by its own clock, and a day later than here: a clock that is wrong must not take from others.
    async fn drop_what_is_over(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), RedisError> {
        const DAY: u64 = 24 * 60 * 60;
        let (seconds, _): (u64, u64) = cmd("TIME").query_async(connection).await?;
        for kind in KINDS {
            let time = self.shared.store.over(kind, seconds.saturating_sub(DAY));
            if let Err(error) = self.keys.drop_up_to(kind, time).exec_async(connection).await {
                self.refused(error)?;
            }
        }
        Ok(())
    }

    async fn scan(&self, connection: &mut MultiplexedConnection) -> Result<Seen, RedisError> {
        let mut seen = Seen::new();
        for kind in KINDS {
            let mut cursor = 0;
            loop {
                let (next, found): (u64, Vec<(Vec<u8>, f64)>) =
                    self.keys.scan(kind, cursor).query_async(connection).await?;
                for (member, score) in found {
                    let Some(name) = Revoked::of_member(kind, &member) else {
                        tracing::error!(
                            "a revocation in Redis is not understood: somebody else writes there; give them another `.prefix(…)`"
                        );
                        continue;
                    };
                    let time = records::time(score);
                    self.shared.store.raise(kind, &name.issuer, &name.name, time);
                    seen.insert((kind, name.member()), time);
                }
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
        }
        Ok(seen)
    }

    /// What was revoked here up to the `settled` change and is in Redis, because another one has revoked it too or an answer
    /// got lost, no longer depends on us.
    fn share(&self, seen: &Seen, settled: u64) {
        let store = &self.shared.store;
        self.shared.unshared().revoked.retain(|name, number| {
            let there = seen.get(&(name.kind, name.member())).copied();
            *number > settled || there < store.time(name.kind, &name.issuer, &name.name)
        });
    }

    /// Redis may have lost what this instance knows, or never got it.
    async fn write_back(
        &mut self,
        connection: &mut MultiplexedConnection,
        seen: &Seen,
        settled: u64,
    ) -> Result<(), RedisError> {
        self.share(seen, settled);
        let mut missing = Vec::new();
        self.shared.store.for_each(|kind, issuer, name, time| {
            let known = seen.get(&(kind, records::member(issuer, name)));
            if known.is_none_or(|known| *known < time) {
                missing.push(Change { name: Revoked::new(kind, issuer, name), time: Some(time) });
            }
        });
        for batch in missing.chunks(BATCH) {
            if let Err(error) = self.keys.write(batch).exec_async(connection).await {
                return self.refused(error);
            }
            for change in batch {
                self.written(change, settled);
            }
        }
        if !missing.is_empty() {
            tracing::warn!(entries = missing.len(), "Redis lacked revocations, and has them again");
        }
        Ok(())
    }
}

/// What changed while everything was read, which may or may not show it.
fn correct(seen: &mut Seen, changes: Vec<Change>) {
    for Change { name, time } in changes {
        let place = (name.kind, name.member());
        match time {
            Some(time) => seen.insert(place, time),
            None => seen.remove(&place),
        };
    }
}

/// Says every second how old is what is known, which grows by itself while Redis is away.
async fn measure(prefix: String, shared: Arc<Shared>) {
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        second.tick().await;
        metrics::revoked_in_fleet(&prefix, shared.store.len(), shared.lag());
    }
}

/// Waits, and meanwhile tells whoever changes something that it cannot be shared. `None` if nobody has a handle any more.
async fn meanwhile<T>(
    commands: &mut mpsc::Receiver<Command>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            command = commands.recv() => command?.answer(Err(NotShared::Away)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revocation::redis::{RedisRevocations, RedisRevocationsBuilder};

    const ISSUER: &str = "https://id.example.com/";

    /// Nobody runs it, so that nothing happens in between.
    fn fleet() -> (RedisRevocations, Fleet) {
        let builder: RedisRevocationsBuilder = RedisRevocations::builder("redis://127.0.0.1:1/");
        builder.apart().unwrap()
    }

    fn known(fleet: &Fleet) -> Option<u64> {
        fleet.shared.store.time(Kind::Token, ISSUER, "1")
    }

    fn change(time: Option<u64>) -> Change {
        Change { name: Revoked::new(Kind::Token, ISSUER, "1"), time }
    }

    /// As if Redis had taken what waits.
    fn write_all(fleet: &mut Fleet) {
        while let Ok(command) = fleet.commands.try_recv() {
            fleet.written(&command.change, command.number);
        }
    }

    /// L5: a load comes between a restoring that waits and what was revoked since.
    #[test]
    fn l5_nothing_is_settled_while_a_restoring_waits() {
        let (revocations, mut fleet) = fleet();
        let until = u64::MAX >> 11;
        let seen = Seen::from([((Kind::Token, change(None).name.member()), until)]);
        drop(revocations.revoke_token(ISSUER, "1", until));
        write_all(&mut fleet);
        drop(revocations.restore_token(ISSUER, "1"));
        drop(revocations.revoke_token(ISSUER, "1", until));
        fleet.share(&seen, fleet.settled());
        // The later one is lost on the way, as with a connection that breaks.
        let command = fleet.commands.try_recv().unwrap();
        fleet.written(&command.change, command.number);
        assert_eq!(known(&fleet), Some(until));
        assert!(fleet.commands.try_recv().is_ok());
        assert!(fleet.shared.unshared().revoked.contains_key(&change(None).name));

        // Once nothing waits, what is in Redis is shared, and what is there for less time only is not.
        let less = Seen::from([((Kind::Token, change(None).name.member()), until - 1)]);
        for (seen, kept) in [(&Seen::new(), 1), (&less, 1), (&seen, 0)] {
            fleet.share(seen, fleet.settled());
            assert_eq!(fleet.shared.unshared().revoked.len(), kept);
        }
        // And nothing that was revoked since the load began.
        let settled = fleet.settled();
        drop(revocations.revoke_token(ISSUER, "1", until));
        fleet.share(&seen, settled);
        assert_eq!(fleet.shared.unshared().revoked.len(), 1);
    }

    /// L5: whoever is asked between the two would let in what both before and behind them is revoked.
    #[test]
    fn l5_what_is_revoked_again_in_the_same_breath_is_never_let_in() {
        let (_revocations, fleet) = fleet();
        for (later, expected) in [
            (vec![change(Some(10))], Some(10)),
            (vec![change(None), change(Some(11))], Some(10)),
            // For less time: that is another word on it.
            (vec![change(Some(9))], None),
            (vec![], None),
        ] {
            fleet.apply(&change(Some(10)), &[]);
            fleet.apply(&change(None), &later);
            assert_eq!(known(&fleet), expected, "{later:?}");
        }
    }

    #[test]
    fn what_is_restored_while_everything_is_read_is_not_there() {
        let place = (Kind::Token, change(None).name.member());
        let mut seen = Seen::from([(place.clone(), 10)]);
        correct(&mut seen, vec![change(None)]);
        assert!(seen.is_empty());
        correct(&mut seen, vec![change(None), change(Some(7))]);
        assert_eq!(seen.get(&place), Some(&7));
    }
}
