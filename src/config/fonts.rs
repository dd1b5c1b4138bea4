//! Where the fonts of letters are.

use super::{ConfigError, Faults, Secrecy, Setting, variable};
use crate::paper::fonts::{DEFAULT_FOLDERS, FaceSetting, FontSettings, Role};

/// Those of letters as PDF.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "GONGKAI_FONTS",
        example: DEFAULT_FOLDERS,
        meaning: "Folders in which fonts for letters are looked for, by known file names; colons stand between them.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FONT_FANGSONG",
        example: "",
        meaning: "The face of a letter's body (仿宋): a font file, with #INDEX for a face of a collection. Without it a known FangSong is taken, or else a Song.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FONT_SONG",
        example: "",
        meaning: "The face of the head and the title (小标宋), in the same form.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FONT_HEI",
        example: "",
        meaning: "The face of headings of the first order (黑体), in the same form.",
        secrecy: Secrecy::Open,
    },
    Setting {
        name: "GONGKAI_FONT_KAI",
        example: "",
        meaning: "The face of headings of the second order (楷体), in the same form.",
        secrecy: Secrecy::Open,
    },
];

/// Reads them. Whether the files are there, and are fonts, is asked when a letter is printed.
pub(super) fn read(faults: &mut Faults) -> Option<FontSettings> {
    let folders = faults.take(variable("GONGKAI_FONTS"));
    let mut settings = FontSettings::default();
    if let Some(folders) = folders.clone().flatten() {
        settings.folders = std::env::split_paths(&folders).collect();
    }
    let mut understood = folders.is_some();
    for (role, face) in Role::ALL.iter().zip(&mut settings.roles) {
        let read = faults.take(face_of(*role));
        understood &= read.is_some();
        *face = read.flatten();
    }
    understood.then_some(settings)
}

fn face_of(role: Role) -> Result<Option<FaceSetting>, ConfigError> {
    let name = format!("GONGKAI_FONT_{role}");
    let parse = |text: String| {
        text.parse().map_err(|()| ConfigError(format!("{name} must be PATH or PATH#INDEX.")))
    };
    variable(&name)?.map(parse).transpose()
}
