//! Why the clock has no answer (R18).

use crate::domain::calendar::CalendarError;
use crate::domain::said::Said;

/// A computation that has no result. Every input ends in a result or in one of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The receipt date lies before the first text came into force (2008-05-01).
    #[error("received before the regulation came into force")]
    BeforeFirstText,
    /// A rule needs a fact that is not there.
    #[error("the fact '{fact}' is missing")]
    MissingFact {
        /// Name of the field.
        fact: &'static str,
    },
    /// A working day falls in a year without a calendar before the last announced one.
    #[error("no working-day calendar for {year}")]
    CalendarNotConfigured {
        /// The year.
        year: i32,
    },
    /// A date cannot be represented.
    #[error("date out of range")]
    DateOutOfRange,
    /// The days to walk exceed the technical bound of the calendar.
    #[error("the period is too long")]
    PeriodTooLong,
    /// More events than one matter may hold.
    #[error("too many events")]
    TooManyEvents,
    /// The calendar data contradict themselves.
    #[error("the calendar is invalid")]
    CalendarInvalid,
}

impl ClockError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BeforeFirstText => "before_2008",
            Self::MissingFact { .. } => "missing_fact",
            Self::CalendarNotConfigured { .. } => "calendar_not_configured",
            Self::DateOutOfRange => "date_out_of_range",
            Self::PeriodTooLong => "period_too_long",
            Self::TooManyEvents => "too_many_events",
            Self::CalendarInvalid => "calendar_invalid",
        }
    }

    /// The message in both languages.
    #[must_use]
    pub fn said(&self) -> Said {
        Said::new(self.message_zh(), self.to_string())
    }

    /// The message in Chinese ([`ToString`] gives English).
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::BeforeFirstText => "收到日期早于条例施行之日".to_owned(),
            Self::MissingFact { fact } => format!("缺少计算期限所需的事实:{fact}"),
            Self::CalendarNotConfigured { year } => format!("{year}年没有工作日历"),
            Self::DateOutOfRange => "日期超出范围".to_owned(),
            Self::PeriodTooLong => "期间过长".to_owned(),
            Self::TooManyEvents => "事件过多".to_owned(),
            Self::CalendarInvalid => "工作日历数据有误".to_owned(),
        }
    }
}

impl From<CalendarError> for ClockError {
    fn from(error: CalendarError) -> Self {
        match error {
            CalendarError::NotConfigured { year } => Self::CalendarNotConfigured { year },
            CalendarError::OutOfRange => Self::DateOutOfRange,
            CalendarError::TooLong => Self::PeriodTooLong,
            CalendarError::Invalid { .. } => Self::CalendarInvalid,
        }
    }
}
