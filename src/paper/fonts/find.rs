//! Looks for faces: first what the settings name, then known files in the folders. Which face of a
//! collection is meant is read from its `name` table, never taken from its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use skrifa::string::StringId;
use skrifa::{FontRef, MetadataProvider as _};

use super::{FaceSetting, FontError, FontSettings, Role, sfnt};

/// Entries of the folders that are looked at; who has more names his fonts.
const MOST_ENTRIES: usize = 50_000;
const DEEPEST: usize = 12;

/// One face of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Which face of it.
    pub index: u32,
    /// The name of its family, in English.
    pub family: String,
}

/// The faces for every role by the order of [`Role::ALL`], and one more with many characters for
/// what they lack.
pub(super) struct Finding {
    pub(super) roles: Vec<Place>,
    pub(super) spare: Option<Place>,
}

/// Files that hold a face for a role, the best first.
const fn known(role: Role) -> &'static [&'static str] {
    match role {
        Role::Fangsong => &["simfang.ttf", "FZFSK.TTF", "STFANGSO.TTF", "FandolFang-Regular.otf"],
        Role::Song => &[
            "FZXBSJW.TTF",
            "FZXBSK.TTF",
            "NotoSerifCJK-Bold.ttc",
            "NotoSerifCJKsc-Bold.otf",
            "NotoSerifSC-Bold.otf",
            "SourceHanSerifSC-Bold.otf",
            "SourceHanSerifCN-Bold.otf",
            "SourceHanSerif-Bold.ttc",
            "FandolSong-Bold.otf",
        ],
        Role::Hei => &[
            "simhei.ttf",
            "FZHTK.TTF",
            "NotoSansCJK-Bold.ttc",
            "NotoSansCJKsc-Bold.otf",
            "SourceHanSansSC-Bold.otf",
            "SourceHanSansCN-Bold.otf",
            "SourceHanSans-Bold.ttc",
            "FandolHei-Bold.otf",
            "wqy-zenhei.ttc",
            "wqy-microhei.ttc",
        ],
        Role::Kai => &[
            "simkai.ttf",
            "FZKTK.TTF",
            "gkai00mp.ttf",
            "LXGWWenKai-Regular.ttf",
            "FandolKai-Regular.otf",
        ],
    }
}

/// Files of a plain Song, or else of any Chinese face: what stands in where a role has none.
const PLAIN: &[&str] = &[
    "NotoSerifCJK-Regular.ttc",
    "NotoSerifCJKsc-Regular.otf",
    "NotoSerifSC-Regular.otf",
    "SourceHanSerifSC-Regular.otf",
    "SourceHanSerifCN-Regular.otf",
    "SourceHanSerif-Regular.ttc",
    "simsun.ttc",
    "FandolSong-Regular.otf",
    "uming.ttc",
    "gbsn00lp.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
];

pub(super) fn find(settings: &FontSettings) -> Result<Finding, FontError> {
    let files = files(&settings.folders);
    let known_in = |names: &[&str]| {
        let paths = names.iter().filter_map(|name| files.get(*name));
        paths.flat_map(|path| place(path, None)).next()
    };
    let spare = known_in(PLAIN);
    let mut own = Vec::new();
    for (role, setting) in Role::ALL.iter().zip(&settings.roles) {
        own.push(match setting {
            Some(FaceSetting { path, index }) => Some(place(path, *index)?),
            None => known_in(known(*role)),
        });
    }
    let [fangsong, song, hei, kai] = <[_; 4]>::try_from(own).unwrap_or_default();
    let body = fangsong.clone().or_else(|| spare.clone());
    let body = body.or_else(|| song.clone()).or_else(|| hei.clone()).or_else(|| kai.clone());
    let body = body.ok_or(FontError::NoChineseFont)?;
    let song = song.or_else(|| spare.clone()).unwrap_or_else(|| body.clone());
    let hei = hei.unwrap_or_else(|| song.clone());
    let kai = kai.unwrap_or_else(|| body.clone());
    Ok(Finding { roles: vec![body, song, hei, kai], spare })
}

/// The files below the folders by their names; of several the first by its path.
fn files(folders: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut left = MOST_ENTRIES;
    for folder in folders {
        collect(folder, DEEPEST, &mut left, &mut found);
    }
    found
}

fn collect(folder: &Path, depth: usize, left: &mut usize, found: &mut BTreeMap<String, PathBuf>) {
    // A folder that cannot be read holds no font for this process.
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if *left == 0 {
            return;
        }
        *left -= 1;
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, left, found);
            }
        } else if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            let name = name.to_owned();
            found.entry(name).or_insert(path);
        }
    }
}

/// The face of a file: the one of this index, or the first one for simplified Chinese.
fn place(path: &Path, index: Option<u32>) -> Result<Place, FontError> {
    let mut file = sfnt::Sfnt::open(path)?;
    let faces = match index {
        Some(index) => index..index.saturating_add(1),
        None => 0..file.faces()?,
    };
    let mut first = None;
    for index in faces {
        file.read_tables(index, sfnt::NAMES)?;
        let family = family(file.bytes(), index)
            .ok_or_else(|| sfnt::broken(path, "its tables cannot be read"))?;
        let simplified = [" SC", " CN", " GB"].iter().any(|end| family.ends_with(end));
        let place = Place { path: path.to_owned(), index, family };
        if simplified && !place.family.contains("Mono") {
            return Ok(place);
        }
        first.get_or_insert(place);
    }
    first.ok_or_else(|| sfnt::broken(path, "has no face of this index"))
}

pub(super) fn family(bytes: &[u8], index: u32) -> Option<String> {
    let font = FontRef::from_index(bytes, index).ok()?;
    let names = font.localized_strings(StringId::FAMILY_NAME);
    Some(names.english_or_first()?.to_string())
}
