//! The key that seals passwords: a file apart from the database.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use crate::services::passwords::KEY_BYTES;

/// Reads the key; where there is none yet, makes one that only this user can read.
///
/// # Errors
///
/// The file cannot be read or made, or is not a key.
pub fn load_or_make(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    match fs::read(path) {
        Ok(octets) => octets.try_into().map_err(|_| {
            let what = format!("{} is not a key of {KEY_BYTES} octets", path.display());
            io::Error::new(io::ErrorKind::InvalidData, what)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Err(error) => Err(named(path, error)),
    }
}

fn make(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let key: [u8; KEY_BYTES] = rand::random();
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| named(folder, error))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(&key)?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(key),
        // Another process made it a moment ago.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => load_or_make(path),
        Err(error) => Err(named(path, error)),
    }
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/onesoup.key");
        let key = load_or_make(&path).unwrap();
        assert_eq!(load_or_make(&path).unwrap(), key);
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, b"short").unwrap();
        assert!(load_or_make(&path).unwrap_err().to_string().contains("not a key"));
    }
}
