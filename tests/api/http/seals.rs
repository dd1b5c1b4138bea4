//! The electronic seal of letters: asked for in one command, set afterwards by an outside service.

use std::sync::Arc;

use actix_web::http::Method;
use gongkai::config::seal::SealService;
use gongkai::service::{App, seal};
use serde_json::{Value, json};

use crate::support::client::{Answer, Api};
use crate::support::databases::Fresh as _;
use crate::support::on_both;
use crate::support::seal::{Manners, StandIn};
use crate::support::world::{Place, Who, World};

/// The API of a process whose letters are sealed by this service.
async fn sealing(mut world: World, service: SealService) -> Api {
    world.app = world.sealing_app(service);
    Api::on(world).await
}

/// A case of center A whose answer discloses, and has reached nobody yet.
async fn answered(api: &Api) -> Value {
    let case = api.assigned(Place::CenterA).await;
    let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
    let draft = json!({ "decision": "disclose", "provided": "收费标准一份" });
    let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
    let case = api.reviewed(&case).await;
    api.done(Who::SecondClerk, &case, "answer", &json!({})).await
}

async fn ask(api: &Api, who: Who, case: &Value, letter: usize) -> Answer {
    let path = case["letters"][letter]["links"]["seal"].as_str().unwrap();
    let request = api.request(who, Method::POST, path).await;
    api.send(request.insert_header(("if-match", format!("\"{}\"", case["version"])))).await
}

async fn asked(api: &Api) -> Value {
    let case = answered(api).await;
    let answer = ask(api, Who::Clerk, &case, 0).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn now(api: &Api, case: &Value) -> Value {
    api.get(Who::Clerk, case["links"]["self"].as_str().unwrap()).await.json()
}

async fn work_off(app: &Arc<App>) {
    seal::work_off(&Arc::downgrade(app)).await.unwrap();
}

async fn pdf(api: &Api, who: Who, case: &Value) -> Answer {
    api.get(who, case["letters"][0]["links"]["pdf"].as_str().unwrap()).await
}

fn state(case: &Value) -> (&str, &Value) {
    let seal = &case["letters"][0]["electronic_seal"];
    (seal["state"].as_str().unwrap(), &seal["failure"])
}

on_both! {
    async fn a_letter_is_sealed_after_the_commit_and_kept_as_it_came_back(world: World) {
        let service = StandIn::with(&[Manners::Seal]);
        let api = sealing(world, service.settings(0)).await;
        let case = asked(&api).await;
        assert_eq!(state(&case), ("requested", &Value::Null));
        assert!(service.sent().is_empty(), "nothing is sent before the commit");
        let unsealed = pdf(&api, Who::Clerk, &case).await;
        work_off(&api.world.app).await;
        let sealed = now(&api, &case).await;
        assert_eq!(state(&sealed), ("sealed", &Value::Null));
        assert_eq!(sealed["letters"][0]["content_hash"], case["letters"][0]["content_hash"]);

        // What was sent: the letter, with what it is, and the token.
        let sent = service.sent().remove(0);
        let letter = &case["letters"][0];
        assert!(sent.body == unsealed.bytes.to_vec(), "the letter as everybody gets it");
        for line in [
            format!("idempotency-key: {}", letter["id"].as_str().unwrap()),
            format!("gongkai-content-hash: {}", letter["content_hash"].as_str().unwrap()),
            "gongkai-letter-kind: disclosure".to_owned(),
            "authorization: bearer s3cret".to_owned(),
            "content-type: application/pdf".to_owned(),
            "post /seals http/1.1".to_owned(),
        ] {
            assert!(sent.head.contains(&line), "{line} in {}", sent.head);
        }
        // What came back is what is given out; to who sees names masked, the letter without a seal.
        let file = pdf(&api, Who::Clerk, &case).await;
        assert!(file.bytes.ends_with(b"% sealed\n%%EOF\n"));
        let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &file.bytes);
        let sum = gongkai::domain::hex::encode(sum.as_ref());
        assert_eq!(sealed["letters"][0]["electronic_seal"]["sha256"], json!(sum));
        let masked = pdf(&api, Who::Supervisor, &case).await;
        assert!(masked.status.is_success() && !masked.bytes.ends_with(b"% sealed\n%%EOF\n"));
        let again = ask(&api, Who::Clerk, &sealed, 0).await;
        assert_eq!(again.verdict(), (409, "nothing_to_seal".to_owned()));
        // The ledger tells of both, and everything stored follows from it.
        let sql = "SELECT action AS value FROM events WHERE action LIKE '%_seal' ORDER BY seq";
        assert_eq!(api.world.db.texts(sql), ["request_seal", "settle_seal"]);
        assert_eq!(api.world.differences(), Vec::<String>::new());
        work_off(&api.world.app).await;
        assert_eq!(service.sent().len(), 1, "it is sent once");
    }
}

on_both! {
    async fn a_seal_survives_a_restart(world: World) {
        let service = StandIn::with(&[Manners::Status(503), Manners::Seal]);
        let mut api = sealing(world, service.settings(3)).await;
        let case = asked(&api).await;
        work_off(&api.world.app).await;
        assert_eq!(state(&now(&api, &case).await).0, "requested", "another try is to come");
        // Another process, which knows nothing but what is stored.
        api.world.app = api.world.sealing_app(service.settings(3));
        work_off(&api.world.app).await;
        assert_eq!(state(&now(&api, &case).await).0, "sealed");
        // The file is no object that belongs to nothing.
        let late = crate::support::inputs::instant("2100-01-01T00:00:00Z");
        gongkai::service::files::sweep(&api.world.app, late).await.unwrap();
        let api = Api::on(api.world).await;
        assert!(pdf(&api, Who::Clerk, &case).await.bytes.ends_with(b"% sealed\n%%EOF\n"));
    }
}

