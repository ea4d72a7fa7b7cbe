//! Several who ask the same thing at once wait for one answer.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OnceCell;

use super::cache::Fingerprint;

/// Who is waiting for what.
///
/// Nothing runs by itself: one of those who wait does the asking, and if its client goes away another begins anew. When
/// nobody waits any more, nothing is left.
pub(super) struct Flights<T>(Mutex<HashMap<Fingerprint, Flight<T>>>);

struct Flight<T> {
    answer: Arc<OnceCell<T>>,
    /// How many wait for it. Never 0.
    seats: usize,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Flights<T> {
    /// The answer of whoever asks about this token at the moment, or of `ask` if nobody does.
    pub(super) async fn join<F>(&self, token: Fingerprint, ask: impl FnOnce() -> F) -> T
    where
        F: Future<Output = T>,
    {
        let seat = self.board(token);
        let asking = async {
            let answer = ask().await;
            // Whoever comes from now on asks anew: an answer that waits for its last reader does not live on.
            seat.close();
            answer
        };
        seat.answer.get_or_init(|| asking).await.clone()
    }
}

impl<T> Flights<T> {
    fn board(&self, token: Fingerprint) -> Seat<'_, T> {
        let mut flights = self.lock();
        let flight =
            flights.entry(token).or_insert_with(|| Flight { answer: Arc::default(), seats: 0 });
        flight.seats += 1;
        Seat { flights: self, token, answer: Arc::clone(&flight.answer) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Fingerprint, Flight<T>>> {
        // A lock is poisoned by a panic while it was held; what it guards is sound at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of those who wait.
struct Seat<'a, T> {
    flights: &'a Flights<T>,
    token: Fingerprint,
    answer: Arc<OnceCell<T>>,
}

impl<T> Seat<'_, T> {
    fn close(&self) {
        let mut flights = self.flights.lock();
        if self.is_of(flights.get(&self.token)) {
            flights.remove(&self.token);
        }
    }

    /// Whether this is still the flight that whoever comes would join.
    fn is_of(&self, flight: Option<&Flight<T>>) -> bool {
        flight.is_some_and(|flight| Arc::ptr_eq(&flight.answer, &self.answer))
    }
}

impl<T> Drop for Seat<'_, T> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        if !self.is_of(flights.get(&self.token)) {
            return;
        }
        if let Some(flight) = flights.get_mut(&self.token) {
            flight.seats -= 1;
            if flight.seats == 0 {
                flights.remove(&self.token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        future::{pending, poll_fn, ready},
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn those_who_come_meanwhile_get_the_same_answer_and_those_after_ask_anew() {
        let flights = Flights::default();
        let token = Fingerprint::of("a");
        let arrived = Cell::new(false);
        let answer = || async {
            poll_fn(|_| if arrived.get() { Poll::Ready(()) } else { Poll::Pending }).await;
            1
        };
        let mut first = pin!(flights.join(token, answer));
        let mut second = pin!(flights.join(token, || async { panic!("one asks") }));
        let mut other = pin!(flights.join(Fingerprint::of("b"), || ready(2)));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert_eq!(poll(other.as_mut()), Poll::Ready(2));
        arrived.set(true);
        assert_eq!(poll(first.as_mut()), Poll::Ready(1));
        // The second has not taken its answer yet.
        let mut third = pin!(flights.join(token, || ready(3)));
        assert_eq!(poll(third.as_mut()), Poll::Ready(3));
        assert_eq!(poll(second.as_mut()), Poll::Ready(1));
        assert!(flights.lock().is_empty());
    }

    #[test]
    fn another_takes_over_where_the_one_who_asks_goes_away() {
        let flights = Flights::default();
        let token = Fingerprint::of("a");
        let mut second = pin!(flights.join(token, || ready(2)));
        {
            let mut first = pin!(flights.join(token, pending::<i32>));
            assert!(poll(first.as_mut()).is_pending());
            assert!(poll(second.as_mut()).is_pending());
        }
        assert_eq!(poll(second.as_mut()), Poll::Ready(2));
        assert!(flights.lock().is_empty());
    }

    #[test]
    fn nothing_is_left_where_everybody_goes_away() {
        let flights = Flights::default();
        {
            let mut all: Vec<_> = (0..3)
                .map(|_| Box::pin(flights.join(Fingerprint::of("a"), pending::<i32>)))
                .collect();
            for one in &mut all {
                assert!(poll(one.as_mut()).is_pending());
            }
            assert_eq!(flights.lock().len(), 1);
        }
        assert!(flights.lock().is_empty());
    }
}
