//! What becomes of a file: provided, taken down, repeated, counted, swept, lost.

use actix_web::http::Method;
use chrono::TimeDelta;
use gongkai::clock::{Clock as _, SystemClock};
use gongkai::domain::attachment::FileLimits;
use gongkai::service::files::{Lost, Swept, lost, sweep};
use serde_json::json;

use super::{PDF, all_files, attached, body, content_of, path_of, request, upload};
use crate::support::client::Api;
use crate::support::databases::Backend;
use crate::support::on_both;
use crate::support::world::{Place, Who, World};

on_both! {
    async fn what_left_with_an_answer_cannot_be_taken_down(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let given = attached(&api, &mut case, "draft", "标准.pdf", PDF).await;
        let spare = attached(&api, &mut case, "draft", "附表.pdf", PDF).await;
        let letter = attached(&api, &mut case, "application", "申请书.pdf", PDF).await;
        let draft = |files: serde_json::Value| {
            json!({ "decision": "disclose", "provided": "标准一份", "file_ids": files })
        };
        let nobody = "01900000-0000-7000-8000-000000000000";
        for (files, code) in [
            (json!([letter["id"]]), "file_not_for_answer"),
            (json!([given["id"], nobody]), "file_unknown"),
            (json!([given["id"], given["id"]]), "file_unknown"),
        ] {
            let answer = api.act(Who::OfficerA, &case, "draft-answer", &draft(files)).await;
            assert_eq!(answer.verdict(), (422, code.to_owned()));
            let last = answer.json()["errors"][0]["pointer"].as_str().expect("a place").to_owned();
            assert!(last.starts_with("#/file_ids/"), "{last}");
        }
        case = api.done(Who::OfficerA, &case, "draft-answer", &draft(json!([given["id"], spare["id"]]))).await;
        assert_eq!(case["draft"]["files"][0]["name"], "标准.pdf");
        assert_eq!(case["draft"]["files"][0]["sha256"], given["sha256"]);
        let down = |file: &serde_json::Value| json!({ "attachment_id": file["id"], "reason": "误传" });
        let frozen = (409, "file_frozen".to_owned());
        assert_eq!(api.act(Who::OfficerA, &case, "detach", &down(&spare)).await.verdict(), frozen);
        // Another draft lets it go.
        case = api.done(Who::OfficerA, &case, "draft-answer", &draft(json!([given["id"]]))).await;
        case = api.done(Who::OfficerA, &case, "detach", &down(&spare)).await;
        let again = api.act(Who::OfficerA, &case, "detach", &down(&spare)).await;
        assert_eq!(again.verdict(), (409, "file_detached".to_owned()));
        let dead = api.act(Who::OfficerA, &case, "draft-answer", &draft(json!([spare["id"]]))).await;
        assert_eq!(dead.verdict(), (409, "file_detached".to_owned()));

        case = api.reviewed(&case).await;
        case = api.done(Who::SecondOfficerA, &case, "answer", &json!({})).await;
        assert_eq!(case["answer"]["draft"]["files"][0]["id"], given["id"]);
        assert_eq!(api.act(Who::OfficerA, &case, "detach", &down(&given)).await.verdict(), frozen);
        let late = upload(&api, &case, "draft", "b.pdf", PDF).await;
        assert_eq!(late.verdict(), (409, "file_purpose_forbidden".to_owned()));
        let proof = attached(&api, &mut case, "service_proof", "回证.pdf", PDF).await;
        case = api.done(Who::OfficerA, &case, "detach", &down(&proof)).await;
        assert_eq!(api.get(Who::OfficerA, content_of(&given)).await.bytes, PDF);
        // The refused upload has left nothing; what was taken down is kept.
        assert_eq!(all_files(&api.world.files()), 4);
        let _ = case;
    }
}

