//! Templates, and how a filled one becomes a sheet.
//!
//! A line of a template is `%head`, `%number`, `%title`, `%to`, `%item`, `%field`, `%sign`, `%date` or
//! `%break`, `# a heading`, `| a | row |`, or else a paragraph. What is filled in can make no line and
//! no cell: its line feeds become breaks within the block, and the signs that mean something to the
//! reader of lines are replaced on the way in and put back on the way out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde, Value};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::facts::LetterFacts;
use super::kind::{KindRow, LetterKind};
use super::sheet::{Block, Sheet};
use super::{LettersError, words};

/// A letter that cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {what}")]
pub struct LetterError {
    /// The kind.
    pub kind: LetterKind,
    /// What is missing or wrong. Free of content.
    pub what: String,
}

impl LetterError {
    pub(in crate::domain) fn new(kind: LetterKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }
}

/// Signs with a meaning, and the noncharacters (Unicode 16.0 §23.7) that stand for them meanwhile.
const GUARDS: [(char, char); 4] =
    [('%', '\u{fdd0}'), ('#', '\u{fdd1}'), ('|', '\u{fdd2}'), ('\n', '\u{fdd3}')];

/// A value that can be nothing but text.
fn guarded(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let plain = |c: char| match c {
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        c => c,
    };
    let guard = |c: char| GUARDS.iter().find(|(sign, _)| *sign == c).map_or(c, |(_, guard)| *guard);
    text.chars().map(plain).map(guard).collect()
}

/// The text that [`guarded`] was given.
fn restored(text: &str) -> String {
    let sign = |c: char| GUARDS.iter().find(|(_, guard)| *guard == c).map_or(c, |(sign, _)| *sign);
    text.chars().map(sign).collect()
}

fn write_value(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() || value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "a fact is missing"));
    }
    let text = value.to_string();
    out.write_str(&guarded(&text)).map_err(Error::from)
}

/// Every template, read.
#[derive(Debug)]
pub(super) struct Templates {
    letters: Environment<'static>,
    /// The same, for facts that are anything or nothing.
    proof: Environment<'static>,
}

/// The names under which a template can have a value worded.
const FILTERS: [&str; 4] = ["zh_number", "clause", "sentence", "quoted"];

/// A fact that is whatever a template makes of it: a text, a list of one, a thing with every member.
#[derive(Debug)]
struct Anything;

impl Object for Anything {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from_object(Self))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(vec![Value::from_object(Self)])
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("某某")
    }
}

impl Templates {
    pub(super) fn read<'a>(
        texts: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LettersError> {
        let mut proof = Environment::new();
        proof.set_undefined_behavior(UndefinedBehavior::Strict);
        for filter in FILTERS {
            proof.add_filter(filter, |value: Value| value);
        }
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_formatter(write_value);
        env.add_filter("zh_number", words::zh_number);
        env.add_filter("clause", |text: &str| words::clause(text));
        env.add_filter("sentence", |text: &str| words::sentence(text));
        env.add_filter("quoted", |text: &str| text.trim_end_matches(['。', '；', '，']).to_owned());
        for (code, text) in texts {
            for env in [&mut env, &mut proof] {
                env.add_template_owned(code.to_owned(), text.to_owned())
                    .map_err(|error| LettersError::new(code, error))?;
            }
        }
        Ok(Self { letters: env, proof })
    }

    /// Fills a template with facts that are all there, and with none that are, so that what a filter, a
    /// directive or a row has wrong is found before a letter needs it.
    pub(super) fn prove(&self, row: &KindRow) -> Result<(), LettersError> {
        let wrong = |what: String| LettersError::new(&row.code, what);
        let template = self.proof.get_template(&row.code).map_err(|e| wrong(plain(&e)))?;
        let every = |value: fn() -> Value| {
            let facts = row.placeholders.iter().map(|name| (name.clone(), value()));
            Value::from(facts.collect::<BTreeMap<String, Value>>())
        };
        let all = template.render(every(|| Value::from_object(Anything)));
        let filled = all.map_err(|error| wrong(plain(&error)))?;
        template.render(every(|| Value::from(""))).map_err(|error| wrong(plain(&error)))?;
        sheet(row, &filled).map_err(wrong).map(|_| ())
    }

