//! What the applicant asked for, and how the application arrived.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::applicant_type::ApplicantType;
use crate::domain::channel::{Carrier, Channel, Delivery};
use crate::domain::deadline::{Moment, Receipt};
use crate::domain::identity::IdKind;
use crate::domain::sealed::{BlindIndex, Sealed};

/// The applicant (申请人). What identifies or reaches a person is sealed; the name stays readable,
/// for every letter and list needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// The column of annual table three in which he counts.
    #[serde(rename = "type")]
    pub kind: ApplicantType,
    /// His name, or the organisation's.
    pub name: String,
    /// The document that proves who he is (Regulation 2019, art. 29(1): 身份证明).
    pub id_kind: Option<IdKind>,
    /// The number of that document.
    pub id_number: Option<Sealed>,
    /// His telephone number.
    pub phone: Option<Sealed>,
    /// His postal address.
    pub address: Option<Sealed>,
    /// The postcode of that address.
    pub postcode: Option<String>,
    /// His e-mail address.
    pub email: Option<Sealed>,
    /// The person to speak to, when the applicant is an organisation.
    pub contact_name: Option<String>,
}

/// Keyed digests by which cases of one person are found without opening any sealed field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupKeys {
    /// Of the number of the identity document.
    pub id_number: Option<BlindIndex>,
    /// Of the telephone number.
    pub phone: Option<BlindIndex>,
    /// Of the e-mail address.
    pub email: Option<BlindIndex>,
}

/// The content of an application (Regulation 2007, art. 20; 2019, art. 29).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Who asks.
    pub applicant: Applicant,
    /// Digests for exact search.
    pub lookup: LookupKeys,
    /// The name, document number or other characteristic of the information, in one line.
    pub subject: String,
    /// The full description.
    pub description: String,
    /// For what it is needed (2007 text, art. 13; abolished in 2019).
    pub purpose: Option<String>,
    /// On what the information is wanted (提供方式).
    pub carrier: Carrier,
    /// How it is to be obtained (获取方式).
    pub delivery: Delivery,
    /// Would another form do when the wanted one is impossible?
    pub accepts_other_form: bool,
    /// Was a waiver of the cost fees asked for (2007 text, art. 28)?
    pub fee_waiver_requested: bool,
}

/// The facts of arrival from which the date of receipt follows by the rule of the channel
/// (Regulation 2019, art. 31; before that 国办公开办函〔2015〕207号).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Handed in at the counter.
    pub submitted_at: Option<Moment>,
    /// Signed for (registered letter, EMS).
    pub signed_at: Option<Moment>,
    /// Arrived without a signature (ordinary letter).
    pub arrived_at: Option<Moment>,
    /// Taken in by a system (online, e-mail, fax).
    pub received_at: Option<Moment>,
    /// Confirmed with the applicant.
    pub confirmed_at: Option<Moment>,
    /// By whom it was confirmed.
    pub confirmed_by: Option<String>,
    /// How it was confirmed.
    pub confirmation_manner: Option<String>,
}

impl Arrival {
    /// What the system itself knows of something sent in by its own form.
    #[must_use]
    pub fn online(at: DateTime<Utc>) -> Self {
        Self { received_at: Some(Moment::Instant(at)), ..Self::default() }
    }

    /// These facts, completed by the later ones; a later fact replaces an earlier one.
    #[must_use]
    pub fn completed_by(&self, later: &Self) -> Self {
        fn pick<T: Clone>(later: Option<&T>, earlier: Option<&T>) -> Option<T> {
            later.or(earlier).cloned()
        }
        Self {
            submitted_at: pick(later.submitted_at.as_ref(), self.submitted_at.as_ref()),
            signed_at: pick(later.signed_at.as_ref(), self.signed_at.as_ref()),
            arrived_at: pick(later.arrived_at.as_ref(), self.arrived_at.as_ref()),
            received_at: pick(later.received_at.as_ref(), self.received_at.as_ref()),
            confirmed_at: pick(later.confirmed_at.as_ref(), self.confirmed_at.as_ref()),
            confirmed_by: pick(later.confirmed_by.as_ref(), self.confirmed_by.as_ref()),
            confirmation_manner: pick(
                later.confirmation_manner.as_ref(),
                self.confirmation_manner.as_ref(),
            ),
        }
    }

    /// The facts as the clock wants them.
    #[must_use]
    pub fn receipt(&self, channel: Channel) -> Receipt {
        Receipt {
            channel: channel.receipt_rule(),
            submitted_at: self.submitted_at,
            signed_at: self.signed_at,
            arrived_at: self.arrived_at,
            received_at: self.received_at,
            confirmed_at: self.confirmed_at,
        }
    }

    /// The facts that are moments, with their names.
    #[must_use]
    pub fn moments(&self) -> [(&'static str, Option<Moment>); 5] {
        [
            ("submitted_at", self.submitted_at),
            ("signed_at", self.signed_at),
            ("arrived_at", self.arrived_at),
            ("received_at", self.received_at),
            ("confirmed_at", self.confirmed_at),
        ]
    }
}
