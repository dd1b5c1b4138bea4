//! Names of units and users in bodies: how the reading of the domain becomes a fault of a member.

use validator::ValidationError;

use super::flaw::Flaw;
use super::problem::{Fault, FieldError, Problem};
use crate::domain::named::{ClosingReason, DisplayName, NameFault, UnitCode, UnitName, UserName};
use crate::domain::said::Said;

impl From<&NameFault> for Flaw {
    fn from(fault: &NameFault) -> Self {
        match fault {
            NameFault::UserName => Self::UserName,
            NameFault::UnitCode => Self::UnitCode,
            NameFault::Length(_) => Self::Length,
            NameFault::BlankOrControlCharacter => Self::BlankOrControlCharacter,
        }
    }
}

/// The code of a fault, and the sentence with the bounds that hold.
#[must_use]
pub fn in_words(fault: &NameFault) -> (Flaw, Said) {
    let flaw = Flaw::from(fault);
    let said = match fault {
        NameFault::Length(bounds) => {
            let (least, most) = (bounds.start().to_string(), bounds.end().to_string());
            flaw.bounded(Some(&least), Some(&most))
        }
        _ => flaw.said(),
    };
    (flaw, said)
}

fn invalid(fault: &NameFault) -> ValidationError {
    let mut error = ValidationError::new(Flaw::from(fault).as_str());
    if let NameFault::Length(bounds) = fault {
        error.add_param("min".into(), bounds.start());
        error.add_param("max".into(), bounds.end());
    }
    error
}

/// The validator of a member that is read by the domain.
macro_rules! validators {
    ($($name:ident for $read:ident;)*) => {
        $(pub(super) fn $name(text: &str) -> Result<(), ValidationError> {
            $read::parse(text).map(drop).map_err(|fault| invalid(&fault))
        })*
    };
}

validators! {
    user_name for UserName;
    display_name for DisplayName;
    unit_code for UnitCode;
    unit_name for UnitName;
    closing_reason for ClosingReason;
}

/// The text of a member that has been read. Its validator has read it before, with all the others,
/// so that a fault is told beside theirs.
pub(super) fn read<T>(member: &str, read: Result<T, NameFault>) -> Result<T, Problem> {
    read.map_err(|fault| {
        let (flaw, said) = in_words(&fault);
        let fault = FieldError::saying(format!("#/{member}"), flaw, said);
        Problem::new(Fault::ValidationFailed).with(vec![fault])
    })
}
