//! Opens a store by its url.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use sqlx::{ConnectOptions as _, Connection as _};

use crate::{
    base::clock::Clock,
    store::{
        Inner, Store,
        error::StoreError,
        migrate,
        readers::Readers,
        sqlite::{self, ConnectOptions},
        tally::Tally,
        writer::WriterHandle,
    },
};

impl Store {
    /// Opens the store at `url`: `sqlite:///absolute/path.db` or `sqlite://relative/path.db`.
    ///
    /// Makes the file and its directories where they are missing, readable for nobody else, and
    /// brings its tables to the present schema. Several processes may have one store open.
    ///
    /// # Errors
    /// The url is not understood, or the database cannot be used.
    pub async fn open(url: &str, clock: Clock) -> Result<Self, StoreError> {
        let path = path_of(url)?;
        make_file(&path)
            .map_err(|error| StoreError::Broken(format!("{}: {error}", path.display())))?;
        Self::open_with(&path, sqlite::writer_options(&path), clock).await
    }

    /// Returns the file of a store.
    ///
    /// # Errors
    /// The url is not understood.
    pub fn file_of(url: &str) -> Result<PathBuf, StoreError> {
        path_of(url)
    }

    async fn open_with(
        path: &Path,
        options: ConnectOptions,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let mut connection = options.connect().await.map_err(sqlite::store_error)?;
        migrate::migrate(&mut connection).await?;
        connection.close().await.map_err(sqlite::store_error)?;
        let tally = Tally::default();
        let writer = WriterHandle::start(options, tally.clone()).await?;
        let readers = Readers::new(path, tally.clone());
        Ok(Self(Arc::new(Inner { writer, readers, tally, clock })))
    }

    pub(super) fn readers(&self) -> &Readers {
        &self.0.readers
    }
}

fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let refused = |reason| StoreError::Url { url: without_password(url), reason };
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Err(refused(
            "this build does not serve PostgreSQL yet; use sqlite:///path/file.db",
        ));
    }
    let Some(path) = url.strip_prefix("sqlite://") else {
        return Err(refused("expected sqlite:///absolute/path.db or sqlite://relative/path.db"));
    };
    if path.is_empty() || path.ends_with('/') {
        return Err(refused("the name of a file is missing"));
    }
    if path.contains(['?', '\0']) {
        return Err(refused("parameters are not taken"));
    }
    if path == ":memory:" {
        return Err(refused("a store in memory would lose what it has acknowledged"));
    }
    Ok(PathBuf::from(path))
}

/// What is shown of a url that is not ours may hold a password.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => url.to_owned(),
    }
}

/// The database makes its other files with the rights of the first.
fn make_file(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let (mut directories, mut file) = (fs::DirBuilder::new(), fs::OpenOptions::new());
    directories.recursive(true);
    file.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        directories.mode(0o700);
        file.mode(0o600);
    }
    directory.map_or(Ok(()), |directory| directories.create(directory))?;
    file.open(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base::clock::Millis, store::write::Write};

    #[tokio::test]
    async fn a_full_disk_refuses_and_harms_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        make_file(&path).unwrap();
        // A file that may not grow is as good as a disk that is full.
        let options = sqlite::writer_options(&path).pragma("max_page_count", "60");
        let store = Store::open_with(&path, options, Clock::system()).await.unwrap();
        let put = |id, len| Write::PutOutbox { id, wire: "x".repeat(len), at: Millis(0) };
        store.commit(vec![put(1, 10)]).await.unwrap();
        let refused = store.commit(vec![put(2, 10), put(3, 1_000_000)]).await;
        assert_eq!(refused, Err(StoreError::Full));
        let kept = store.outbox(0, 9).await.unwrap();
        assert_eq!(kept.iter().map(|row| row.id).collect::<Vec<_>>(), [1]);
        store.commit(vec![put(4, 10)]).await.unwrap();
        store.ping_write().await.unwrap();
        store.close().await;
    }

    #[test]
    fn a_url_names_a_file() {
        assert_eq!(path_of("sqlite:///var/x.db").unwrap(), PathBuf::from("/var/x.db"));
        assert_eq!(path_of("sqlite://data/x.db").unwrap(), PathBuf::from("data/x.db"));
        for odd in ["", "x.db", "sqlite:x.db", "sqlite://", "sqlite://:memory:", "mysql://h/d"] {
            assert!(matches!(path_of(odd), Err(StoreError::Url { .. })), "{odd}");
        }
    }

    #[test]
    fn a_refused_url_does_not_tell_its_password() {
        let told = path_of("postgres://soup:s3cret@db/soup").unwrap_err().to_string();
        assert!(told.contains("does not serve PostgreSQL yet"), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}