on_both! {
    async fn what_was_taken_down_is_given_to_nobody(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        let file = attached(&api, &mut case, "other", "a.pdf", PDF).await;
        let down = json!({ "attachment_id": file["id"], "reason": "他人材料" });
        case = api.done(Who::OfficerA, &case, "detach", &down).await;
        let gone = api.get(Who::OfficerA, content_of(&file)).await;
        assert_eq!(gone.verdict(), (409, "file_detached".to_owned()));
        let own = api.get(Who::OfficerA, file["links"]["self"].as_str().expect("an address")).await;
        assert_eq!(own.json()["detached"]["reason"], "他人材料");
        let actions = api.get(Who::OfficerA, &format!("{}/actions", path_of(&case))).await.json();
        let of = |name: &str| {
            let items = actions["items"].as_array().expect("actions");
            items.iter().find(|item| item["action"] == name).expect("an action").clone()
        };
        assert_eq!(of("detach")["reasons"][0]["code"], "no_attachment");
        let attach = of("attach");
        assert_eq!(attach["href"], format!("{}/attachments", path_of(&case)));
        assert_eq!(attach["body"]["media_type"], "multipart/form-data");
        case = api.done(Who::OfficerA, &case, "withdraw", &json!({ "reason": "撤回" })).await;
        let late = upload(&api, &case, "other", "a.pdf", PDF).await;
        assert_eq!(late.verdict(), (409, "status_forbids".to_owned()));
    }
}

on_both! {
    async fn a_repeated_upload_is_answered_as_the_first(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let send = async |content: &[u8], seen: &serde_json::Value| {
            let body = body(&[("purpose", "draft")], "a.pdf", content);
            let request = request(&api, Who::OfficerA, seen, body).await;
            api.send(request.insert_header(("idempotency-key", "upload-1"))).await
        };
        let first = send(PDF, &case).await;
        assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, None));
        let second = send(PDF, &case).await;
        assert_eq!((second.status.as_u16(), second.header("idempotency-replayed")), (201, Some("true")));
        assert_eq!(second.json(), first.json());
        let other = send(b"%PDF-1.4\nendobj\n%%EOF", &case).await;
        assert_eq!(other.verdict(), (422, "idempotency_key_reused".to_owned()));
        assert_eq!(all_files(&api.world.files()), 1);
        // Without a key the version is looked at before the body is read.
        let stale = upload(&api, &case, "draft", "a.exe", PDF).await;
        assert_eq!(stale.verdict(), (412, "stale_version".to_owned()));
        let path = format!("{}/attachments", path_of(&case));
        let blind = api.request(Who::OfficerA, Method::POST, &path).await;
        assert_eq!(api.send(blind).await.verdict(), (428, "precondition_required".to_owned()));
    }
}

on_both!(quota);
async fn quota(backend: Backend) {
    let small = |settings: &mut gongkai::config::Settings| {
        settings.files.limits = FileLimits { file: 100, case: 190, count: 4, daily: 300 };
    };
    let api = Api::on(World::with_settings(backend, small).await).await;
    let sized = |size: usize| [b"%PDF-".as_slice(), &vec![b'x'; size - 10], b"%%EOF"].concat();
    let mut case = api.assigned(Place::CenterA).await;
    let large = upload(&api, &case, "other", "a.pdf", &sized(101)).await;
    assert_eq!(large.verdict(), (413, "file_too_large".to_owned()));
    attached(&api, &mut case, "other", "a.pdf", &sized(100)).await;
    attached(&api, &mut case, "other", "b.pdf", &sized(90)).await;
    let spent = (429, "file_quota_reached".to_owned());
    assert_eq!(upload(&api, &case, "other", "c.pdf", &sized(20)).await.verdict(), spent);
    // The day's bytes of the user, over all cases.
    let mut second = api.assigned(Place::CenterA).await;
    for name in ["a.pdf", "b.pdf", "c.pdf", "d.pdf"] {
        attached(&api, &mut second, "other", name, &sized(20)).await;
    }
    assert_eq!(upload(&api, &second, "other", "e.pdf", &sized(20)).await.verdict(), spent, "files");
    let mut third = api.assigned(Place::CenterA).await;
    let day = upload(&api, &third, "other", "a.pdf", &sized(31)).await;
    assert_eq!(day.verdict(), spent, "190 + 80 + 31 in one day");
    attached(&api, &mut third, "other", "a.pdf", &sized(30)).await;
    let mut body = body(&[("purpose", "other")], "a.pdf", &sized(20));
    let other = request(&api, Who::SecondOfficerA, &third, std::mem::take(&mut body)).await;
    assert_eq!(api.send(other).await.status, 201, "another user has his own");
    assert_eq!(all_files(&api.world.files()), 8);
}

