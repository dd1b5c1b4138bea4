//! Who applies, as annual table three counts it.

use super::text_enum::text_enum;

text_enum! {
    /// The kind of applicant (申请人类型): the six columns of annual table three
    /// (国办公开办函〔2021〕30号).
    pub enum ApplicantType in "applicant_type" {
        NaturalPerson = "natural_person" : "自然人" / "natural person",
        CommercialEnterprise = "commercial_enterprise" : "商业企业" / "commercial enterprise",
        ResearchInstitution = "research_institution" : "科研机构" / "research institution",
        PublicWelfareOrganization = "public_welfare_organization" : "社会公益组织" / "public welfare organization",
        LegalServiceOrganization = "legal_service_organization" : "法律服务机构" / "legal service organization",
        OtherOrganization = "other_organization" : "其他组织" / "other organization",
    }
}

impl ApplicantType {
    /// Whether this is a natural person (自然人), whose name and address are personal data.
    #[must_use]
    pub const fn is_natural_person(self) -> bool {
        matches!(self, Self::NaturalPerson)
    }

    /// The heading of the column in table three, where the last one is only 其他.
    #[must_use]
    pub const fn column_zh(self) -> &'static str {
        match self {
            Self::OtherOrganization => "其他",
            named => named.label_zh(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_columns_one_of_them_natural_persons() {
        assert_eq!(ApplicantType::ALL.len(), 6);
        assert_eq!(ApplicantType::ALL.iter().filter(|t| t.is_natural_person()).count(), 1);
    }
}
