//! Samples of the public door, and of a bureau that is being set up.

use std::rc::Rc;

use gongkai::service::people;
use gongkai::store::DatabaseUrl;
use serde_json::{Value, json};

use super::{Call, Sample, Stranger, sample};
use crate::http::public::application;
use crate::support::client::{Api, Door};
use crate::support::databases::{Backend, Fresh as _};
use crate::support::world::Empty;

const NO_ID: Stranger = Stranger::Nobody("there is no variable in its path");

fn claim(receipt: &Value) -> Value {
    json!({ "receipt_number": receipt["receipt_number"], "query_code": receipt["query_code"] })
}

/// The set-up of a bureau in which nobody is yet.
async fn set_up(api: &Api) -> Call {
    let backend = match api.world.db.url() {
        DatabaseUrl::Sqlite(_) => Backend::Sqlite,
        DatabaseUrl::Postgres(_) => Backend::Postgres,
    };
    let empty = Empty::fresh(backend).await;
    let link = people::issue_set_up_link(&empty.app).await.expect("a store").expect("a link");
    let door = Door::of(&empty.app).await;
    let call = Call::with(json!({
        "link": link.secret,
        "bureau_name": "长春市公安局",
        "username": "wangli",
        "display_name": "王丽",
        "password": "a sentence that only I know"
    }));
    Call { elsewhere: Some(Rc::new((door, empty))), ..call }
}

#[rustfmt::skip]
pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample!("applyOnline", None, NO_ID, |_api| Call::with(application())),
        sample!("getPublicStatus", None, NO_ID, |api| Call::with(claim(&api.applied().await))),
        sample!("takeAnswer", None, NO_ID, |api| Call::with(claim(&api.answered_on("download").await))),
        sample!("readAnswer", None, NO_ID, |api| Call::with(claim(&api.answered_on("download").await))),
        sample!("downloadAnswer", None, NO_ID, |api| Call::with(claim(&api.answered_on("download").await))),
        sample!("downloadAnswerFile", None, NO_ID, |api| {
            let (receipt, file) = api.answered_with("download", 1).await;
            let mut body = claim(&receipt);
            body["file_id"] = file;
            Call::with(body)
        }),
        sample!("supplementOnline", None, NO_ID, |api| {
            let receipt = api.applied().await;
            api.asked(&receipt).await;
            let mut body = claim(&receipt);
            body["content"] = json!("2024年度");
            Call::with(body)
        }),
        sample!("setUp", None, NO_ID, |api| set_up(api).await),
    ]
}
