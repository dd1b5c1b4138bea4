//! The faces of this machine: which serve as FangSong, Song, Hei and Kai, and which glyph shows a
//! character. None is shipped with the product: the fonts of the standard are licensed to the bureau,
//! and what stands in for them comes with the system (`fonts-noto-cjk`).

mod face;
mod find;
mod sfnt;

use std::path::PathBuf;
use std::str::FromStr;

use crate::domain::text_enum::text_enum;

pub use face::{FaceId, Fonts, Glyph};
pub use find::Place;

text_enum! {
    /// What a face is for.
    pub enum Role in "font_role" {
        Fangsong = "FANGSONG" : "仿宋" / "FangSong: the body",
        Song = "SONG" : "小标宋" / "Song: the head and the title",
        Hei = "HEI" : "黑体" / "Hei: headings of the first order",
        Kai = "KAI" : "楷体" / "Kai: headings of the second order",
    }
}

/// Where fonts are looked for when no setting says it.
pub const DEFAULT_FOLDERS: &str = "/usr/share/fonts:/usr/local/share/fonts";

/// Where to find fonts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FontSettings {
    /// Folders, searched with those below them.
    pub folders: Vec<PathBuf>,
    /// The faces that a role is to have, by the order of [`Role::ALL`].
    pub roles: [Option<FaceSetting>; Role::ALL.len()],
}

impl Default for FontSettings {
    fn default() -> Self {
        Self {
            folders: DEFAULT_FOLDERS.split(':').map(PathBuf::from).collect(),
            roles: [const { None }; 4],
        }
    }
}

/// A face that a setting names: `PATH`, or `PATH#INDEX` within a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceSetting {
    /// The file.
    pub path: PathBuf,
    /// Which face of it; without, the first one for simplified Chinese.
    pub index: Option<u32>,
}

impl FromStr for FaceSetting {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (path, index) = match text.rsplit_once('#') {
            Some((path, index)) => (path, Some(index.parse().map_err(|_| ())?)),
            None => (text, None),
        };
        if path.is_empty() { Err(()) } else { Ok(Self { path: path.into(), index }) }
    }
}

/// Why there is no letter in print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FontError {
    /// No folder holds a known font, and no setting names one.
    #[error("no Chinese font was found; install fonts-noto-cjk or set GONGKAI_FONT_FANGSONG")]
    NoChineseFont,
    /// A file cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file is no font, or a broken one.
    #[error("{path}: is no font that can be used: {reason}")]
    NotAFont {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No face shows a character. A letter with a hole in a name is not printed.
    #[error("no font has the character U+{:04X}", u32::from(*.character))]
    GlyphMissing {
        /// The character.
        character: char,
    },
}
