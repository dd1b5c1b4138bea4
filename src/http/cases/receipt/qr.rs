//! A QR code as one path of an SVG image.

use std::fmt::Write as _;

use qrcode::types::Color;
use qrcode::{EcLevel, QrCode};

/// Empty modules around the code (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;

/// A code, drawn.
pub(super) struct Drawing {
    /// Modules on each side, with the quiet zone.
    pub(super) side: usize,
    /// The path of the dark modules, one unit each.
    pub(super) path: String,
}

/// Draws the code of a text; none when the text is too long for one (2,331 bytes).
pub(super) fn draw(text: &str) -> Option<Drawing> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (at % width + QUIET, at / width + QUIET);
            // Writing to a string cannot fail.
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    Some(Drawing { side: width + 2 * QUIET, path })
}
