//! Pictures are drawn by few hands, and what was drawn of late is at hand.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::base::picture::{Encoded, Frame};

/// Pictures that are worked on at once; the rest wait.
const HANDS: usize = 2;

/// Drawn pictures in memory, of a few thousand octets each; beyond it all are drawn anew.
const MAX_DRAWN: usize = 1000;

/// A picture and the largest form of it.
type Key = (String, Frame);

/// A picture as it was drawn; none for one that cannot be.
pub type Drawn = Option<Arc<Encoded>>;

/// Pictures that were drawn of late, and who draws them.
pub struct Drawings {
    drawn: Mutex<HashMap<Key, Drawn>>,
    hands: Semaphore,
}

impl Default for Drawings {
    fn default() -> Self {
        Self { drawn: Mutex::default(), hands: Semaphore::new(HANDS) }
    }
}

impl Drawings {
    /// Works on a picture on a thread that may take its time. One that breaks the decoder costs
    /// itself only.
    pub async fn by_hand<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _hand = self.hands.acquire().await.ok()?;
        spawn_blocking(work).await.ok()
    }

    /// Returns a picture that was drawn of late.
    pub fn find(&self, hash: &str, frame: Frame) -> Option<Drawn> {
        self.drawn().get(&(hash.to_owned(), frame)).cloned()
    }

    /// Keeps a picture that was drawn.
    pub fn keep(&self, hash: &str, frame: Frame, drawn: &Drawn) {
        let mut all = self.drawn();
        if all.len() >= MAX_DRAWN {
            all.clear();
        }
        all.insert((hash.to_owned(), frame), drawn.clone());
    }

    fn drawn(&self) -> MutexGuard<'_, HashMap<Key, Drawn>> {
        self.drawn.lock().expect("no holder of this lock panics")
    }
}
