//! XML of the parts of a document, element by element.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::paper::PaperError;

/// Attributes of an element.
pub(super) type Attributes<'a> = &'a [(&'a str, &'a str)];

/// A part that is being written.
pub(super) struct Part {
    writer: Writer<Vec<u8>>,
    result: std::io::Result<()>,
}

impl Part {
    /// A part with its declaration.
    pub(super) fn new() -> Self {
        let mut part = Self { writer: Writer::new(Vec::new()), result: Ok(()) };
        part.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), Some("yes"))));
        part
    }

    /// An element without content.
    pub(super) fn leaf(&mut self, name: &str, attributes: Attributes) {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.write(Event::Empty(start));
    }

    /// An element and what it holds.
    pub(super) fn element(
        &mut self,
        name: &str,
        attributes: Attributes,
        content: impl FnOnce(&mut Self),
    ) {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.write(Event::Start(start));
        content(self);
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// Text. Characters that XML cannot hold show nothing and are left out.
    pub(super) fn text(&mut self, text: &str) {
        let text: String = text.chars().filter(|c| fits(*c)).collect();
        self.write(Event::Text(BytesText::new(&text)));
    }

    /// The bytes.
    pub(super) fn finish(self) -> Result<Vec<u8>, PaperError> {
        self.result.map_err(|error| PaperError::Form(error.to_string()))?;
        Ok(self.writer.into_inner())
    }

    fn write(&mut self, event: Event) {
        if self.result.is_ok() {
            self.result = self.writer.write_event(event);
        }
    }
}

/// May this character stand in XML 1.0 (2.2)?
fn fits(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}')
}
