//! **gongkai** (公开): case management for 依申请公开, the disclosure of government information on
//! request, as a Chinese city police bureau runs it.
//!
//! Four layers, the same noun in every layer, and the printing of letters on the way; each may use
//! only those before it, and the data layer nothing of the printing:
//!
//! - [`domain`]: the law and the lifecycle, in pure functions;
//! - [`paper`]: letters as DOCX and PDF, functions of the letter and the fonts;
//! - [`store`]: the data layer, one writer and a few readers on PostgreSQL or SQLite;
//! - [`service`]: the use cases, one function = one command = one entry in the ledger;
//! - [`http`]: parses, authorises, calls a service, replies;
//!
//! and [`cli`], the command line, on top. ARCHITECTURE.md is the map.

#![forbid(unsafe_code)]

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod paper;
pub mod service;
pub mod store;
pub mod telemetry;
