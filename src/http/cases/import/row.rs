//! A row of a register as the body of a receipt, so that it is checked as the API checks it.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::column::Column;
use super::report::{Code, Found};
use super::sheet::Row;
use crate::domain::applicant_type::ApplicantType;
use crate::domain::channel::Channel;
use crate::domain::deadline::{Moment, ReceiptRule, calendar_day};
use crate::domain::identity::IdKind;
use crate::domain::similarity::folded;
use crate::domain::text_enum::TextEnum;
use crate::domain::unit::Directory;
use crate::http::cases::bodies::{ApplicantBody, ArrivalBody, ExternalRefBody, ReceiveBody};
use crate::http::extract::faults_of;
use crate::service::cases::ApplicationInput;

/// What the rows of one register have in common.
pub(super) struct Reading<'a> {
    /// The source under which the register numbers are kept.
    pub(super) source: &'a str,
    /// The units, for their codes and names.
    pub(super) directory: &'a Directory,
    /// The legal day.
    pub(super) today: NaiveDate,
}

/// One row being read.
struct Reader<'a> {
    line: u64,
    cells: BTreeMap<Column, String>,
    faults: Vec<Found>,
    reading: &'a Reading<'a>,
}

impl Reading<'_> {
    /// The application of a row.
    ///
    /// # Errors
    /// Every fault of the row.
    pub(super) fn application(&self, row: Row) -> Result<ApplicationInput, Vec<Found>> {
        let Row { line, cells } = row;
        let mut reader = Reader { line, cells, faults: Vec::new(), reading: self };
        let body = reader.body();
        for fault in faults_of(&body, self.today) {
            reader.add(Found::of_member(line, fault));
        }
        if !reader.faults.is_empty() {
            return Err(reader.faults);
        }
        body.into_input(self.today).map_err(|faults| {
            faults.into_iter().map(|fault| Found::of_member(line, fault)).collect()
        })
    }
}

