//! The word that it is time to stop, which every lasting task waits for.

use tokio::sync::watch;

/// Waits until the word is given, or nobody is left to give it.
pub async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
