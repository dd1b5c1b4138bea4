//! The ways by which applications come in and information goes out. Notes on each, for the
//! dictionaries, stand in `data/channels.json`.

use super::deadline::ReceiptRule;
use super::text_enum::text_enum;

text_enum! {
    /// How an application reached the office (受理方式): the twelve ways.
    pub enum Channel in "channel" {
        InPerson = "in_person" : "当面书面" / "in person, in writing",
        Oral = "oral" : "口头代填" / "oral, filled in by the office",
        OrdinaryMail = "ordinary_mail" : "平常信函" / "ordinary letter",
        RegisteredMail = "registered_mail" : "挂号信/EMS" / "registered letter or EMS",
        Fax = "fax" : "传真" / "fax",
        Telegram = "telegram" : "电报" / "telegram",
        Email = "email" : "电子邮件" / "e-mail",
        Online = "online" : "网上申请" / "online form",
        Phone = "phone" : "电话" / "telephone",
        OnlineConsultation = "online_consultation" : "在线咨询/公众留言转入" / "converted from an online consultation or message",
        OnlineComplaint = "online_complaint" : "网上投诉转入" / "converted from an online complaint",
        ServiceWindow = "service_window" : "分中心及基层所队窗口代收" / "received at a center or local window",
    }
}

text_enum! {
    /// In what form information is provided (提供方式), art. 40 of the 2019 text.
    pub enum Carrier in "carrier" {
        Paper = "paper" : "纸面" / "paper",
        Email = "email" : "电子邮件" / "e-mail",
        OpticalDisc = "optical_disc" : "光盘" / "optical disc",
        UsbDrive = "usb_drive" : "磁盘(U盘)" / "USB drive",
        Fax = "fax" : "传真件" / "fax",
        Download = "download" : "网页下载/链接" / "download or link",
        Inspection = "inspection" : "查阅抄录或口头告知" / "inspection, copying by hand or oral notice",
    }
}

text_enum! {
    /// How the applicant gets it (获取方式), art. 29 of the 2019 text.
    pub enum Delivery in "delivery" {
        Post = "post" : "邮寄" / "post",
        ExpressMail = "express_mail" : "快递(EMS)" / "express mail (EMS)",
        Email = "email" : "电子邮件" / "e-mail",
        Fax = "fax" : "传真" / "fax",
        Collect = "collect" : "自行领取" / "collection in person",
        OnSiteReading = "on_site_reading" : "当场阅读、抄录" / "reading and copying on site",
    }
}

impl Channel {
    /// The receipt rule that fixes the day the application counts as received (art. 31 of the
    /// 2019 text; 国办公开办函〔2015〕207号 before): `in_person`, `post_signed`, `post_ordinary`,
    /// `online`, `email` or `fax`.
    ///
    /// Ours, not the law's: a telegram is delivered against a signature; a telephone call counts
    /// from the day both sides confirmed the application made of it, which is the rule of `fax`.
    #[must_use]
    pub const fn receipt_rule(self) -> ReceiptRule {
        match self {
            Self::InPerson | Self::Oral | Self::ServiceWindow => ReceiptRule::InPerson,
            Self::RegisteredMail | Self::Telegram => ReceiptRule::PostSigned,
            Self::OrdinaryMail => ReceiptRule::PostOrdinary,
            Self::Online | Self::OnlineConsultation | Self::OnlineComplaint => ReceiptRule::Online,
            Self::Email => ReceiptRule::Email,
            Self::Fax | Self::Phone => ReceiptRule::Fax,
        }
    }

    /// Whether what comes in this way is no application by itself and must be converted into one
    /// with the applicant's confirmation.
    #[must_use]
    pub const fn needs_conversion(self) -> bool {
        matches!(self, Self::Phone | Self::OnlineConsultation | Self::OnlineComplaint)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::applicant_type::ApplicantType;
    use crate::domain::text_enum::TextEnum;

    fn data() -> Value {
        serde_json::from_str(include_str!("../../data/channels.json")).unwrap()
    }

    fn assert_same<T: TextEnum>(rows: &Value) {
        let listed: Vec<_> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|r| ["code", "zh", "en"].map(|key| r[key].as_str().unwrap()))
            .collect();
        let coded: Vec<_> = T::VALUES.iter().map(|v| [v.code(), v.zh(), v.en()]).collect();
        assert_eq!(listed, coded);
    }

    #[test]
    fn data_and_code_agree() {
        let data = data();
        assert_same::<Channel>(&data["channels"]);
        assert_same::<Carrier>(&data["carriers"]);
        assert_same::<Delivery>(&data["deliveries"]);
        assert_same::<ApplicantType>(&data["applicant_types"]);
        for (channel, row) in Channel::ALL.iter().zip(data["channels"].as_array().unwrap()) {
            assert_eq!(row["receipt_rule"], channel.receipt_rule().as_str());
        }
        for (kind, row) in
            ApplicantType::ALL.iter().zip(data["applicant_types"].as_array().unwrap())
        {
            assert_eq!(row["column_zh"], kind.column_zh());
        }
    }

    #[test]
    fn the_sets_have_their_sizes() {
        assert_eq!((Channel::ALL.len(), Carrier::ALL.len(), Delivery::ALL.len()), (12, 7, 6));
    }
}