on_both! {
    async fn the_task_takes_up_what_is_asked_for(world: World) {
        let service = StandIn::with(&[Manners::Seal]);
        let api = sealing(world, service.settings(0)).await;
        let task = seal::keep_sealing(Arc::downgrade(&api.world.app));
        let asking = async {
            let case = asked(&api).await;
            while state(&now(&api, &case).await).0 != "sealed" {
                tokio::task::yield_now().await;
            }
        };
        let (task, asking) = (std::pin::pin!(task), std::pin::pin!(asking));
        let ended = futures_util::future::select(task, asking).await;
        assert!(matches!(ended, futures_util::future::Either::Right(_)), "the task goes on");
    }
}

on_both! {
    async fn what_goes_wrong_stands_on_the_letter_and_can_be_asked_for_again(world: World) {
        for (manners, tries, failure) in [
            (vec![Manners::Status(422)], 1, "refused"),
            (vec![Manners::Status(307)], 1, "refused"),
            (vec![Manners::Lie], 1, "not_pdf"),
            (vec![Manners::Page], 1, "not_pdf"),
            (vec![Manners::Echo], 1, "unchanged"),
            (vec![Manners::Flood], 1, "too_large"),
            (vec![Manners::Status(503), Manners::Status(202), Manners::BreakOff], 3, "unreachable"),
        ] {
            let service = StandIn::with(&manners);
            let api = sealing(World::fresh(world.db.backend()).await, service.settings(2)).await;
            let case = asked(&api).await;
            for _ in 0..tries {
                assert_eq!(state(&now(&api, &case).await).0, "requested", "{failure}");
                work_off(&api.world.app).await;
            }
            let failed = now(&api, &case).await;
            assert_eq!(state(&failed), ("failed", &json!(failure)), "{manners:?}");
            assert_eq!(service.sent().len(), tries, "{failure}");
            assert!(pdf(&api, Who::Clerk, &case).await.status.is_success(), "the letter is there");
            assert_eq!(api.world.differences(), Vec::<String>::new());
            let again = ask(&api, Who::Clerk, &failed, 0).await;
            assert_eq!(again.status, 200, "{failure}: {}", again.text);
            assert_eq!(state(&again.json()), ("requested", &Value::Null));
        }
    }
}

on_both! {
    async fn a_service_that_hangs_holds_nobody_up(world: World) {
        let service = StandIn::with(&[Manners::Hang]);
        let mut settings = service.settings(0);
        settings.patience = std::time::Duration::from_millis(300);
        let api = sealing(world, settings).await;
        let case = asked(&api).await;
        let app = Arc::downgrade(&api.world.app);
        // While it hangs, others are answered.
        let (ended, other) = futures_util::future::join(seal::work_off(&app), answered(&api)).await;
        ended.unwrap();
        assert_eq!(other["status"], "answered");
        assert_eq!(state(&now(&api, &case).await), ("failed", &json!("unreachable")));
    }
}

on_both! {
    async fn a_seal_is_asked_for_where_there_is_one_to_set(world: World) {
        let closed = |settings: &mut gongkai::config::Settings| settings.seal = None;
        let plain = Api::on(World::with_settings(world.db.backend(), closed).await).await;
        let case = answered(&plain).await;
        let closed = ask(&plain, Who::Clerk, &case, 0).await;
        assert_eq!(closed.verdict(), (409, "seal_service_missing".to_owned()));
        let service = StandIn::with(&[Manners::Seal]);
        let api = sealing(plain.world, service.settings(0)).await;
        // The sheet of reviews bears none.
        assert_eq!(ask(&api, Who::Clerk, &case, 1).await.verdict(), (409, "nothing_to_seal".to_owned()));
        let stale = json!({ "letters": case["letters"], "version": 1 });
        assert_eq!(ask(&api, Who::Clerk, &stale, 0).await.verdict(), (412, "stale_version".to_owned()));
        assert_eq!(ask(&api, Who::OfficerB, &case, 0).await.verdict().0, 404);
        assert_eq!(ask(&api, Who::Legal, &case, 0).await.verdict().0, 403);
        let actions = format!("{}/actions", case["links"]["self"].as_str().unwrap());
        let actions = api.get(Who::Clerk, &actions).await.json();
        let offered = actions["items"].as_array().unwrap().iter();
        let offered = offered.clone().find(|item| item["action"] == "request_seal").unwrap().clone();
        assert_eq!(offered["href"], case["letters"][0]["links"]["seal"]);
        // What was declared void meanwhile is not sealed.
        let case = ask(&api, Who::Clerk, &case, 0).await.json();
        let twice = ask(&api, Who::Clerk, &case, 0).await;
        assert_eq!(twice.verdict(), (409, "nothing_to_seal".to_owned()));
        let void = json!({ "letter_id": case["letters"][0]["id"], "reason": "有误" });
        let case = api.done(Who::SecondClerk, &case, "void-letter", &void).await;
        work_off(&api.world.app).await;
        assert_eq!(state(&now(&api, &case).await), ("failed", &json!("letter_voided")));
        assert!(service.sent().is_empty());
    }
}
