//! The columns of a register, by code or by Chinese heading.

use crate::domain::similarity::folded;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// The columns of a register that is taken in.
    pub enum Column in "register_column" {
        RegisterNumber = "register_number" : "登记号" / "the number in the paper register, unique in it: include the year",
        Channel = "channel" : "受理方式" / "the channel, as code or Chinese label",
        ApplicantType = "applicant_type" : "申请人类型" / "the kind of applicant, as code or Chinese label",
        ApplicantName = "applicant_name" : "申请人" / "the name of the person or organisation",
        IdKind = "id_kind" : "证件种类" / "the kind of identity document, as code or Chinese label",
        IdNumber = "id_number" : "证件号码" / "its number",
        Phone = "phone" : "联系电话" / "telephone",
        Address = "address" : "通信地址" / "postal address",
        Postcode = "postcode" : "邮政编码" / "postcode",
        Email = "email" : "电子邮箱" / "e-mail",
        ContactName = "contact_name" : "联系人" / "the person to speak to, for an organisation",
        Subject = "subject" : "所需信息" / "what is asked for, in one line",
        Description = "description" : "详细描述" / "the same in full",
        Purpose = "purpose" : "用途" / "what for (2007 text)",
        ArrivalDate = "arrival_date" : "到达日期" / "the day on which it was handed in, signed for, or arrived; which of them follows from the channel",
        ConfirmedDate = "confirmed_date" : "确认日期" / "the day on which it was confirmed with the applicant, where the channel needs it",
        ConfirmedBy = "confirmed_by" : "确认人" / "by whom",
        ConfirmationManner = "confirmation_manner" : "确认方式" / "how",
        Carrier = "carrier" : "提供方式" / "on what the information is wanted, as code or Chinese label",
        Delivery = "delivery" : "获取方式" / "how it is to be obtained, as code or Chinese label",
        AcceptsOtherForm = "accepts_other_form" : "接受其他方式" / "yes or no (是, 否)",
        FeeWaiverRequested = "fee_waiver_requested" : "申请减免费用" / "yes or no (是, 否)",
        ReceivingUnit = "receiving_unit" : "受理单位" / "the unit that received it, by code or name; the caller's own when empty",
        Register = "register" : "立即登记" / "register it at once? yes or no (是, 否)",
    }
}

impl Column {
    /// The headings that every register has.
    pub(super) const REQUIRED: [Self; 5] = [
        Self::RegisterNumber,
        Self::Channel,
        Self::ApplicantType,
        Self::ApplicantName,
        Self::Subject,
    ];

    /// The column of a heading, by code or Chinese name; width, case and marks do not matter.
    pub(super) fn of_heading(heading: &str) -> Option<Self> {
        let heading = folded(heading);
        let same = |name: &str| folded(name) == heading;
        Self::ALL.iter().copied().find(|column| same(column.as_str()) || same(column.label_zh()))
    }

    /// The column in which a member of the API's body stands, by its JSON pointer.
    pub(super) fn of_pointer(pointer: &str) -> Option<Self> {
        let pointer = pointer.strip_prefix("#/").or_else(|| pointer.strip_prefix('/'))?;
        Some(match pointer {
            "applicant/type" => Self::ApplicantType,
            "applicant/name" => Self::ApplicantName,
            // At least one way to reach him is missing.
            "applicant" => Self::Phone,
            "arrival/confirmed_at" => Self::ConfirmedDate,
            "arrival/confirmed_by" => Self::ConfirmedBy,
            "arrival/confirmation_manner" => Self::ConfirmationManner,
            "receiving_unit_id" => Self::ReceivingUnit,
            _ if pointer.starts_with("external_ref") => Self::RegisterNumber,
            _ if pointer.starts_with("arrival") => Self::ArrivalDate,
            _ => {
                let name = pointer.strip_prefix("applicant/").unwrap_or(pointer);
                return Self::parse(name).ok();
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_found_by_code_and_by_name() {
        for column in Column::ALL {
            assert_eq!(Column::of_heading(column.as_str()), Some(*column));
            assert_eq!(Column::of_heading(column.label_zh()), Some(*column));
        }
        assert_eq!(Column::of_heading(" 证件号码* "), Some(Column::IdNumber));
        assert_eq!(Column::of_heading("ＩＤ＿ＮＵＭＢＥＲ"), Some(Column::IdNumber));
        assert_eq!(Column::of_heading("身高"), None);
        assert_eq!(Column::of_heading(""), None);
    }

    #[test]
    fn members_are_found_in_their_columns() {
        for (pointer, column) in [
            ("#/applicant/id_number", Some(Column::IdNumber)),
            ("#/subject", Some(Column::Subject)),
            ("/arrival/submitted_at", Some(Column::ArrivalDate)),
            ("/arrival/confirmed_at", Some(Column::ConfirmedDate)),
            ("/external_ref", Some(Column::RegisterNumber)),
            ("#/external_ref/ref", Some(Column::RegisterNumber)),
            ("#/applicant", Some(Column::Phone)),
            ("#", None),
        ] {
            assert_eq!(Column::of_pointer(pointer), column, "{pointer}");
        }
    }
}
