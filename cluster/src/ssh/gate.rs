//! How many logins go on at once: an sshd turns away those above its `MaxStartups`, and a bastion sees them all.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Lets a few in at a time.
pub(crate) struct Gate {
    free: Mutex<usize>,
    changed: Condvar,
}

/// The right to be inside, until it is dropped.
pub(crate) struct Pass<'a>(&'a Gate);

impl Gate {
    /// A gate with so many places.
    pub fn new(places: usize) -> Gate {
        Gate { free: Mutex::new(places), changed: Condvar::new() }
    }

    /// Waits for a place; None if there is none before the deadline.
    pub fn enter(&self, deadline: Instant) -> Option<Pass<'_>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(free, limit, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Pass(self))
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn no_more_than_the_places_are_inside() {
        let gate = Gate::new(2);
        let soon = || Instant::now() + Duration::from_millis(20);
        let first = gate.enter(soon()).unwrap();
        let _second = gate.enter(soon()).unwrap();
        assert!(gate.enter(soon()).is_none());
        drop(first);
        assert!(gate.enter(soon()).is_some());
    }
}
