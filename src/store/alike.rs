//! One read for all who ask the same: a list that is wanted again before a reader has set out for it is
//! read once for everybody (docs/adr/0025-cases-that-are-known.md).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::conn::Conn;
use super::error::{Error, Result};
use super::readers::{QUEUE, Readers};
use super::turn::{Patience, Turn};

/// Reads what is asked for.
pub(super) type Answer<K, V> = fn(&mut Conn, &K) -> Result<V>;

/// Those who wait, by what they ask for.
type Waiting<K, V> = HashMap<Arc<K>, Vec<Wanted<V>>>;

/// Answers for all who ask the same at the same time. Cheap to clone.
pub(super) struct Alike<K, V> {
    readers: Readers,
    read: Answer<K, V>,
    waiting: Arc<Mutex<Waiting<K, V>>>,
}

struct Wanted<V> {
    turn: Turn,
    answer: oneshot::Sender<Result<Arc<V>>>,
}

impl<K, V> Clone for Alike<K, V> {
    fn clone(&self) -> Self {
        let Self { readers, read, waiting } = self;
        Self { readers: readers.clone(), read: *read, waiting: Arc::clone(waiting) }
    }
}

impl<K, V> Alike<K, V>
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Reads by these readers.
    #[must_use]
    pub fn new(readers: Readers, read: Answer<K, V>) -> Self {
        Self { readers, read, waiting: Arc::default() }
    }

    /// The answer to a question, as it was committed when this was called or later.
    ///
    /// # Errors
    /// As [`Readers::run`]; the queue is full when [`QUEUE`] wait for this answer, too.
    pub async fn get(&self, key: K) -> Result<Arc<V>> {
        let (answer, answered) = oneshot::channel();
        let turn = Turn::default();
        let key = Arc::new(key);
        let first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let same = waiting.entry(Arc::clone(&key)).or_default();
            if same.len() >= QUEUE {
                return Err(Error::QueueFull);
            }
            same.push(Wanted { turn: turn.clone(), answer });
            same.len() == 1
        };
        if first && let Err(error) = self.send(&key) {
            Self::answer_all(self.take(&key), &Err(error));
        }
        Readers::answer(&turn, Patience::READING, answered).await
    }

    fn take(&self, key: &Arc<K>) -> Vec<Wanted<V>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(key).unwrap_or_default()
    }

    /// A reader for all who ask this until it sets out.
    fn send(&self, key: &Arc<K>) -> Result<()> {
        let (own, key) = (self.clone(), Arc::clone(key));
        self.readers.send(Turn::default(), move |conn| {
            let mut wanted = own.take(&key);
            wanted.retain(|one| one.turn.take());
            if wanted.is_empty() {
                return conn.map(|_| ());
            }
            let found = conn.and_then(|conn| (own.read)(conn, &key)).map(Arc::new);
            Self::answer_all(wanted, &found);
            found.map(|_| ())
        })
    }

    fn answer_all(wanted: Vec<Wanted<V>>, found: &Result<Arc<V>>) {
        for Wanted { answer, .. } in wanted {
            // Who has gone away needs none.
            drop(answer.send(found.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::store::conn::DatabaseUrl;

    #[test]
    fn what_many_ask_before_a_reader_sets_out_is_read_once() {
        let memory: DatabaseUrl = "sqlite::memory:".parse().unwrap();
        let readers = Readers::start(&memory, 1).unwrap();
        let (go_on, stands) = channel::<()>();
        let busy = move |_: Result<&mut Conn>| {
            stands.recv().unwrap_or_default();
            Ok(())
        };
        readers.send(Turn::default(), busy).unwrap();
        let alike = Alike::<u8, u8>::new(readers, |_, key| match key {
            0 => Err(Error::Other("none of it".into())),
            key => Ok(*key),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let ask = |key| {
                let alike = alike.clone();
                tokio::spawn(async move { alike.get(key).await })
            };
            let crowd: Vec<_> = [7, 8, 7, 0, 7].map(ask).into();
            let waiting = || alike.waiting.lock().unwrap().values().map(Vec::len).sum::<usize>();
            while waiting() < crowd.len() {
                tokio::task::yield_now().await;
            }
            drop(go_on);
            let mut answers = Vec::new();
            for one in crowd {
                answers.push(one.await.unwrap());
            }
            let [first, other, second, broken, third] = <[_; 5]>::try_from(answers).unwrap();
            let (first, other) = (first.unwrap(), other.unwrap());
            assert_eq!((*first, *other), (7, 8));
            // One reading, handed to all who asked the same; what broke is told to those alone whom
            // it concerns.
            assert!(Arc::ptr_eq(&first, &second.unwrap()) && Arc::ptr_eq(&first, &third.unwrap()));
            assert!(matches!(broken, Err(Error::Other(_))));
            // The next question is read anew.
            assert!(!Arc::ptr_eq(&first, &alike.get(7).await.unwrap()));
            assert!(alike.waiting.lock().unwrap().is_empty());
        });
    }
}
