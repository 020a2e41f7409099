//! Pictures are drawn by few hands, and what was drawn of late is at hand.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::base::{
    clock::Millis,
    picture::{Encoded, Frame},
};

/// Pictures that are worked on at once; the rest wait.
const HANDS: usize = 2;

/// Drawn pictures in memory, of a few thousand octets each; beyond it all are drawn anew.
const MAX_DRAWN: usize = 1000;

/// Pictures of which it is remembered whether they are here; beyond it all are looked up anew.
const MAX_LOOKED_UP: usize = 10_000;

/// For how long that is remembered: another process may add pictures.
const LOOKED_UP: Duration = Duration::from_secs(60);

/// A picture and the largest form of it.
type Key = (String, Frame);

/// A picture as it was drawn; none for one that cannot be.
pub type Drawn = Option<Arc<Encoded>>;

/// Pictures that were drawn of late, and who draws them.
pub struct Drawings {
    drawn: Mutex<HashMap<Key, Drawn>>,
    /// Whether pictures are here, and as of when.
    here: Mutex<HashMap<String, (bool, Millis)>>,
    hands: Semaphore,
}

impl Default for Drawings {
    fn default() -> Self {
        let hands = Semaphore::new(HANDS);
        Self { drawn: Mutex::default(), here: Mutex::default(), hands }
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

    /// Returns whether a picture is here, if that was looked up of late.
    pub fn is_here(&self, hash: &str, now: Millis) -> Option<bool> {
        let (is_here, at) = *self.here().get(hash)?;
        (now.since(at) < LOOKED_UP).then_some(is_here)
    }

    /// Takes note of whether a picture is here.
    pub fn looked_up(&self, hash: &str, is_here: bool, now: Millis) {
        let mut all = self.here();
        if all.len() >= MAX_LOOKED_UP {
            all.clear();
        }
        all.insert(hash.to_owned(), (is_here, now));
    }

    fn here(&self) -> MutexGuard<'_, HashMap<String, (bool, Millis)>> {
        self.here.lock().expect("no holder of this lock panics")
    }

    fn drawn(&self) -> MutexGuard<'_, HashMap<Key, Drawn>> {
        self.drawn.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_picture_is_here_is_known_for_a_minute() {
        let (drawings, start) = (Drawings::default(), Millis(0));
        assert_eq!(drawings.is_here("a", start), None);
        drawings.looked_up("a", false, start);
        assert_eq!(drawings.is_here("a", start), Some(false));
        drawings.looked_up("a", true, start);
        assert_eq!(drawings.is_here("a", start), Some(true));
        assert_eq!(drawings.is_here("a", start.after(LOOKED_UP)), None);
        for number in 0..MAX_LOOKED_UP * 2 {
            drawings.looked_up(&number.to_string(), false, start);
        }
        assert!(drawings.here().len() <= MAX_LOOKED_UP);
    }
}
