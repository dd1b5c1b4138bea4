//! Faces: found by name, and refused by name when they are broken.

use std::path::{Path, PathBuf};

use gongkai::paper::fonts::FontError;
use gongkai::paper::{self, FaceSetting, FontSettings, Fonts, Marking, Role};

use crate::samples::{edition, fonts, sample};

/// A folder of its own, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("gongkai-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn path_of(role: Role) -> PathBuf {
    let fonts = fonts();
    fonts.places().find(|(other, _)| *other == role).unwrap().1.path.clone()
}

fn with(role: Role, path: &Path, index: Option<u32>) -> FontSettings {
    let mut settings = FontSettings::default();
    settings.roles[role as usize] = Some(FaceSetting { path: path.to_owned(), index });
    settings
}

#[test]
fn the_face_for_simplified_chinese_is_found_by_its_name() {
    for (role, place) in fonts().places() {
        let noto = place.path.to_string_lossy().contains("NotoS");
        assert!(!noto || place.family.ends_with(" SC"), "{role}: {}", place.family);
    }
}

#[test]
fn a_setting_names_a_face_and_which_one_of_its_file() {
    let path = path_of(Role::Hei);
    for index in [0, 1] {
        let fonts = Fonts::find(&with(Role::Kai, &path, Some(index))).unwrap();
        let (_, kai) = fonts.places().find(|(role, _)| *role == Role::Kai).unwrap();
        assert_eq!((&kai.path, kai.index), (&path, index));
    }
    let read = |text: &str| text.parse::<FaceSetting>();
    assert_eq!(read("/a/b.ttc#2"), Ok(FaceSetting { path: "/a/b.ttc".into(), index: Some(2) }));
    assert_eq!(read("/a/b.ttf"), Ok(FaceSetting { path: "/a/b.ttf".into(), index: None }));
    assert_eq!(read("/a/b.ttc#x"), Err(()));
    assert_eq!(read("#1"), Err(()));
}

#[test]
fn a_known_file_in_a_folder_is_taken() {
    let folder = Folder::new("folder");
    std::os::unix::fs::symlink(path_of(Role::Song), folder.0.join("simfang.ttf")).unwrap();
    let settings = FontSettings { folders: vec![folder.0.clone()], ..FontSettings::default() };
    let fonts = Fonts::find(&settings).unwrap();
    for (_, place) in fonts.places() {
        assert_eq!(place.path, folder.0.join("simfang.ttf"), "there is no other");
    }
    assert!(paper::pdf(&sample("refusal"), &edition(Marking::Issued), &fonts).is_ok());
}

#[test]
fn a_face_that_cannot_be_used_is_named() {
    let folder = Folder::new("broken");
    let missing = folder.0.join("missing.ttf");
    let found = Fonts::find(&with(Role::Fangsong, &missing, None)).err();
    assert!(matches!(found, Some(FontError::Unreadable { path, .. }) if path == missing));
    let text = folder.write("text.ttf", "这不是字体".repeat(99).as_bytes());
    let found = Fonts::find(&with(Role::Fangsong, &text, None)).err();
    assert!(matches!(found, Some(FontError::NotAFont { path, .. }) if path == text));
    let found = Fonts::find(&with(Role::Song, &path_of(Role::Song), Some(99))).err();
    assert!(matches!(found, Some(FontError::NotAFont { .. })));
}

#[test]
fn a_font_that_was_cut_off_is_an_error_and_no_panic() {
    let folder = Folder::new("cut");
    let whole = std::fs::read(path_of(Role::Fangsong)).unwrap();
    let sheet = sample("refusal");
    for part in [0, 1, 11, 12, 40, 400, 4_000, 400_000, whole.len() / 2, whole.len() - 1_000_000] {
        let path = folder.write("cut.ttc", &whole[..part]);
        let printed = Fonts::find(&with(Role::Fangsong, &path, None))
            .map_err(paper::PaperError::from)
            .and_then(|fonts| paper::pdf(&sheet, &edition(Marking::Issued), &fonts));
        assert!(matches!(printed, Err(paper::PaperError::Font(_))), "the first {part} bytes");
    }
}

#[test]
fn a_font_with_flipped_bytes_is_an_error_or_prints_and_no_panic() {
    let folder = Folder::new("flipped");
    let whole = std::fs::read(path_of(Role::Fangsong)).unwrap();
    let sheet = sample("supplement_notice");
    for seed in 0_usize..40 {
        let mut bytes = whole[..4096].to_vec();
        for at in 0..6 {
            let place = seed.wrapping_mul(2_654_435_761).wrapping_add(at * 40_503) % 2_900;
            bytes[place] ^= 1 << (seed % 8);
        }
        let path = folder.0.join("flipped.ttc");
        if seed == 0 {
            std::fs::write(&path, &whole).unwrap();
        }
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &bytes, 0).unwrap();
        let settings = with(Role::Fangsong, &path, Some(2));
        if let Ok(fonts) = Fonts::find(&settings) {
            let _ = paper::pdf(&sheet, &edition(Marking::Issued), &fonts);
        }
    }
}