    /// The facts that a template prints or asks for.
    pub(super) fn placeholders(&self, code: &str) -> Result<BTreeSet<String>, LettersError> {
        let template = self.letters.get_template(code).map_err(|e| LettersError::new(code, e))?;
        Ok(template.undeclared_variables(false).into_iter().collect())
    }

    pub(super) fn fill(&self, row: &KindRow, facts: &LetterFacts) -> Result<Sheet, LetterError> {
        let kind = LetterKind::parse(&row.code)
            .map_err(|error| LetterError::new(LetterKind::RECEIPT, error.to_string()))?;
        let filled = self
            .letters
            .get_template(&row.code)
            .and_then(|template| template.render(Value::from(Serde(facts))))
            .map_err(|error| LetterError::new(kind, plain(&error)))?;
        sheet(row, &filled).map_err(|what| LetterError::new(kind, what))
    }
}

/// What is wrong, without the text around it.
fn plain(error: &Error) -> String {
    let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    format!("{}{line}", error.kind())
}

/// Reads the lines of a filled template.
fn sheet(row: &KindRow, filled: &str) -> Result<Sheet, String> {
    let mut sheet = Sheet {
        kind: row.code.clone(),
        head: None,
        number: None,
        title: row.zh.clone(),
        addressee: None,
        blocks: Vec::new(),
        agency: None,
        date: None,
        seal: row.seal,
    };
    let lines = filled.split('\n').map(|line| line.trim_matches([' ', '\t', '\r']));
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(directive) = line.strip_prefix('%') {
            let (name, rest) = directive.split_once(' ').unwrap_or((directive, ""));
            direct(&mut sheet, name, restored(rest.trim_matches(' ')))?;
        } else if let Some(heading) = line.strip_prefix("# ") {
            sheet.blocks.push(Block::Heading(restored(heading)));
        } else if let Some(cells) = line.strip_prefix('|') {
            add_row(&mut sheet.blocks, cells)?;
        } else {
            sheet.blocks.push(Block::Paragraph(restored(line)));
        }
    }
    Ok(sheet)
}

fn direct(sheet: &mut Sheet, name: &str, rest: String) -> Result<(), String> {
    let said = (!rest.is_empty()).then_some(rest);
    match name {
        "head" => sheet.head = said,
        "number" => sheet.number = said,
        "title" => sheet.title = said.ok_or("an empty title")?,
        "to" => sheet.addressee = said,
        "item" => sheet.blocks.push(Block::Item(said.ok_or("an empty point")?)),
        "field" => sheet.blocks.push(Block::Field(said.ok_or("an empty field")?)),
        "break" => sheet.blocks.push(Block::Break),
        "sign" => sheet.agency = said,
        "date" => sheet.date = said,
        _ => return Err("a directive that is none".to_owned()),
    }
    Ok(())
}

/// Adds a row to the table above it, when that has as many cells, or begins another.
fn add_row(blocks: &mut Vec<Block>, line: &str) -> Result<(), String> {
    let cells = line.strip_suffix('|').ok_or("a row without end")?;
    let row: Vec<String> = cells.split('|').map(|cell| restored(cell.trim_matches(' '))).collect();
    if !(2..=6).contains(&row.len()) {
        return Err("a row has 2 to 6 cells".to_owned());
    }
    match blocks.last_mut() {
        Some(Block::Table(rows)) if rows.last().is_some_and(|last| last.len() == row.len()) => {
            rows.push(row);
        }
        _ => blocks.push(Block::Table(vec![row])),
    }
    Ok(())
}
