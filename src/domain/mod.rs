//! The product in pure functions: nothing here awaits, reads a clock, logs, or touches SQL, HTTP
//! or the environment. Time, numbers and randomness are parameters.

pub mod actor;
pub mod applicant_type;
pub mod attachment;
pub mod calendar;
pub mod canonical;
pub mod case;
pub mod channel;
pub mod clocks;
pub mod deadline;
pub mod decision;
pub mod earlier;
pub mod external_ref;
pub mod hex;
pub mod identity;
pub mod ids;
pub mod letter;
pub mod lifecycle;
pub mod measure;
pub mod named;
pub mod paragraph;
pub mod policy;
pub mod practice;
pub mod public_status;
pub mod query_code;
pub mod regulation;
pub mod rejection;
pub mod retention;
pub mod said;
pub mod sealed;
pub mod session;
pub mod similarity;
pub mod text_enum;
pub mod unit;
pub mod what_if;
