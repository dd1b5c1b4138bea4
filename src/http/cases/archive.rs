//! Putting an ended case away (归档).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::domain::case::Archive;
use crate::domain::lifecycle::{PageCount, Step};
use crate::domain::retention::RetentionClass;
use crate::http::extract::Checked;
use crate::http::flaw::Flaw;
use crate::http::problem::FieldError;
use crate::http::strict::objects;

/// How many pages a paper has.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PageCountBody {
    /// The id of a letter or a file of the case.
    pub id: Uuid,
    /// Its pages.
    #[validate(range(min = 1, max = 100_000))]
    #[schema(minimum = 1, maximum = 100_000)]
    pub pages: u32,
}

/// Putting a case away.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchiveBody {
    /// The pages of its papers, as far as they were counted; the index has them.
    #[serde(default, deserialize_with = "objects")]
    #[validate(nested, length(max = 1200))]
    #[schema(max_items = 1200)]
    pub pages: Vec<PageCountBody>,
}

impl Checked for ArchiveBody {
    fn faults(&self, _: NaiveDate) -> Vec<FieldError> {
        let mut seen = BTreeSet::new();
        let again = self.pages.iter().enumerate().filter(|(_, count)| !seen.insert(count.id));
        again.map(|(at, _)| FieldError::of(format!("#/pages/{at}/id"), Flaw::Repeated)).collect()
    }
}

impl From<ArchiveBody> for Step {
    fn from(body: ArchiveBody) -> Self {
        let count = |count: PageCountBody| PageCount { id: count.id, pages: count.pages };
        Self::Archive { pages: body.pages.into_iter().map(count).collect() }
    }
}

/// That a case was put away.
#[derive(Serialize, ToSchema)]
pub struct ArchiveView {
    /// When.
    pub archived_at: DateTime<Utc>,
    /// By whom.
    pub archived_by: Uuid,
    /// For how long its papers are kept.
    pub retention: RetentionClass,
    /// The last day on which they are kept; null for ever.
    pub keep_until_date: Option<NaiveDate>,
}

impl From<&Archive> for ArchiveView {
    fn from(archive: &Archive) -> Self {
        Self {
            archived_at: archive.archived_at,
            archived_by: archive.archived_by.0,
            retention: archive.retention,
            keep_until_date: archive.keep_until,
        }
    }
}
