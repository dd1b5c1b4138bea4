//! Letters as files: rendered on a thread of their own, one PDF at a time.
//!
//! A PDF takes some 20 ms of one core and 10 MiB while it is made; a DOCX takes neither, and its
//! callers ask [`crate::paper::docx()`]. Kept is only where the faces are:
//! see [`crate::paper::fonts`].

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::domain::letter::Sheet;
use crate::paper::fonts::FontError;
use crate::paper::{self, Edition, FontSettings, Fonts, PaperError};

/// PDFs made at the same time.
const AT_ONCE: usize = 1;

/// The press: fonts, and leave to use them.
pub struct Press {
    fonts: Arc<FontSettings>,
    /// The faces, once they were found.
    found: Arc<Mutex<Option<Fonts>>>,
    leave: Arc<Semaphore>,
}

/// Why there is no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PressError {
    /// The letter could not be made.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The thread that made it failed, or the process is ending.
    #[error("the rendering broke off")]
    BrokenOff,
}

impl Press {
    /// A press that looks for fonts by these settings, when it first needs them. Without fonts there
    /// are no PDFs, and everything else works.
    #[must_use]
    pub fn new(fonts: &FontSettings) -> Self {
        Self {
            fonts: Arc::new(fonts.clone()),
            found: Arc::default(),
            leave: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// A letter as PDF/A-2u. The same arguments and fonts give the same bytes.
    ///
    /// # Errors
    /// [`FontError::NoChineseFont`], [`FontError::GlyphMissing`] and what else [`PaperError`] says.
    pub async fn pdf(&self, sheet: Sheet, edition: Edition) -> Result<Vec<u8>, PressError> {
        let leave = Arc::clone(&self.leave).acquire_owned().await;
        let leave = leave.map_err(|_| PressError::BrokenOff)?;
        let (settings, found) = (Arc::clone(&self.fonts), Arc::clone(&self.found));
        let work = move || {
            // Held until the work is done, even when nobody waits for it any more.
            let _leave = leave;
            render(&sheet, &edition, &settings, &found)
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| PressError::BrokenOff)?
    }
}

fn render(
    sheet: &Sheet,
    edition: &Edition,
    settings: &FontSettings,
    found: &Mutex<Option<Fonts>>,
) -> Result<Vec<u8>, PressError> {
    let known = found.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Fonts::unread);
    let again = known.is_some();
    let first = match known {
        Some(fonts) => paper::pdf(sheet, edition, &fonts),
        None => search(sheet, edition, settings, found),
    };
    match first {
        // Fonts come and go with the packages of the system.
        Err(PaperError::Font(_)) if again => Ok(search(sheet, edition, settings, found)?),
        other => Ok(other?),
    }
}

fn search(
    sheet: &Sheet,
    edition: &Edition,
    settings: &FontSettings,
    found: &Mutex<Option<Fonts>>,
) -> Result<Vec<u8>, PaperError> {
    let fonts = Fonts::find(settings)?;
    *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(fonts.unread());
    paper::pdf(sheet, edition, &fonts)
}

/// What of a failure is the machine's fonts: that there is none, that one cannot be used, or that
/// none has a character.
#[must_use]
pub const fn font_error(error: &PressError) -> Option<&FontError> {
    match error {
        PressError::Paper(PaperError::Font(error)) => Some(error),
        PressError::Paper(PaperError::Form(_)) | PressError::BrokenOff => None,
    }
}
