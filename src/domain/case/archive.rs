//! That a case is closed for good, and how long its papers are kept.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::ids::UserId;
use crate::domain::retention::RetentionClass;

/// The putting away of an ended case (归档; Regulation 2019, art. 45). Nothing is changed after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// When.
    pub archived_at: DateTime<Utc>,
    /// By whom.
    pub archived_by: UserId,
    /// For how long its papers are kept.
    pub retention: RetentionClass,
    /// The last day on which they are kept; none for ever.
    pub keep_until: Option<NaiveDate>,
}
