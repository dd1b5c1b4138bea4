//! Samples of everything but cases.

use serde_json::json;

use super::{Call, Sample, Stranger, sample};
use crate::support::client::Api;
use crate::support::world::{PASSWORD, Place, Who};

const NO_ID: Stranger = Stranger::Nobody("there is no variable in its path");

/// A case that was answered and served at once, in March 2025.
async fn answered(api: &Api) {
    let case = api.assigned(Place::CenterA).await;
    let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
    let draft = json!({ "decision": "disclose", "provided": "收费标准一份" });
    let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
    let case = api.reviewed(&case).await;
    let served = json!({ "service": { "manner": "handed_over", "signed_at": api.world.today() } });
    api.done(Who::SecondOfficerA, &case, "answer", &served).await;
}

#[rustfmt::skip]
pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample!("getLiveness", None, NO_ID, |_api| Call::plain()),
        sample!("getReadiness", None, NO_ID, |_api| Call::plain()),
        sample!("getMetrics", Some(Who::Auditor), NO_ID, |_api| Call::plain()),
        sample!("getContractJson", None, NO_ID, |_api| Call::plain()),
        sample!("getContractYaml", None, NO_ID, |_api| Call::plain()),
        sample!("getKeys", None, NO_ID, |_api| Call::plain()),
        sample!("getDictionaries", None, NO_ID, |_api| Call::plain()),
        sample!("logIn", None, NO_ID, |_api| {
            Call::with(json!({ "username": Who::Clerk.username(), "password": PASSWORD }))
        }),
        sample!("getMe", Some(Who::OfficerA), NO_ID, |_api| Call::plain()),
        sample!("listUnits", Some(Who::Clerk), NO_ID, |_api| Call::plain()),
        sample!("listUsers", Some(Who::OfficerA), NO_ID, |_api| Call::plain()),
        sample!("getReplyRate", Some(Who::Supervisor), NO_ID, |api| {
            answered(api).await;
            Call::plain().query("from", "2025-01-01").query("to", "2025-03-31").query("group_by", "unit")
        }),
        sample!("getOverview", Some(Who::Supervisor), NO_ID, |api| {
            api.assigned(Place::CenterB).await;
            Call::plain()
        }),
    ]
}
