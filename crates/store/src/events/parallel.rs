//! The same work on many splits or events at once.

use crate::Result;
use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Threads of a look-up, whatever the number of processors: what it reads of each split may have to come from the disk, and then they wait together.
const READERS: usize = 8;

/// One sum per thread, each over the items that thread took, by as many threads as there are processors. The first error met is the answer.
pub(super) fn sums<T: Sync, S: Default + Send>(items: &[T], add: impl Fn(&mut S, usize, &T) -> Result<()> + Sync) -> Result<Vec<S>> {
    by(std::thread::available_parallelism().map_or(1, NonZeroUsize::get), items, add)
}

fn by<T: Sync, S: Default + Send>(threads: usize, items: &[T], add: impl Fn(&mut S, usize, &T) -> Result<()> + Sync) -> Result<Vec<S>> {
    let workers = threads.min(items.len());
    let next = AtomicUsize::new(0);
    let share = || {
        let mut sum = S::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return Ok(sum) };
            add(&mut sum, at, item)?;
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(share)).collect();
        let mut all = vec![share()];
        for other in others {
            match other.join() {
                Ok(theirs) => all.push(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all.into_iter().collect()
    })
}

/// Answers in the order of `items`, by [`READERS`] threads.
pub(super) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let put = |done: &mut Vec<(usize, R)>, at, item: &T| {
        done.push((at, work(item)?));
        Ok(())
    };
    let mut done: Vec<(usize, R)> = by(READERS, items, put)?.into_iter().flatten().collect();
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreError;

    #[test]
    fn answers_keep_their_order_and_an_error_is_told() {
        let items: Vec<u64> = (0..100).collect();
        assert_eq!(each(&items, |n| Ok(n * 2)).unwrap(), items.iter().map(|n| n * 2).collect::<Vec<_>>());
        let failed = each(&items, |n| if *n == 40 { Err(StoreError::Internal("forty".into())) } else { Ok(()) });
        assert!(failed.is_err_and(|e| e.to_string().contains("forty")));
        assert!(each(&Vec::<u64>::new(), |n| Ok(*n)).unwrap().is_empty());
    }
}
