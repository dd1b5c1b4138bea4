//! One read for many requests: what is asked for while the readers are busy is read together, as the
//! writer commits together what came while it was busy.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::conn::Conn;
use super::error::{Error, Result};
use super::readers::{QUEUE, Readers};
use super::turn::{Patience, Turn};

/// Reads the values of these keys. A key that is not in the answer has none.
type Load<K, V> = dyn Fn(&mut Conn, &[K]) -> Result<HashMap<K, V>> + Send + Sync;

/// Values that are read by key, for all who ask at the same time. Cheap to clone.
pub(super) struct Gather<K, V> {
    readers: Readers,
    load: Arc<Load<K, V>>,
    waiting: Arc<Mutex<Vec<Wanted<K, V>>>>,
}

struct Wanted<K, V> {
    key: K,
    turn: Turn,
    answer: oneshot::Sender<Result<Option<V>>>,
}

impl<K, V> Clone for Gather<K, V> {
    fn clone(&self) -> Self {
        let Self { readers, load, waiting } = self;
        Self { readers: readers.clone(), load: Arc::clone(load), waiting: Arc::clone(waiting) }
    }
}

impl<K, V> Gather<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Gathers for these readers.
    #[must_use]
    pub fn new(
        readers: Readers,
        load: impl Fn(&mut Conn, &[K]) -> Result<HashMap<K, V>> + Send + Sync + 'static,
    ) -> Self {
        Self { readers, load: Arc::new(load), waiting: Arc::default() }
    }

    /// The value of a key, as it was committed when this was called or later.
    ///
    /// # Errors
    /// As [`Readers::run`]; the queue is full when [`QUEUE`] wait here, too.
    pub async fn get(&self, key: K) -> Result<Option<V>> {
        let (answer, answered) = oneshot::channel();
        let turn = Turn::default();
        let first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= QUEUE {
                return Err(Error::QueueFull);
            }
            waiting.push(Wanted { key, turn: turn.clone(), answer });
            waiting.len() == 1
        };
        // Who comes first sends a reader for all; who comes before it sets out, goes with it.
        if first && let Err(error) = self.send() {
            Self::answer_all(self.take(), &Err(error));
        }
        Readers::answer(&turn, Patience::READING, answered).await
    }

    fn take(&self) -> Vec<Wanted<K, V>> {
        mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn send(&self) -> Result<()> {
        let own = self.clone();
        self.readers.send(Turn::default(), move |conn| {
            let mut wanted = own.take();
            wanted.retain(|one| one.turn.take());
            let mut keys: Vec<K> = wanted.iter().map(|one| one.key).collect();
            let mut seen = std::collections::HashSet::with_capacity(keys.len());
            keys.retain(|key| seen.insert(*key));
            let found = conn.and_then(|conn| (own.load)(conn, &keys));
            Self::answer_all(wanted, &found);
            found.map(|_| ())
        })
    }

    fn answer_all(wanted: Vec<Wanted<K, V>>, found: &Result<HashMap<K, V>>) {
        for Wanted { key, answer, .. } in wanted {
            let value = match found {
                Ok(found) => Ok(found.get(&key).cloned()),
                Err(error) => Err(error.clone()),
            };
            // Who has gone away needs none.
            drop(answer.send(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::store::conn::DatabaseUrl;

    #[test]
    fn a_crowd_that_nobody_reads_for_is_refused_and_not_remembered() {
        // It is never read from: a place that does not exist makes an error of its own.
        let nowhere: DatabaseUrl = "sqlite:/nowhere/at/all/gongkai.db".parse().unwrap();
        let readers = Readers::start(&nowhere, 1).unwrap();
        let (go_on, stands) = channel::<()>();
        let busy = move |_: Result<&mut Conn>| {
            stands.recv().unwrap_or_default();
            Ok(())
        };
        readers.send(Turn::default(), busy).unwrap();
        let gather = Gather::<usize, bool>::new(readers, |_, _| Ok(HashMap::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let ask = |key| {
                let gather = gather.clone();
                tokio::spawn(async move { gather.get(key).await })
            };
            let crowd: Vec<_> = (0..QUEUE).map(ask).collect();
            while gather.waiting.lock().unwrap().len() < QUEUE {
                tokio::task::yield_now().await;
            }
            assert!(matches!(gather.get(0).await, Err(Error::QueueFull)));
            drop(go_on);
            for one in crowd {
                assert!(one.await.unwrap().is_err());
            }
            // The crowd is gone, and the next is let in.
            assert!(matches!(gather.get(0).await, Err(Error::Place(_))));
        });
    }
}