on_both! {
    async fn the_sweep_takes_what_belongs_to_nothing(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        let file = attached(&api, &mut case, "draft", "a.pdf", PDF).await;
        let folder = api.world.files();
        let orphan = "ab".repeat(16);
        std::fs::create_dir_all(folder.join("ab")).expect("a folder");
        std::fs::write(folder.join("ab").join(&orphan), b"x").expect("an orphan");
        std::fs::write(folder.join("ab").join(format!("{orphan}#1")), b"x").expect("half an object");
        std::fs::write(folder.join("spool").join("00"), b"x").expect("half an upload");
        // Nothing of ours, left alone.
        std::fs::write(folder.join("README"), b"x").expect("a file");
        // The times of files are those of the machine.
        let now = SystemClock.now();
        let young = sweep(&api.world.app, now - TimeDelta::hours(1)).await.expect("a sweep");
        assert_eq!((young, all_files(&folder)), (Swept::default(), 5), "an upload may be under way");
        let swept = sweep(&api.world.app, now + TimeDelta::hours(1)).await.expect("a sweep");
        assert_eq!(swept, Swept { objects: 1, unfinished: 2 });
        assert_eq!(all_files(&folder), 2);
        assert_eq!(api.get(Who::OfficerA, content_of(&file)).await.bytes, PDF);
    }
}

on_both! {
    async fn lost_bytes_are_found_and_not_made_up(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        let whole = attached(&api, &mut case, "draft", "a.pdf", PDF).await;
        let short = attached(&api, &mut case, "draft", "b.pdf", PDF).await;
        let gone = attached(&api, &mut case, "draft", "c.pdf", PDF).await;
        let find = async || {
            let mut found: Vec<Lost> = Vec::new();
            let all = lost(&api.world.app, |one| found.push(one)).await.expect("a look");
            (all, found)
        };
        assert_eq!(find().await.1.len(), 0);
        let record = &api.world.db.texts("SELECT object_key AS value FROM attachments ORDER BY id LIMIT 1 OFFSET 1")[0];
        std::fs::write(api.world.files().join(record), b"%PDF").expect("a file");
        let record = &api.world.db.texts("SELECT object_key AS value FROM attachments ORDER BY id LIMIT 1 OFFSET 2")[0];
        std::fs::remove_file(api.world.files().join(record)).expect("a file");
        let (all, found) = find().await;
        let said: Vec<_> = found.iter().map(|one| (json!(one.id), one.found)).collect();
        assert_eq!((all, said), (3, vec![(short["id"].clone(), Some(4)), (gone["id"].clone(), None)]));
        let unavailable = (503, "files_unavailable".to_owned());
        assert_eq!(api.get(Who::OfficerA, content_of(&short)).await.verdict(), unavailable);
        assert_eq!(api.get(Who::OfficerA, content_of(&gone)).await.verdict(), unavailable);
        assert_eq!(api.get(Who::OfficerA, content_of(&whole)).await.bytes, PDF);
    }
}

on_both!(without_a_place_no_file_is_taken);
async fn without_a_place_no_file_is_taken(backend: Backend) {
    let none = |settings: &mut gongkai::config::Settings| settings.files.place = None;
    let api = Api::on(World::with_settings(backend, none).await).await;
    let case = api.assigned(Place::CenterA).await;
    let answer = upload(&api, &case, "draft", "a.pdf", PDF).await;
    assert_eq!(answer.verdict(), (503, "files_unavailable".to_owned()));
}

on_both! {
    async fn the_ledger_says_what_the_table_holds(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        attached(&api, &mut case, "draft", "a.pdf", PDF).await;
        api.world.assert_whole();
        api.world.db.execute("UPDATE attachments SET size = size + 1");
        assert!(api.world.differences().iter().any(|one| one.contains("the table of its files")));
        api.world.db.execute("UPDATE attachments SET size = size - 1");
        assert_eq!(api.world.differences(), Vec::<String>::new());
    }
}