impl Reader<'_> {
    /// Adds a fault, the first of its cell: what follows from it says nothing new.
    fn add(&mut self, found: Found) {
        let known = |other: &Found| found.column.is_some() && other.column == found.column;
        if !self.faults.iter().any(known) {
            self.faults.push(found);
        }
    }

    fn fault(&mut self, column: Column, code: Code) {
        self.add(Found::of_cell(self.line, column, code));
    }

    fn text(&mut self, column: Column) -> Option<String> {
        self.cells.remove(&column)
    }

    /// A cell that must not be empty.
    fn needed(&mut self, column: Column) -> Option<String> {
        let text = self.text(column);
        if text.is_none() {
            self.fault(column, Code::MissingCell);
        }
        text
    }

    /// A number that a sheet may have spoilt.
    fn number(&mut self, column: Column) -> Option<String> {
        let text = self.text(column)?;
        let spoilt = text.split_once(['E', 'e']).is_some_and(|(digits, power)| {
            power.starts_with('+')
                && digits.contains('.')
                && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        });
        if spoilt {
            self.fault(column, Code::ExcelNumber);
        }
        Some(text)
    }

    /// A value of a known set, by code or Chinese label.
    fn value<T: TextEnum>(&mut self, column: Column, text: Option<String>) -> Option<T> {
        let text = text?;
        let wanted = folded(&text);
        let same = |value: &T| value.code() == text || folded(value.zh()) == wanted;
        let found = T::VALUES.iter().copied().find(same);
        if found.is_none() {
            let labels: Vec<&str> = T::VALUES.iter().map(|value| value.zh()).collect();
            let fault = Found::of_cell(self.line, column, Code::UnknownValue);
            self.add(fault.saying(labels.join("、")));
        }
        found
    }

    fn chosen<T: TextEnum>(&mut self, column: Column) -> Option<T> {
        let text = self.text(column);
        self.value(column, text)
    }

    fn answer(&mut self, column: Column) -> Option<bool> {
        let text = self.text(column)?;
        match text.to_lowercase().as_str() {
            "是" | "yes" | "y" | "true" | "1" => Some(true),
            "否" | "no" | "n" | "false" | "0" => Some(false),
            _ => {
                let fault = Found::of_cell(self.line, column, Code::UnknownValue);
                self.add(fault.saying("是、否"));
                None
            }
        }
    }

    fn day(&mut self, column: Column) -> Option<Moment> {
        let text = self.text(column)?;
        match day(&text) {
            Ok(day) => Some(Moment::Date(day)),
            Err((code, hint)) => {
                let fault = Found::of_cell(self.line, column, code);
                self.add(match hint {
                    Some(day) => fault.saying(day.to_string()),
                    None => fault,
                });
                None
            }
        }
    }

    fn unit(&mut self) -> Option<uuid::Uuid> {
        let text = self.text(Column::ReceivingUnit)?;
        let directory = self.reading.directory;
        let by_name = || directory.units().into_iter().find(|unit| unit.name == text);
        let unit = directory.unit_by_code(&text).or_else(by_name);
        if unit.is_none() {
            self.fault(Column::ReceivingUnit, Code::UnknownValue);
        }
        unit.map(|unit| unit.id.0)
    }

    fn body(&mut self) -> ReceiveBody {
        let number = self.needed(Column::RegisterNumber);
        let channel = self.needed(Column::Channel);
        // What cannot be read is a fault already; the rest is checked with something in its place.
        let channel = self.value(Column::Channel, channel).unwrap_or(Channel::InPerson);
        let reference = number.map(|number| ExternalRefBody {
            source: self.reading.source.to_owned(),
            r#ref: number,
        });
        ReceiveBody {
            applicant: self.applicant(),
            subject: self.needed(Column::Subject).unwrap_or_default(),
            description: self.text(Column::Description),
            purpose: self.text(Column::Purpose),
            channel,
            arrival: Some(self.arrival(channel)),
            carrier: self.chosen(Column::Carrier),
            delivery: self.chosen(Column::Delivery),
            accepts_other_form: self.answer(Column::AcceptsOtherForm),
            fee_waiver_requested: self.answer(Column::FeeWaiverRequested),
            receiving_unit_id: self.unit(),
            external_ref: reference,
            register: self.answer(Column::Register),
        }
    }

    fn applicant(&mut self) -> ApplicantBody {
        let kind = self.needed(Column::ApplicantType);
        ApplicantBody {
            r#type: self.value(Column::ApplicantType, kind).unwrap_or(ApplicantType::NaturalPerson),
            name: self.needed(Column::ApplicantName).unwrap_or_default(),
            id_kind: self.chosen::<IdKind>(Column::IdKind),
            id_number: self.number(Column::IdNumber),
            phone: self.number(Column::Phone),
            address: self.text(Column::Address),
            postcode: self.text(Column::Postcode),
            email: self.text(Column::Email),
            contact_name: self.text(Column::ContactName),
        }
    }

    /// The facts of arrival. Which of them the date of arrival is follows from the channel.
    fn arrival(&mut self, channel: Channel) -> ArrivalBody {
        let arrived = self.day(Column::ArrivalDate);
        let mut arrival = ArrivalBody {
            confirmed_at: self.day(Column::ConfirmedDate),
            confirmed_by: self.text(Column::ConfirmedBy),
            confirmation_manner: self.text(Column::ConfirmationManner),
            ..ArrivalBody::default()
        };
        match channel.receipt_rule() {
            ReceiptRule::InPerson => arrival.submitted_at = arrived,
            ReceiptRule::PostSigned => arrival.signed_at = arrived,
            ReceiptRule::PostOrdinary => arrival.arrived_at = arrived,
            ReceiptRule::Online | ReceiptRule::Email | ReceiptRule::Fax => {
                arrival.received_at = arrived;
            }
        }
        arrival
    }
}

/// A day as people write it: `2026-03-02`, `2026/3/2`, `2026.3.2`, `2026年3月2日`, in digits of any
/// width.
///
/// # Errors
/// It is none; a serial number of Excel is told by its day.
fn day(text: &str) -> Result<NaiveDate, (Code, Option<NaiveDate>)> {
    use unicode_normalization::UnicodeNormalization as _;
    let text: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    // Day 0 of Excel is 30 December 1899; five digits are the days of 1927 to 2173.
    if text.len() == 5
        && let Ok(serial) = text.parse::<u64>()
    {
        let epoch = NaiveDate::from_ymd_opt(1899, 12, 30);
        return Err((
            Code::ExcelSerialDate,
            epoch.and_then(|e| e.checked_add_days(Days::new(serial))),
        ));
    }
    let text = text.strip_suffix('日').unwrap_or(&text);
    let parts: Vec<&str> = text.split(['-', '/', '.', '年', '月']).collect();
    let day = match parts.as_slice() {
        [year, month, day] => calendar_day(&format!("{year}-{month:0>2}-{day:0>2}")),
        _ => None,
    };
    day.ok_or((Code::InvalidDate, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        let second = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        for text in [
            "2026-03-02",
            "2026/3/2",
            "2026.03.2",
            "2026年3月2日",
            "２０２６－３－２",
            " 2026 年 3 月 2 日",
        ] {
            assert_eq!(day(text), Ok(second), "{text}");
        }
        assert_eq!(day("46083"), Err((Code::ExcelSerialDate, Some(second))));
        for text in [
            "",
            "2026-02-30",
            "26-3-2",
            "2026-3",
            "3/2/2026",
            "昨天",
            "2026-3-2 10:00",
            "20260302",
            "-2026-3-2",
        ] {
            assert_eq!(day(text), Err((Code::InvalidDate, None)), "{text}");
        }
    }
}
