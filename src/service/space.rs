//! How much room is left where the server writes: told before it is used up, for a full disk refuses
//! uploads (507) and, where the database lies on it, everything.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::store::DatabaseUrl;

/// Something that the server writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// The files of cases.
    Files,
    /// Uploads until they are checked.
    Spool,
    /// The embedded database.
    Database,
}

impl Written {
    /// Its name in answers, metrics and the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Spool => "spool",
            Self::Database => "database",
        }
    }
}

/// Where the server writes, and from when on room counts as scarce.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    places: Vec<(Written, PathBuf)>,
    warn_below: u64,
}

/// The room of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Of what.
    pub of: Written,
    /// Bytes that this process may still write.
    pub free: u64,
    /// Bytes in all.
    pub size: u64,
    /// Is it less than it should be?
    pub scarce: bool,
}

impl Volumes {
    /// What these settings write to, of this machine.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let files = &settings.files;
        let folder = files.folder().map(Path::to_owned);
        // Where both lie in one folder, one of them says it all.
        let spool =
            files.spool.clone().or_else(|| files.spool_folder().filter(|_| folder.is_none()));
        let database = match &settings.database {
            DatabaseUrl::Sqlite(path) => Some(PathBuf::from(path)),
            DatabaseUrl::Postgres(_) => None,
        };
        let places =
            [(Written::Files, folder), (Written::Spool, spool), (Written::Database, database)];
        let places = places.into_iter().filter_map(|(of, place)| Some((of, place?))).collect();
        Self { places, warn_below: files.low_space_percent }
    }

    /// The room of each. What cannot be asked, or is not there yet, is left out.
    #[must_use]
    pub fn look(&self) -> Vec<Room> {
        let room = |(of, place): &(Written, PathBuf)| {
            let (free, size) = ask(place)?;
            let scarce = u128::from(free) * 100 < u128::from(size) * u128::from(self.warn_below);
            Some(Room { of: *of, free, size, scarce })
        };
        self.places.iter().filter_map(room).collect()
    }
}

/// Free and all bytes of the volume on which a place lies, or will lie.
fn ask(place: &Path) -> Option<(u64, u64)> {
    let there = place.ancestors().find(|place| place.exists())?;
    let volume = nix::sys::statvfs::statvfs(there).ok()?;
    let unit = u128::from(volume.fragment_size());
    let bytes = |blocks: u64| u64::try_from(u128::from(blocks) * unit).ok();
    Some((bytes(volume.blocks_available())?, bytes(volume.blocks())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volumes(warn_below: u64) -> Volumes {
        let place = std::env::temp_dir().join("not/there/yet");
        Volumes { places: vec![(Written::Files, place)], warn_below }
    }

    #[test]
    fn room_is_that_of_the_volume_and_scarce_by_the_setting() {
        let seen = volumes(0).look();
        let room = seen.first().unwrap();
        assert!(room.size > 0 && room.free <= room.size);
        assert!(!room.scarce);
        assert!(volumes(101).look().iter().all(|room| room.scarce));
        assert_eq!(Volumes::default().look(), []);
    }
}
